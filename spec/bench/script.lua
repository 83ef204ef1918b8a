--- What a call of a team's stage, rule or agent costs in a process of its own (mighost's own files,
--- run as a team's), against the start of lua.

local jail = require "planning.jail"
local program = require "spec.support.program"
local stages = require "spec.support.stage"
local sys = require "host.sys"

local YARDSTICK <const> = "lua5.4 -e ''"
local LIMIT <const> = 4
local ROUNDS <const> = 11
local COUNT <const> = 20
local LINES <const> = 200

local function read(path)
  local file <close> = assert(io.open(program.root .. "/" .. path, "rb"))
  return { path = "/team/" .. path, layer = "project", text = file:read("a") }
end

--- The median seconds of one call of each; every round has them all.
local function time(calls)
  local times = {}
  for round = 1, ROUNDS do
    for index, call in ipairs(calls) do
      local before = sys.monotonic()
      call[2]()
      times[index] = times[index] or {}
      times[index][round] = (sys.monotonic() - before) / COUNT
    end
  end
  for index, values in ipairs(times) do
    table.sort(values)
    times[index] = values[ROUNDS // 2 + 1]
  end
  return times
end

local function repeated(fn)
  return function()
    for _ = 1, COUNT do
      fn()
    end
  end
end

--- One shell starts it again and again.
local function start_lua()
  assert(os.execute(("i=0; while [ $i -lt %d ]; do %s; i=$((i+1)); done"):format(COUNT,
    YARDSTICK)))
end

local function output_of(text)
  return {
    bytes = #text, text = function() return text end, read = function() return text end,
    last_line = function() return "" end, lines = function() return text:gmatch("[^\n]+") end,
  }
end

--- A migration as a rule sees it.
local function view()
  local phases = {}
  for index = 1, 10 do
    phases[index] = { name = "p" .. index, file = ("phase-%d-p%d.md"):format(index, index) }
  end
  return {
    slug = "x", mode = "doctor", staged = false, is_executable = true,
    manifest = { name = "x", phases = phases, status = "ready" },
    read = function() return stages.PHASE end,
    stat = function() return { kind = "file", size = 9, exists = true, escapes = false } end,
    files = function() return {} end, phase_docs = function() return {} end,
  }
end

return function()
  local text = stages.plan()
  text[".planning/long.md"] = ("word "):rep(40000)
  local ctx = stages.context(text)
  local review = read "stages/review.lua"
  local stage = assert(jail.load("stages", review))
  local rule = assert(jail.load("rules", read "scripts/rules/phase-headings.lua"))
  local agent = assert(jail.load("agents", read "scripts/agents/claude.lua"))
  local event = '{"type":"stream_event","event":{"delta":{"text":"' .. ("x"):rep(60) .. '"}}}\n'
  local report = { exit = 0, files = {}, stderr = output_of "", stdout = output_of(event:rep(LINES)
    .. '{"type":"result","is_error":false,"num_turns":3,"result":"done"}\n') }
  local calls = {
    { "a team's stage is loaded", function() assert(jail.load("stages", review)) end },
    { "prompt of a team's stage", function() assert(stage.prompt(ctx)) end },
    { "judge of a team's stage", function()
      assert(stage.judge({ text = "review: clear", files = {} }, ctx) == "clear")
    end },
    { "a team's rule, 10 phases", function() rule.check(view(), error) end },
    { "a team's agent, 200 lines", function() assert(agent.answer(report).text == "done") end },
  }
  local timed = { { YARDSTICK, start_lua } }
  for index, call in ipairs(calls) do
    timed[index + 1] = { call[1], repeated(call[2]) }
  end
  local times = time(timed)
  local rows = {}
  for index, call in ipairs(calls) do
    rows[index] = { what = call[1], seconds = times[index + 1], against = YARDSTICK,
      other = times[1], limit = LIMIT }
  end
  return rows
end
