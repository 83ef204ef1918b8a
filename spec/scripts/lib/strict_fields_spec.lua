local fields = require "lib.strict_fields"
local strict = require "lib.strict"

describe("lib.strict_fields", function()
  it("names the field, what it must be and what was found", function()
    assert.same({ nil, "'a.b' must be a string, found null" },
      { fields.wrong_type("a.b", "a string", strict.null) })
  end)

  it("accepts only known keys", function()
    local object = strict.decode('{"a": 1, "b": 2}')
    assert.is_true(fields.check_keys(object, { a = true, b = true }, ""))
    assert.same({ nil, "unknown key 'list[0].b'" },
      { fields.check_keys(object, { a = true }, "list[0].") })
  end)

  it("accepts only strings as strings", function()
    local object = strict.decode('{"a": "x", "b": 2}')
    assert.is_true(fields.check_strings(object, { "a" }, ""))
    assert.same({ nil, "'b' must be a string, found integer" },
      { fields.check_strings(object, { "a", "b" }, "") })
    assert.same({ nil, "'c' must be a string, found nothing" },
      { fields.check_strings(object, { "c" }, "") })
  end)

  it("turns null into nil where a field may be null", function()
    local object = strict.decode('{"a": "x", "b": null, "c": []}')
    assert.is_true(fields.check_nullable(object, { "a", "b", "absent" }, ""))
    assert.is_nil(object.b)
    assert.same({ nil, "'c' must be a string or null, found array" },
      { fields.check_nullable(object, { "c" }, "") })
    assert.same({ nil, "'absent' must be a string or null, found nothing" },
      { fields.check_nullable(object, { "absent" }, "", true) })
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
