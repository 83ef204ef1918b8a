--- Plans a migration with an agent, step by step; each accepted step is published as one commit.

local cli = require "cli"
local json = require "lib.json"
local layout = require "lib.layout"
local mighost = require "mighost"
local quote = require "lib.quote"
local term = require "host.term"
local text = require "lib.text"

local STDERR <const> = 2
local STEP_WIDTH <const> = 14
local OUTCOME_WIDTH <const> = 19
local SHORT_ID <const> = 7
local LOGS <const> = { "stdout.log", "stderr.log" }

local EXAMPLES <const> = {
  "mighost plan --target 'Split the parser from the printer' --with command \\\n"
    .. "      --agent-command './agent.sh' --to-end",
  "mighost plan split-the-parser --steps 2",
  "mighost plan.lua --target 'Try it out' --with replay --to-end",
}

-- Options to be given again by whoever goes on where a command stopped, in the order of --help.
local AGAIN <const> = {
  { "with", "--with" }, { "model", "--model" }, { "effort", "--effort" },
  { "agent_command", "--agent-command" }, { "recording", "--recording" }, { "strict", "--strict" },
  { "record", "--record" }, { "timeout", "--timeout" }, { "silence_timeout", "--silence-timeout" },
  { "to_end", "--to-end" }, { "repo_root", "--repo-root" },
}

local function whole_number(word)
  local number = math.tointeger(tonumber(word))
  if not number or number < 1 then
    return nil, ("'%s' is not a whole number above 0"):format(word)
  end
  return number
end

local function add_what(parser)
  parser:argument("slug", "A migration to go on with, or the name of a new one."):args("?")
  parser:option("--target", "What a new migration is about; its slug is made from it.")
    :argname("TEXT")
  parser:mutex(
    parser:option("--steps", "How many steps to take (default: 1).")
      :argname("N"):convert(whole_number),
    parser:flag("--to-end", "Go on until planning is over.")
  )
  parser:option("--pipeline", "The pipeline of a new migration."):argname("NAME")
  parser:flag("-n --dry-run", "Check everything and say what would happen; ask no agent.")
end

local function add_agent(parser)
  parser:option("--with", "The agent to ask: command or replay (then MIGHOST_WITH counts, then the "
    .. "configuration)."):argname("NAME")
  parser:option("--model", "The agent's model."):argname("M")
  parser:option("--effort", "How hard the agent should think (default: medium).")
    :choices({ "low", "medium", "high", "xhigh" })
  parser:option("--agent-command", "The program that --with command runs in the repository's root: "
    .. "prompt on its standard input, answer on its standard output."):argname("'PROGRAM ARGS'")
  parser:option("--timeout", "Seconds for a whole answer (default: 1800).")
    :argname("S"):convert(whole_number)
  parser:option("--silence-timeout", "Seconds without a sign of life (default: 300).")
    :argname("S"):convert(whole_number)
  parser:flag("--show-agent-logs", "Show what the agent prints as it prints it.")
end

local function add_recording(parser)
  parser:option("--record", "Keep every call of the agent below DIR."):argname("DIR")
  parser:option("--recording", "What --with replay answers from (default: the plan that came "
    .. "with mighost)."):argname("DIR")
  parser:flag("--strict", "With --with replay: a prompt that differs from the recorded one is an "
    .. "error.")
end

local parser = cli.parser {
  name = "plan",
  summary = "Takes one planning step of a migration, or several.  Without SLUG and --target, of the "
    .. "oldest one that may go on and that nobody else works on.",
  example = EXAMPLES,
  json = true,
}
add_what(parser)
add_agent(parser)
add_recording(parser)

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end
local is_live = not opts.quiet and not opts.json and term.is_tty(STDERR)

