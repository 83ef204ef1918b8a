local codec = require "planning.state_codec"
local generate = require "spec.support.generate"
local pipelines = require "planning.pipeline"
local states = require "planning.state"
local strict = require "lib.strict"

local BUILT_IN <const> = assert(pipelines.built_in())
local PUBLISHED <const> = "migrations/sample"
local MOMENT <const> = "2026-03-01T00:15:00.000+00:00"

local ENV <const> = {
  pipeline = BUILT_IN,
  published = PUBLISHED,
  exists = function(path)
    return path:find("^%.planning/stages/[%w-]+%.stdout%.md$") ~= nil
  end,
}

---One accepted step more, with an outcome of the generator's choice.
local function accept(state, random)
  local outcome = generate.pick(random, pipelines.outcomes(state.graph, state.next_step))
  local count = #state.completed_steps + 1
  return assert(states.accept(state, {
    name = state.next_step, outcome = outcome, completed_at = MOMENT,
    stdout = ("%s/.planning/stages/%s-%d.stdout.md"):format(PUBLISHED, state.next_step, count),
    agent = random(2) == 1 and "codex" or nil,
    model = random(2) == 1 and generate.text(random) or nil,
    effort = random(2) == 1 and "high" or nil,
    reason = random(2) == 1 and generate.text(random) or nil,
  }))
end

---A state after a walk of the generator's choice, with reopenings and feedback.
local function walk(random, length)
  local state = assert(states.new {
    target = generate.text(random), now = MOMENT, pipeline = BUILT_IN,
  })
  for _ = 1, length do
    local can_reopen = pipelines.can_reopen(state.graph, state.next_step)
    if random(5) == 1 then
      state = states.add_feedback(state, {
        received_at = MOMENT, source = generate.pick(random, { "message", "file" }),
        text = generate.text(random),
      })
    elseif can_reopen and random(3) == 1 then
      state = assert(states.reopen(state, MOMENT))
    elseif not pipelines.is_terminal(state.graph, state.next_step) then
      state = accept(state, random)
    end
  end
  return state
end

local function planned()
  local state = assert(states.new { target = "src/sample.c", now = MOMENT, pipeline = BUILT_IN })
  local steps = {
    { "approaches", "completed" }, { "pick-best", "completed" }, { "expand", "completed" },
    { "review", "findings" }, { "revise", "completed" }, { "review-2", "clear" },
    { "final-review", "approve-auto" },
  }
  for _, step in ipairs(steps) do
    state = assert(states.accept(state, {
      name = step[1], outcome = step[2], completed_at = MOMENT,
      stdout = ("%s/.planning/stages/%s.stdout.md"):format(PUBLISHED, step[1]),
    }))
  end
  return states.add_feedback(state, {
    received_at = MOMENT, source = "message", text = "keep the names",
  })
end

---The planned state's text after a change to its strict value.
local function changed(change)
  local object = strict.decode((assert(codec.encode(planned()))))
  change(object)
  return assert(strict.encode(object))
end

local function refused(message, change)
  assert.same({ nil, message }, { codec.decode(changed(change), ENV) })
end

