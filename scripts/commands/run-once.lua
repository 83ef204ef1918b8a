--- Takes one action of the loop: a planning step, a phase, or a source target.

local cli = require "cli"
local loop = require "cli.loop"
local loop_progress = require "cli.loop_progress"
local mighost = require "mighost"

local TIMEOUT <const> = 900
local EXAMPLES <const> = {
  "mighost run-once --paths src/parser.c --validation-command 'make test' \\\n"
    .. "      --with claude --model M",
  "mighost run-once --scope-instruction 'Only comments.' \\\n"
    .. "      --validation-command 'make test'",
}

local parser = cli.parser {
  name = "run-once",
  summary = "Does what is due first: a planning step, else a phase, else one source target, which "
    .. "is refactored or gets a plan.  The validation command must pass before and after.  The "
    .. "commit goes to the current branch.",
  example = EXAMPLES,
}
loop.add(parser, TIMEOUT)

local project, code, opts = cli.enter(parser, { ... }, mighost.open)
if not project then
  return code
end
local shown <close> = loop_progress.new(opts)
return loop_progress.run(shown, project, loop.request(opts, "run-once"), mighost.loop)
