--- Decides on a plan that waits for a person, with an agent at the terminal.

local agent = require "cli.agent"
local cli = require "cli"
local mighost = require "mighost"
local progress = require "cli.progress"
local quote = require "lib.quote"

local parser = cli.parser {
  name = "migration review",
  summary = "Starts an agent at the terminal, in a copy of a migration that waits for a person.  "
    .. "What you decide and change there is published once it is sound; until then nothing is, and "
    .. "the copy stays.",
  example = "mighost migration review retire-the-old-parser --with command \\\n"
    .. "      --agent-command './reviewer.sh'",
  json = true,
}
parser:argument("slug", "A slug, or the path of a migration.")
agent.add_choice(parser, "in the copy, attached to the terminal; MIGHOST_PROMPT names a file with "
  .. "the prompt, MIGHOST_WORK_DIR the copy.")

local project, code, opts = cli.enter(parser, { ... }, mighost.open)
if not project then
  return code
end
local shown <close> = progress.new(opts)
local request = progress.attach(shown, agent.request(opts))
request.project, request.slug, request.keeps_stdout = project, opts.slug, opts.json
request.command = quote.words { "mighost", "migration", "review", opts.slug }
local result, why, errno, help = mighost.review(request)
return progress.conclude(shown, result, why, errno, help)
