--- Plans a migration with an agent, step by step; each accepted step is one commit.

local agent = require "cli.agent"
local cli = require "cli"
local json = require "lib.json"
local mighost = require "mighost"
local progress = require "cli.progress"
local quote = require "lib.quote"

local EXAMPLES <const> = {
  "mighost plan --target 'Split the parser from the printer' --with command \\\n"
    .. "      --agent-command './agent.sh' --to-end",
  "mighost plan split-the-parser --steps 2",
  "mighost plan.lua --target 'Try it out' --with replay --to-end",
}

local function add_what(parser)
  parser:argument("slug", "A migration to continue, or the name of a new one."):args("?")
  parser:option("--target", "What a new migration is about; its slug is made from it.")
    :argname("TEXT")
  parser:mutex(
    parser:option("--steps", "How many steps to take (default: 1).")
      :argname("N"):convert(agent.whole_number),
    parser:flag("--to-end", "Go on until planning is over.")
  )
  parser:option("--pipeline", "The pipeline of a new migration."):argname("NAME")
  parser:flag("-n --dry-run", "Check everything and say what would happen; ask no agent.")
end

local parser = cli.parser {
  name = "plan",
  summary = "Takes one planning step of a migration, or several.  Without a slug and --target it "
    .. "takes the oldest migration that is due and that no other process works on.",
  example = EXAMPLES,
  json = true,
}
add_what(parser)
agent.add_choice(parser, "in the repository's root, prompt on its standard input, answer on its "
  .. "standard output.")
agent.add_effort(parser)
agent.add_limits(parser)
agent.add_recording(parser)

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end
local shown <close> = progress.new(opts)

--- The part of the given command that says what to plan.
local function what_was_given(project)
  local words = { "mighost", "plan" }
  if opts.slug then -- one that looks like an option is named by its path
    words[3] = opts.slug:sub(1, 1) == "-" and project.live .. "/" .. opts.slug or opts.slug
  end
  for _, name in ipairs { "target", "pipeline", "steps" } do
    if opts[name] then
      table.move({ "--" .. name, tostring(opts[name]) }, 1, 2, #words + 1, words)
    end
  end
  words[#words + 1] = opts.to_end and "--to-end" or nil
  return quote.words(words)
end

local function plan(project)
  local request = progress.attach(shown, agent.request(opts))
  request.project, request.command = project, what_was_given(project)
  request.slug, request.target, request.pipeline = opts.slug, opts.target, opts.pipeline
  request.steps, request.to_end, request.dry_run = opts.steps, opts.to_end, opts.dry_run
  return mighost.plan(request)
end

--- Says where planning stands; returns the exit code.
local function conclude(result)
  local accepted = shown.accepted
  local data = {
    slug = result.slug or json.null, steps = accepted, stands = result.stands,
    artifacts = result.artifacts or json.null,
    would = result.would and json.array(result.would) or json.null,
  }
  for _, line in ipairs(not opts.json and result.would or {}) do
    cli.write("would " .. line .. "\n")
  end
  if result.stands == "awaiting-human" and opts.to_end then
    return cli.fail(opts, ("%s waits for a human: %s"):format(result.slug,
      accepted[#accepted].summary), "EHUMAN", "mighost migration show " .. quote.word(result.slug),
      data)
  elseif result.message then
    cli.note(opts, result.message)
  elseif #accepted > 0 then
    cli.note(opts, result.stands == "planning" and "next: mighost plan " .. quote.word(result.slug)
      or ("%s is %s"):format(result.slug, result.stands))
  end
  return cli.answer(opts, 0, data, result.message)
end

local project, message, name, fix = mighost.open(opts)
if not project then
  return cli.fail(opts, message, name, fix)
end
local result, why, errno, help = plan(project)
shown:finish()
if not result then
  return cli.fail(opts, why, errno, help,
    { steps = shown.accepted, workspace = shown.workspace or json.null })
end
return conclude(result)
