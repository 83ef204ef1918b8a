local lists = require "planning.state_lists"
local strict = require "lib.strict"

local PUBLISHED <const> = "plans/sample"

local function decode_outputs(path, opts)
  local asked = {}
  local steps, message = lists.decode_steps(strict.array {
    strict.object {
      name = "expand", completed_at = "", outcome = "completed",
      outputs = strict.object { stdout = path },
    },
  }, {
    published = opts and opts.published or PUBLISHED,
    exists = function(inside)
      asked[#asked + 1] = inside
      return not (opts and opts.is_absent)
    end,
  })
  return steps, message, asked
end

describe("planning.state_lists.decode_steps", function()
  it("asks for an output by its path inside the migration, and keeps it as it was written",
    function()
    for path, inside in pairs {
      ["plans/sample/.planning/stages/x.stdout.md"] = ".planning/stages/x.stdout.md",
      ["./plans//sample/./.planning/stages/x"] = ".planning/stages/x",
      ["plans/sample/elsewhere/x"] = "elsewhere/x",
      ["plans/sample/.planning/stages/a/b/"] = ".planning/stages/a/b",
      ["plans/sample/.planning/stages/.hidden"] = ".planning/stages/.hidden",
    } do
      local steps, message, asked = decode_outputs(path)
      assert.is_nil(message)
      assert.equal(path, steps[1].stdout)
      assert.same({ inside }, asked)
    end
  end)

  it("refuses an output outside the migration without asking for it", function()
    for _, path in ipairs {
      "", ".", "/plans/sample/x", "plans/sample", "plans/sample/", "plans/samples/x",
      "plans/other/x", "x",
      "plans/sample/../sample/x", "plans/sample/.planning/stages/..", "../plans/sample/x",
    } do
      local steps, message, asked = decode_outputs(path)
      assert.is_nil(steps, path)
      assert.equal("completed_steps[0].outputs.stdout is not inside plans/sample: " .. path,
        message)
      assert.same({}, asked)
    end
  end)

  it("refuses an output that is not there", function()
    local steps, message = decode_outputs("plans/sample/x", { is_absent = true })
    assert.is_nil(steps)
    assert.equal(
      "completed_steps[0].outputs.stdout names no file of this migration: plans/sample/x", message)
  end)
end)

describe("planning.state_lists.decode_feedback", function()
  it("reads a bare string as an old message", function()
    assert.same({ { received_at = "", source = "message", text = "keep it" } },
      lists.decode_feedback(strict.array { "keep it" }))
  end)

  it("refuses a source that is none", function()
    local item = strict.object { received_at = "", source = "mail", text = "" }
    assert.same({ nil, "'feedback[0].source' must be message or file, found \"mail\"" },
      { lists.decode_feedback(strict.array { item }) })
  end)

  it("writes what it reads", function()
    local feedback = { { received_at = "a", source = "file", text = "b" } }
    assert.same(feedback, lists.decode_feedback(lists.encode_feedback(feedback)))
  end)
end)

describe("planning.state_lists.decode_reopenings", function()
  local function decode(fields, step_count)
    return lists.decode_reopenings(strict.object(fields), step_count or 5)
  end

  it("reads counts, and the one of an older version", function()
    assert.same({}, decode {})
    assert.same({ 1, 5 }, decode { revision_base_step_counts = strict.array { 1, 5 } })
    assert.same({ 3 }, decode { revision_base_step_count = 3 })
    assert.same({}, decode { revision_base_step_count = strict.null })
    assert.same({ 2 }, decode {
      revision_base_step_counts = strict.array { 2 }, revision_base_step_count = strict.null,
    })
  end)

  it("refuses both at once", function()
    assert.same({ nil, "it has both revision_base_step_counts and revision_base_step_count" },
      { decode { revision_base_step_counts = strict.array(), revision_base_step_count = 3 } })
  end)

  it("refuses counts that do not increase or are out of range", function()
    for _, counts in ipairs { { 0 }, { -1 }, { 6 }, { 3, 3 }, { 4, 2 }, { 1, 6 } } do
      assert.same({ nil,
        "revision_base_step_counts must increase, each from 1 to the number of steps" },
        { decode { revision_base_step_counts = strict.array(counts) } })
    end
    assert.is_nil((decode({ revision_base_step_count = 1 }, 0)))
    assert.is_nil((decode { revision_base_step_counts = strict.decode("[99999999999999999999]") }))
  end)

  it("refuses what is not an integer", function()
    for _, value in ipairs { true, "3", strict.null, strict.decode("3.0") } do
      assert.is_nil((decode { revision_base_step_counts = strict.array { value } }))
    end
    assert.is_nil((decode { revision_base_step_counts = strict.null }))
    assert.is_nil((decode { revision_base_step_counts = 3 }))
    assert.is_nil((decode { revision_base_step_count = true }))
  end)
end)
