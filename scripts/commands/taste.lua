--- Prints the path of the taste, which ends every prompt, or has an agent write it with you.

local agent = require "cli.agent"
local cli = require "cli"
local mighost = require "mighost"
local progress = require "cli.progress"

local MODES <const> = { "interview", "refine", "upgrade" }

local parser = cli.parser {
  name = "taste",
  summary = "Prints the path of the taste: your own text that every prompt ends with.  With "
    .. "--interview, --refine or --upgrade an agent at the terminal writes it with you; the old "
    .. "text is kept beside it as .bak.",
  example = { "mighost taste", "mighost taste --interview --with claude --model sonnet" },
  json = true,
}
parser:flag("--global", "Your own taste, even if the project has one.")
parser:mutex(
  parser:flag("--interview", "Write it anew, from your answers."),
  parser:flag("--refine", "Change parts of it."),
  parser:flag("--upgrade", "Bring a taste from an older mighost up to date.")
)
parser:flag("--force", "Let --interview replace a text that a person wrote, and --upgrade rewrite "
  .. "one that is up to date.")
agent.add_choice(parser, "attached to the terminal; MIGHOST_PROMPT names a file with the prompt, "
  .. "MIGHOST_WORK_DIR the folder with taste.md.")

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end
local mode
for _, name in ipairs(MODES) do
  mode = opts[name] and name or mode
end
if opts.force and (not mode or mode == "refine") then
  return cli.fail(opts, "--force goes with --interview or --upgrade", "EUSAGE",
    "mighost taste --help")
end

local shown <close> = progress.new(opts)
local request = progress.attach(shown, agent.request(opts))
request.repo_root, request.global = opts.repo_root, opts.global
request.mode, request.force, request.keeps_stdout = mode, opts.force, opts.json
request.command = "mighost taste" .. (mode and " --" .. mode or "")
local result, message, name, fix = mighost.taste(request)
shown:restore()
if not result then
  return cli.fail(opts, message, name, fix)
end
if result.is_stale then
  cli.note(opts, ("warning: %s was written for version %d of the taste; mighost taste --upgrade "
    .. "brings it up to date"):format(result.path, result.version))
elseif result.message then
  cli.note(opts, result.message)
elseif result.backup then
  cli.note(opts, "the old text is kept in " .. result.backup)
end
if not opts.json then
  cli.write(result.path .. "\n")
end
return cli.answer(opts, 0, result)
