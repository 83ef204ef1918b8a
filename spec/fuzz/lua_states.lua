--- Fuzzes pipelines and the histories that walk them: a graph is sound or refused with a message;
--- in a sound one every walk is a state that is written and read again as the same, and a damaged
--- history is refused with a message or leads to a cursor.

local root = assert(require("host.sys").realpath(debug.getinfo(1, "S").source:sub(2)))
  :match("^(.*)/spec/fuzz/")
package.path = package.path .. ";" .. root .. "/?.lua"

local fuzzer = require "spec.fuzz.fuzzer"
local generate = require "spec.support.generate"
local pipelines = require "planning.pipeline"
local replay = require "planning.replay"
local state = require "planning.state"
local strict = require "lib.strict"

local NAMES <const> = { "a", "b", "c", "d", "e", "f" }
local ENDS <const> = { "end", "out", "a" }
local OUTCOMES <const> = { "completed", "findings", "clear", "approve-auto", "reject" }
local NOW <const> = "2026-03-01T00:15:00.000+00:00"
local LONGEST <const> = 40

--- A graph that may be anything, most of it near to sound.
local function make_graph(random)
  local graph = { name = "g", start = "a", edges = {}, terminals = {}, max_visits = {} }
  local size = random(#NAMES)
  for index = 1, size do
    local outcomes = {}
    for _ = 1, random(3) do
      local next_cursor = index < size and random(5) > 1 and NAMES[index + 1]
        or random(2) == 1 and generate.pick(random, ENDS) or NAMES[random(size)]
      outcomes[generate.pick(random, OUTCOMES)] = next_cursor
    end
    graph.edges[NAMES[index]] = outcomes
    if random(2) == 1 then
      graph.max_visits[NAMES[index]] = random(4) - (random(9) == 1 and 1 or 0)
    end
  end
  graph.terminals["end"] = { status = "ready", awaiting_human_review = random(2) == 1 or nil }
  graph.terminals.out = { status = random(20) == 1 and "lost" or "skipped" }
  if random(3) > 1 then
    graph.refine = { to = NAMES[random(size)], from = { NAMES[random(size)], "end" } }
  end
  if random(12) == 1 then
    local fields = { "name", "start", "edges", "terminals", "refine", "max_visits" }
    graph[generate.pick(random, fields)] =
      generate.pick(random, { "zz", 7, { "x" }, { a = {} }, { [1] = 2, b = "b" }, true })
  end
  return graph
end

local function explained(value, why)
  assert(value ~= nil or type(why) == "string" and why ~= "", "refused without a message")
  return value
end

local function check_codec(walked, env)
  local written = assert(state.encode(walked))
  local again = assert(state.decode(written, env))
  assert(state.encode(again) == written, "written otherwise")
  assert(again.next_step == walked.next_step, "another cursor")
end

--- One more step or a reopening; nil where there is none.
local function advance(random, walked, graph)
  if random(5) == 1 then
    return state.reopen(walked, NOW)
  end
  local outcomes = pipelines.outcomes(graph, walked.next_step)
  if #outcomes == 0 then
    return nil
  end
  local path = state.output_path(walked, walked.next_step, function() return false end)
  return state.accept(walked, {
    name = walked.next_step, outcome = generate.pick(random, outcomes), completed_at = NOW,
    stdout = "migrations/m/" .. path, reason = random(2) == 1 and "so" or nil,
  })
end

local function walk(random, graph)
  local built_in = assert(pipelines.built_in())
  local env = {
    pipeline = built_in, published = "migrations/m", exists = function() return true end,
  }
  local walked = assert(state.new { target = "t", now = NOW, pipeline = graph })
  for _ = 1, random(LONGEST) do
    local longer = advance(random, walked, graph)
    if longer then
      walked = longer
    end
  end
  check_codec(walked, env)
  return walked
end

local function damage(random, walked)
  local steps = table.move(walked.completed_steps, 1, #walked.completed_steps, 1, {})
  local counts = table.move(walked.revision_base_step_counts, 1,
    #walked.revision_base_step_counts, 1, {})
  local kind = random(4)
  local at = random(#steps + 1)
  if kind == 1 then
    table.remove(steps, at <= #steps and at or nil)
  elseif kind == 2 then
    table.insert(steps, at, { name = generate.pick(random, NAMES), stdout = "x",
      outcome = generate.pick(random, OUTCOMES) })
  elseif kind == 3 and #steps > 1 then
    steps[1], steps[#steps] = steps[#steps], steps[1]
  elseif counts[#counts] ~= at then
    counts[#counts + 1] = at
    table.sort(counts)
  end
  return steps, counts
end

return fuzzer.run("states", { ... }, function()
  local built_in = assert(pipelines.built_in())
  return function(random)
    local graph = built_in
    if random(5) > 1 then
      local made = make_graph(random)
      graph = explained(pipelines.check(made, "stages/g.lua"))
      if not graph then
        return
      end
      local record = assert(strict.decode(assert(strict.encode(pipelines.to_record(graph)))))
      assert(pipelines.same(graph, assert(pipelines.from_record(record))), "another graph")
    end
    local walked = walk(random, graph)
    local position = explained(replay.run(graph, damage(random, walked)))
    assert(not position or pipelines.is_step(graph, position.cursor)
      or pipelines.is_terminal(graph, position.cursor), "a cursor that the graph has not")
  end
end)