---Every place in a value: its holder, its key and its path.
local function places(value, path, found)
  for key, item in pairs(value) do
    local here = path .. "." .. key
    found[#found + 1] = { holder = path, key = key, path = here }
    if strict.is_object(item) or strict.is_array(item) then
      places(item, here, found)
    end
  end
  return found
end

local function holder_of(object, path)
  for key in path:gmatch("%.([^.]+)") do
    object = object[tonumber(key) or key]
  end
  return object
end

describe("planning.state_codec", function()
  it("reads a planned migration's state", function()
    local text = assert(codec.encode(planned()))
    local state = assert(codec.decode(text, ENV))
    assert.same(planned(), state)
    assert.equal(text, codec.encode(state))
    assert.equal("terminal-ready", state.next_step)
    assert.equal(BUILT_IN, state.graph)
    assert.is_nil(state.pipeline)
  end)

  it("writes the layout that is reviewed: sorted keys, null written out", function()
    local state = assert(states.new { target = "t", now = MOMENT, pipeline = BUILT_IN })
    state = assert(states.accept(state, { name = "approaches", outcome = "completed",
      completed_at = MOMENT,
      stdout = PUBLISHED .. "/.planning/stages/approaches.stdout.md", agent = "codex" }))
    assert.equal([[
{
  "completed_steps": [
    {
      "agent": "codex",
      "completed_at": "2026-03-01T00:15:00.000+00:00",
      "effort": null,
      "model": null,
      "name": "approaches",
      "outcome": "completed",
      "outputs": {
        "stdout": "migrations/sample/.planning/stages/approaches.stdout.md"
      }
    }
  ],
  "feedback": [],
  "final_decision": null,
  "final_reason": null,
  "next_step": "pick-best",
  "review_findings": null,
  "revision_base_step_counts": [],
  "schema_version": 1,
  "started_at": "2026-03-01T00:15:00.000+00:00",
  "target": "t",
  "updated_at": "2026-03-01T00:15:00.000+00:00"
}
]], codec.encode(state))
  end)

  it("writes states of generated walks so that they read the same, byte for byte", function()
    for seed = 1, 200 do
      local random = generate.random(seed)
      local state = walk(random, random(30))
      local text = assert(codec.encode(state))
      local again = assert(codec.decode(text, ENV))
      assert.same(state, again, "seed " .. seed)
      assert.equal(text, codec.encode(again), "seed " .. seed)
    end
  end)

  it("refuses a state from which any one key is taken away", function()
    local optional = {
      [".revision_base_step_counts"] = true, agent = true, model = true, effort = true,
    }
    local text = assert(codec.encode(planned()))
    for _, place in ipairs(places(strict.decode(text), "", {})) do
      if type(place.key) == "string" and not optional[place.path] and not optional[place.key] then
        local state, message = codec.decode(changed(function(object)
          holder_of(object, place.holder)[place.key] = nil
        end), ENV)
        assert.is_nil(state, place.path)
        assert.is_string(message)
      end
    end
  end)

  it("refuses a state in which any one value has a wrong type", function()
    local text = assert(codec.encode(planned()))
    local values = {
      strict.array { 1 }, strict.object { a = 1 }, true, 7, strict.decode("1.5"), "wrong",
      strict.null,
    }
    local free = { target = true, started_at = true, updated_at = true, completed_at = true,
      received_at = true,
      text = true, final_reason = true }
    local nullable = { agent = true, model = true, effort = true }
    for _, place in ipairs(places(strict.decode(text), "", {})) do
      for _, value in ipairs(values) do
        local kind = strict.kind(value)
        local is_allowed = kind == "string" and (free[place.key] or nullable[place.key])
          or kind == "null" and nullable[place.key]
          or kind == "string" and place.holder == ".feedback"
        if not is_allowed then
          local state, message = codec.decode(changed(function(object)
            holder_of(object, place.holder)[tonumber(place.key) or place.key] = value
          end), ENV)
          assert.is_nil(state, place.path .. " " .. kind)
          assert.is_string(message)
        end
      end
    end
  end)

  it("refuses an unknown key anywhere ", function()
    for _, holder in ipairs {
      "", ".completed_steps.1", ".completed_steps.3.outputs", ".feedback.1",
    } do
      local state, message = codec.decode(changed(function(object)
        holder_of(object, holder).notes = "x"
      end), ENV)
      assert.is_nil(state, holder)
      assert.is_string(message)
    end
  end)

  it("refuses a history that does not lead to its cursor", function()
    refused("next_step is 'expand', but the accepted steps lead to 'terminal-ready'",
      function(object)
      object.next_step = "expand"
    end)
    refused("review_findings is null, but the accepted steps lead to "
      .. "'migrations/sample/.planning/stages/review.stdout.md'", function(object)
      object.review_findings = strict.null
    end)
    refused("final_decision is 'reject', but the accepted steps lead to 'approve-auto'",
      function(object)
      object.final_decision = "reject"
    end)
    refused("final_reason must be given with a final decision", function(object)
      object.final_reason = strict.null
    end)
    refused("final_reason must be given with a final decision", function(object)
      object.final_reason = ""
    end)
    refused("step 'expand' is accepted where 'pick-best' is due", function(object)
      table.remove(object.completed_steps, 2)
    end)
    refused("final_reason must be null without a final decision", function(object)
      table.remove(object.completed_steps)
      object.next_step, object.final_decision = "final-review", strict.null
    end)
    assert.is_truthy(codec.decode(changed(function(object)
      object.final_reason = "  "
    end), ENV))
  end)

  it("refuses a generated history with any two steps swapped or any one doubled or dropped",
    function()
    for seed = 1, 30 do
      local random = generate.random(seed)
      local text = assert(codec.encode(walk(random, 12)))
      local count = #strict.decode(text).completed_steps
      for index = 1, count do
        for _, damage in ipairs { "drop", "double", "swap" } do
          local object = strict.decode(text)
          local steps = object.completed_steps
          local is_same = damage == "swap"
            and (index == count or steps[index].name == steps[index + 1].name)
          if damage == "drop" then
            table.remove(steps, index)
          elseif damage == "double" then
            table.insert(steps, index, steps[index])
          elseif not is_same then
            steps[index], steps[index + 1] = steps[index + 1], steps[index]
          end
          if not is_same then
            assert.is_nil((codec.decode(assert(strict.encode(object)), ENV)),
              ("seed %d, %s %d"):format(seed, damage, index))
          end
        end
      end
    end
  end)

  it("knows one schema version", function()
    for _, version in ipairs { 0, 2, -1, strict.decode("99999999999999999999") } do
      refused("a schema_version that this version of mighost does not know", function(object)
        object.schema_version = version
      end)
    end
    refused("'schema_version' must be the integer 1, found number", function(object)
      object.schema_version = strict.decode("1.0")
    end)
    refused("'schema_version' must be the integer 1, found string", function(object)
      object.schema_version = "1"
    end)
  end)

  it("refuses what is not an object", function()
    assert.same({ nil, "the state must be an object, found array" }, { codec.decode("[]", ENV) })
    assert.same({ nil, "line 1 column 1: expected a value" }, { codec.decode("", ENV) })
  end)

  it("records another pipeline than mighost's own and follows it", function()
    local pipeline = assert(pipelines.check({
      name = "short", start = "draft", edges = { draft = { completed = "end" } },
      terminals = { ["end"] = { status = "ready" } },
    }, "short.lua"))
    local state = assert(states.new { target = "t", now = MOMENT, pipeline = pipeline })
    state = assert(states.accept(state, { name = "draft", outcome = "completed",
      completed_at = MOMENT,
      stdout = PUBLISHED .. "/.planning/stages/draft.stdout.md" }))
    local text = assert(codec.encode(state))
    local again = assert(codec.decode(text, ENV))
    assert.same(state, again)
    assert.same(pipeline, again.graph)
    assert.equal("end", again.next_step)
    assert.equal(text, codec.encode(again))
    local object = strict.decode(text)
    object.pipeline.start = "nowhere"
    assert.same({ nil, "the recorded pipeline: start is 'nowhere', which is not a stage" },
      { codec.decode(assert(strict.encode(object)), ENV) })
    object.pipeline = strict.null
    assert.is_nil((codec.decode(assert(strict.encode(object)), ENV)))
  end)
end)
