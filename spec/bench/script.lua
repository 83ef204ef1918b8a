--- What a call of a team's stage, rule or agent costs in a process of its own: mighost's own files,
--- run as a team's.

local jail = require "planning.jail"
local program = require "spec.support.program"
local stages = require "spec.support.stage"
local sys = require "host.sys"

local LIMIT <const> = 0.005 -- seconds
local ROUNDS <const> = 15
local COUNT <const> = 20
local LINES <const> = 200

local function read(path)
  local file <close> = assert(io.open(program.root .. "/" .. path, "rb"))
  return { path = "/team/" .. path, layer = "project", text = file:read("a") }
end

--- The median seconds of one call.
local function time(fn)
  local times = {}
  for round = 1, ROUNDS do
    local before = sys.monotonic()
    for _ = 1, COUNT do
      fn()
    end
    times[round] = (sys.monotonic() - before) / COUNT
  end
  table.sort(times)
  return times[ROUNDS // 2 + 1]
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
  local rows = {}
  for index, call in ipairs(calls) do
    rows[index] = { what = call[1], seconds = time(call[2]), against = "what it may", other = LIMIT,
      limit = 1 }
  end
  return rows
end