--- The command that goes on with this migration, with the options of this one.
local function list_again()
  local words = {}
  for _, entry in ipairs(AGAIN) do
    local value = opts[entry[1]]
    if value then
      words[#words + 1] = entry[2]
      words[#words + 1] = value ~= true and tostring(value) or nil
    end
  end
  return words
end

local function say(line)
  term.clear_live(STDERR)
  cli.note(opts, line)
end

local function size_of(bytes)
  return bytes < 1024 and ("%d bytes"):format(bytes) or ("%.1f KiB"):format(bytes / 1024)
end

local mirrored = {} -- path of a log: how much of it was shown

--- Shows the whole lines that a log has gained.
local function mirror(folder)
  for _, name in ipairs(LOGS) do
    local path = folder .. "/" .. name
    local file <close> = io.open(path, "rb")
    if file then
      file:seek("set", mirrored[path] or 0)
      local gained = (file:read("a") or ""):match("^(.*\n)") or ""
      mirrored[path] = (mirrored[path] or 0) + #gained
      for line in gained:gmatch("([^\n]*)\n") do
        say("  " .. text.printable(line))
      end
    end
  end
end

local evidence -- folder of the call under way

local SHOW <const> = {
  started = function(event)
    evidence = event.evidence
    cli.resume_with(event.again)
    say(("%s: %s, asking %s (evidence: %s)"):format(event.slug, event.step, event.agent,
      event.evidence))
  end,
  progress = function(event)
    if opts.show_agent_logs then
      mirror(evidence)
    end
    if is_live then
      term.live(STDERR, ("%s  %d:%02d  %s  %s"):format(event.step, event.elapsed // 60,
        math.floor(event.elapsed % 60), size_of(event.bytes), event.last_line))
    end
  end,
  answered = function()
    if opts.show_agent_logs then
      mirror(evidence)
    end
  end,
  warning = function(event)
    say("warning: " .. event.text)
    if event.detail then
      cli.detail(opts, event.detail)
    end
  end,
  recovered = function(event)
    say(("%s: %s"):format(event.slug, event.text))
  end,
  ["set-aside"] = function(event)
    say(("%s: %s; it is kept in %s"):format(event.slug, event.why, event.path))
  end,
  resumed = function(event)
    say(("%s: %s was answered and accepted before; publishing that answer"):format(event.slug,
      event.step))
  end,
  busy = function(event)
    say(event.text)
  end,
  waiting = function(event)
    cli.detail(opts, ("%s: %s"):format(event.slug, event.text))
  end,
  failed = function(event)
    say(("%s: %s failed; evidence: %s; workspace: %s"):format(event.slug, event.step,
      event.evidence, event.workspace))
    if event.traceback then
      cli.detail(opts, event.traceback)
    end
  end,
}

local accepted = {}

local function show_step(step)
  accepted[#accepted + 1] = step
  local line = ("%s %s %s %6.1f s  %s"):format(layout.pad(step.step, STEP_WIDTH),
    layout.pad(step.outcome, OUTCOME_WIDTH), step.commit:sub(1, SHORT_ID), step.seconds,
    step.summary)
  term.clear_live(STDERR)
  if opts.json then
    return cli.note(opts, line)
  end
  cli.write(line .. "\n")
end

local function plan(project)
  return mighost.plan {
    project = project,
    slug = opts.slug, target = opts.target, steps = opts.steps, to_end = opts.to_end,
    pipeline = opts.pipeline, dry_run = opts.dry_run,
    with = opts.with, model = opts.model, effort = opts.effort,
    agent_command = opts.agent_command,
    timeout = opts.timeout, silence_timeout = opts.silence_timeout,
    record = opts.record, recording = opts.recording, strict = opts.strict,
    again = list_again(),
    on_step = show_step,
    on_event = function(event)
      if SHOW[event.kind] then
        SHOW[event.kind](event)
      end
    end,
  }
end

--- Says where planning stands; gives the exit code.
local function conclude(result)
  local data = {
    slug = result.slug, steps = json.array(accepted), stands = result.stands,
    artifacts = result.artifacts, would = result.would and json.array(result.would),
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
term.clear_live(STDERR)
if not result then
  return cli.fail(opts, why, errno, help, { steps = json.array(accepted) })
end
return conclude(result)
