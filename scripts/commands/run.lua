--- Plans, carries out phases and refactors, one action after the other, each one commit.

local cli = require "cli"
local loop = require "cli.loop"
local loop_progress = require "cli.loop_progress"
local agent = require "cli.agent"
local mighost = require "mighost"

local TIMEOUT <const> = 1800
local EXAMPLES <const> = {
  "mighost run --targets work.jsonl --validation-command 'make test' \\\n"
    .. "      --with claude --model M",
  "mighost run --extensions .c,.h --max-refactors 10 \\\n"
    .. "      --validation-command 'make test'",
  "mighost run --focus-on-live-migrations --validation-command 'make test'",
}

local parser = cli.parser {
  name = "run",
  summary = "Repeats actions: the planning step that is due, else the phase that is due, else the "
    .. "next source target, which is refactored or gets a plan.  The validation command must pass "
    .. "before the first action and after each.  Commits go to the current branch.",
  example = EXAMPLES,
}
parser:flag("--focus-on-live-migrations", "Only planning steps and phases, until none is due.")
parser:option("--max-refactors", "End after N actions; 0: no limit.  Needed unless --targets or "
  .. "--focus-on-live-migrations is given."):argname("N"):convert(agent.count)
parser:option("--max-consecutive-failures", "End after N failures in a row (default: 3).")
  :argname("N"):convert(agent.whole_number)
parser:option("--sleep", "Seconds between two actions (default: 0).")
  :argname("S"):convert(agent.count)
loop.add(parser, TIMEOUT)

local project, code, opts = cli.enter(parser, { ... }, mighost.open)
if not project then
  return code
end
local shown <close> = loop_progress.new(opts)
return loop_progress.run(shown, project, loop.request(opts, "run"), mighost.loop)
