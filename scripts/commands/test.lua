--- Replays a recording's stages offline and prints how each judges its answer.
--- With --mutate it also feeds them damaged answers: each must fail cleanly or pass the rules.

local agent = require "cli.agent"
local cli = require "cli"
local json = require "lib.json"
local layout = require "lib.layout"
local mighost = require "mighost"
local text = require "lib.text"

local STAGE_WIDTH <const> = 16
local OUTCOME_WIDTH <const> = 19
local VARIANTS <const> = 100

local parser = cli.parser {
  name = "test",
  summary = "Replays a recording offline: the stages as they are now judge the answers that were "
    .. "recorded.  Publishes nothing.",
  example = { "mighost test", "mighost test --recording kept --mutate" },
  json = true,
}
parser:option("--recording", "What mighost plan --record kept (default: the plan that comes with "
  .. "mighost)."):argname("DIR")
parser:option("--pipeline", "The pipeline that was recorded."):argname("NAME")
parser:flag("--mutate", "Also feed damaged answers: each must be refused with a reason, or leave a "
  .. "plan that passes the rules.")
parser:option("--variants", ("With --mutate: how many for each stage (default: %d)."):format(
  VARIANTS)):argname("N"):convert(agent.whole_number)

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
elseif opts.variants and not opts.mutate then
  return cli.fail(opts, "--variants goes with --mutate", "EUSAGE", "mighost test --help")
end
local project, message, name, fix = mighost.open(opts)
if not project then
  return cli.fail(opts, message, name, fix)
end

local failed

local function show(rehearsed)
  local call = ("%s-%d"):format(rehearsed.stage, rehearsed.visit)
  local damaged = rehearsed.refused and ("  (of %d damaged: %d refused, %d accepted)"):format(
    rehearsed.refused + rehearsed.accepted, rehearsed.refused, rehearsed.accepted) or ""
  if not opts.json then
    cli.write(("%s %s %s%s\n"):format(layout.fill(call, STAGE_WIDTH),
      layout.fill(rehearsed.outcome or "refused", OUTCOME_WIDTH), text.printable(rehearsed.message),
      damaged))
  end
  if rehearsed.prompt_differs then
    cli.note(opts, ("warning: the prompt of %s is not the recorded one"):format(call))
  end
  for _, problem in ipairs(rehearsed.problems) do
    cli.note(opts, problem)
    failed = failed or ("a damaged answer was neither refused nor harmless: " .. problem)
  end
  failed = failed or not rehearsed.outcome and ("the recorded answer to %s was refused: %s"):format(
    call, rehearsed.message)
end

---What --json shows.
local function describe(results, ends)
  local stages = {}
  for index, rehearsed in ipairs(results) do
    stages[index] = {
      stage = rehearsed.stage, visit = rehearsed.visit, outcome = rehearsed.outcome or json.null,
      message = rehearsed.message, prompt_differs = rehearsed.prompt_differs,
      refused = rehearsed.refused or json.null, accepted = rehearsed.accepted or json.null,
      problems = json.array(rehearsed.problems),
    }
  end
  return { stages = json.array(stages), ends = ends or json.null }
end

local results, why, errno, help = mighost.test {
  project = project, recording = opts.recording, pipeline = opts.pipeline,
  variants = opts.mutate and (opts.variants or VARIANTS) or 0, on_stage = show,
}
if not results then
  return cli.fail(opts, why, errno, help)
elseif failed then
  return cli.fail(opts, failed, "EJUDGE", nil, describe(results, why))
elseif why then
  cli.note(opts, "the recording ends here: " .. why)
end
return cli.answer(opts, 0, describe(results, why))
