local fields = require "lib.strict_fields"
local strict = require "lib.strict"

local SPEC <const> = fields.spec {
  name = "string", note = "string?", reason = "string|null", done = "boolean",
  waits = "boolean?", rest = "any",
}
local SOUND <const> = '{"name": "x", "note": "n", "reason": "r", "done": true, "waits": false}'

---The sound object with one member changed, or taken away where `text` is nil.
local function changed(key, text)
  local object = strict.decode(SOUND)
  object[key] = text and strict.decode(text)
  return object
end

describe("lib.strict_fields.check", function()
  it("accepts a sound object and leaves it as it is", function()
    local object = strict.decode(SOUND)
    assert.is_true(fields.check(object, SPEC, ""))
    assert.same(strict.decode(SOUND), object)
  end)

  it("turns null into nil where a field may be null, and leaves the caller's fields alone",
    function()
    local object = strict.decode(
      '{"name": "", "note": null, "reason": null, "done": false, "rest": null}')
    assert.is_true(fields.check(object, SPEC, ""))
    assert.same({ name = "", done = false, rest = strict.null }, setmetatable(object, nil))
  end)

  it("names the field, what it must be and what was found", function()
    local wrong = {
      { "name", nil, "'a.name' must be a string, found nothing" },
      { "name", "null", "'a.name' must be a string, found null" },
      { "name", "1", "'a.name' must be a string, found integer" },
      { "note", "1.5", "'a.note' must be a string or null, found number" },
      { "reason", nil, "'a.reason' must be a string or null, found nothing" },
      { "reason", "{}", "'a.reason' must be a string or null, found object" },
      { "done", nil, "'a.done' must be true or false, found nothing" },
      { "done", '"yes"', "'a.done' must be true or false, found string" },
      { "waits", "null", "'a.waits' must be true or false, found null" },
      { "waits", "[]", "'a.waits' must be true or false, found array" },
    }
    for _, case in ipairs(wrong) do
      assert.same({ nil, case[3] }, { fields.check(changed(case[1], case[2]), SPEC, "a.") })
    end
    for _, key in ipairs { "note", "waits", "rest" } do
      assert.is_true(fields.check(changed(key, nil), SPEC, "a."))
    end
  end)

  it("refuses unknown keys, or collects them", function()
    local object = changed("more", "[1]")
    assert.same({ nil, "unknown key 'a.more'" }, { fields.check(object, SPEC, "a.") })
    local extra = {}
    assert.is_true(fields.check(object, SPEC, "a.", extra))
    assert.same({ more = strict.decode("[1]") }, extra)
  end)

  it("names the same one of several wrong fields in every run", function()
    local object = strict.decode(SOUND)
    object.zzz, object.note, object.done = 1, 2, 3
    assert.same({ nil, "'done' must be true or false, found integer" },
      { fields.check(object, SPEC, "") })
  end)
end)

describe("lib.strict_fields", function()
  it("says what was found instead", function()
    assert.same({ nil, "'a.b' must be an array, found null" },
      { fields.wrong_type("a.b", "an array", strict.null) })
  end)

  it("has a value for what is absent", function()
    assert.equal(strict.null, fields.or_null(nil))
    assert.is_false(fields.or_null(false))
  end)

  it("counts items of a list from 0, as JSON's readers do", function()
    local prefixes = fields.item_prefixes("phases")
    assert.equal("phases[0].", prefixes[1])
    assert.equal("phases[11].", prefixes[12])
    assert.equal("phases[0].", rawget(prefixes, 1))
  end)
end)
