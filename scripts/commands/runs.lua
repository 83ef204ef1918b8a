--- Lists recent runs with outcome, time and cost; shows one of them; removes old ones.

local agent = require "cli.agent"
local cli = require "cli"
local json = require "lib.json"
local mighost = require "mighost"
local pages = require "cli.page"
local text = require "lib.text"

local COLUMNS <const> = {
  "id", "started", "command", "outcome", "seconds", "calls", "cost_usd", "commits",
}
local NONE <const> = "(none)"
local COLOR_OF <const> = { completed = "green", running = "yellow", commit = "green",
  deferred = "yellow", unchanged = "dim" }
local ACTIONS <const> = { show = true, prune = true }
local ID_COLUMNS <const> = 50

local parser = cli.parser {
  name = "runs",
  summary = "Lists the runs whose evidence is kept, newest first, as tab-separated values.  show "
    .. "tells what happened in one of them; prune removes all but the newest.",
  example = {
    "mighost runs", "mighost runs show 20260521T1410", "mighost runs prune --keep 5",
  },
  json = true,
}
parser:argument("action", "show or prune; without it they are listed."):args("?")
parser:argument("id", "With show: the run, or the beginning of its id (default: the newest).")
  :args("?")
parser:flag("--no-headers", "In the list: leave out the column names.")
parser:option("--keep", "With prune: how many to keep (default: the configuration's keep_runs, or "
  .. "20).")
  :argname("N"):convert(agent.count)

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end

--- Why these words and options do not go together.
local function find_misuse()
  if opts.action and not ACTIONS[opts.action] then
    return ("unknown action '%s': use show or prune"):format(opts.action)
  elseif opts.id and opts.action ~= "show" then
    return opts.action .. " takes no run"
  elseif opts.keep and opts.action ~= "prune" then
    return "--keep goes with prune"
  elseif opts.no_headers and opts.action then
    return "--no-headers goes with the list"
  end
end

local misuse = find_misuse()
if misuse then
  return cli.fail(opts, "runs: " .. misuse, "EUSAGE", "mighost runs --help")
end

local page = pages.new(opts)

local function or_null(value)
  return value == nil and json.null or value
end

local function to_json(run)
  return {
    id = run.id, command = run.command, outcome = run.outcome, message = or_null(run.message),
    started = run.started, finished = or_null(run.finished), seconds = or_null(run.seconds),
    commits = run.commits, calls = run.spent.calls, tokens = run.spent.tokens,
    cost_usd = or_null(run.spent.cost_usd), artifacts = run.path,
  }
end

local function list(runs)
  if opts.json then
    local data = json.array {}
    for i, run in ipairs(runs) do
      data[i] = to_json(run)
    end
    return cli.answer(opts, 0, { runs = data })
  end
  local lines = { not opts.no_headers and COLUMNS or nil }
  for _, run in ipairs(runs) do
    lines[#lines + 1] = {
      run.id, run.started, run.command, run.outcome,
      run.seconds and ("%.0f"):format(run.seconds) or NONE, tostring(run.spent.calls),
      run.spent.cost_usd and ("%.4f"):format(run.spent.cost_usd) or NONE, tostring(run.commits),
    }
  end
  cli.write_rows(lines)
  return 0
end

local function duration(seconds)
  return seconds and ("%d:%02d"):format(seconds // 60, math.floor(seconds % 60)) or "?"
end

local function add_head(run)
  page:add(page:paint(pages.column(run.id, ID_COLUMNS), "bold"), "  ",
    page:paint(text.printable(run.outcome), COLOR_OF[run.outcome] or "red"))
  page:add()
  page:add_field("command", run.command)
  page:add_field("started", ("%s, %s"):format(pages.brief_time(run.started),
    run.seconds and "took " .. duration(run.seconds) or "its end is not known"))
  if run.message then
    page:add_field("why", run.message)
  end
  page:add_field("spent", pages.spending(run.spent))
  page:add_field("commits", tostring(run.commits))
  page:add_field("evidence", run.path)
end

local function add_attempts(run)
  local attempts = run.summary and run.summary.attempts
  if type(attempts) ~= "table" or #attempts == 0 then
    return
  end
  page:add_heading("Actions")
  for _, attempt in ipairs(attempts) do
    local decision = tostring(attempt.decision)
    page:add(("%3d  "):format(math.tointeger(attempt.attempt) or 0),
      pages.column(tostring(attempt.role), 22),
      page:paint(pages.column(decision, 11), COLOR_OF[decision] or "red"),
      pages.column(tostring(attempt.commit or ""):sub(1, 7), 9),
      pages.column(duration(tonumber(attempt.seconds)), 8))
    page:add_text("     ", ("%s: %s"):format(attempt.target or "", attempt.summary or ""), 2, "dim")
  end
end

local function add_calls(run)
  if #run.calls > 0 then
    page:add_heading("Calls")
  end
  for _, call in ipairs(run.calls) do
    page:add("  ", pages.column(call.path, 50), pages.column(call.agent, 10),
      pages.column(duration(call.seconds), 7),
      call.cost_usd and ("$%.2f"):format(call.cost_usd) or text.printable(call.trouble or ""))
  end
end

local function add_snapshots(run)
  if #run.snapshots > 0 then
    page:add_heading("Failures")
  end
  for _, path in ipairs(run.snapshots) do
    page:add("  ", text.printable(path))
  end
end

local function show(run)
  if opts.json then
    local data = to_json(run)
    data.summary, data.snapshots = or_null(run.summary), json.array(run.snapshots)
    data.agent_calls = json.array {}
    for i, call in ipairs(run.calls) do
      data.agent_calls[i] = { path = call.path, agent = call.agent, what = call.what,
        slug = or_null(call.slug), seconds = or_null(call.seconds),
        trouble = or_null(call.trouble), cost_usd = or_null(call.cost_usd) }
    end
    return cli.answer(opts, 0, { run = data })
  end
  for _, add in ipairs { add_head, add_attempts, add_calls, add_snapshots } do
    add(run)
  end
  page:write()
  return 0
end

local function prune(removed)
  for _, id in ipairs(opts.json and {} or removed) do
    cli.write(id .. "\n")
  end
  return cli.answer(opts, 0, { removed = json.array(removed) })
end

--- The run that was asked for: the newest if none is named.
local function find_run(project, runs)
  if not opts.id and not runs[1] then
    return nil, "there is no run of this project", "EUSAGE", "mighost runs"
  end
  return mighost.runs().show(project, opts.id or runs[1].id)
end

local project, message, name, fix = mighost.open(opts)
if not project then
  return cli.fail(opts, message, name, fix)
elseif opts.action == "prune" then
  return prune(mighost.runs().prune(project, opts.keep))
end
local runs, why, errno = mighost.runs().list(project)
if not runs then
  return cli.fail(opts, why, errno)
elseif not opts.action then
  return list(runs)
end
local run, problem, kind, help = find_run(project, runs)
if not run then
  return cli.fail(opts, problem, kind, help)
end
return show(run)
