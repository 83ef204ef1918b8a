--- Plans a migration to the end, and asks a person before its plan is reviewed.
---
---   mighost ./plan.lua 'Split the parser from the printer' --slug split-the-parser --with replay
---
--- Without a yes it ends with 3; the same command continues where it stopped.

local agent = require "cli.agent"
local cli = require "cli"
local mighost = require "mighost"

-- Stages that planning may enter only with a person's consent.
local ASK_BEFORE <const> = { ["planning:review"] = true, ["planning:security-review"] = true }
local EXIT_WAITING <const> = 3

local parser = cli.parser {
  name = "./plan.lua",
  summary = "Plans a migration to the end and asks before its plan is reviewed.",
  example = "mighost ./plan.lua 'Split the parser' --slug split-the-parser --with replay",
}
parser:argument("target", "What the migration is about.")
parser:option("--slug", "Its name."):argname("SLUG"):count(1)
parser:option("--pipeline", "The graph of its stages."):argname("NAME")
parser:flag("--yes", "Do not ask.")
agent.add_choice(parser, "in the repository's root, prompt on its standard input.")

local project, code, opts = cli.enter(parser, { ... }, mighost.open)
if not project then
  return code
end

--- Whether a person says yes; with nobody to ask the answer is no.
local function is_approved()
  if opts.yes then
    return true
  end
  io.stderr:write(("Go on with %s? [y/N] "):format(opts.slug))
  local answer = io.read("l")
  return answer == "y" or answer == "yes"
end

--- Where the migration stands; nil before its first step.
local function find_cursor()
  local seen = mighost.show(project, opts.slug)
  return seen and seen.cursor
end

local request = agent.request(opts)
request.project, request.target, request.slug = project, opts.target, opts.slug
request.pipeline = opts.pipeline
local asked = false
while true do
  if ASK_BEFORE[find_cursor()] and not asked then
    asked = true
    if not is_approved() then
      cli.note(opts, opts.slug .. " waits for a yes")
      return EXIT_WAITING
    end
  end
  local result, why, kind, help = mighost.plan(request)
  if not result then
    return cli.fail(opts, why, kind, help)
  end
  for _, step in ipairs(result.steps) do
    cli.write(("%s: %s\n"):format(step.step, step.summary))
  end
  if result.stands ~= "planning" then
    cli.write(("%s: %s\n"):format(result.slug, result.message or result.stands))
    return 0
  end
end
