local check = require "lib.check"
local tables = require "lib.tables"

local SPEC <const> = {
  name = "string", check = "function", modes = "strings", limit = "integer?", extra = "map?",
  items = "list?", quiet = "boolean?",
}

local function sample(changes)
  return tables.copy({ name = "x", check = print, modes = { "doctor" } }, changes)
end

local function refused(fields, message)
  assert.same({ nil, message }, { check.fields(fields, SPEC, "rules/x.lua") })
end

describe("lib.check", function()
  it("accepts what has the declared fields and types", function()
    assert.is_true(check.fields(sample(), SPEC, "x"))
    assert.is_true(check.fields(sample {
      limit = 3, extra = { a = 1 }, items = { 1, "b", {} }, quiet = false, modes = {},
    }, SPEC, "x"))
  end)

  it("names file and field of what is missing", function()
    local fields = sample()
    fields.check = nil
    refused(fields, "rules/x.lua: field 'check' is missing")
  end)

  it("suggests the field that an unknown one was meant to be", function()
    refused(sample { mode = {} }, "rules/x.lua: unknown field 'mode' (did you mean 'modes'?)")
    refused(sample { whatever_else = 1 }, "rules/x.lua: unknown field 'whatever_else'")
    refused(sample { [1] = 1 }, "rules/x.lua: a field's name must be a string, not 1")
  end)

  it("says what a field must be", function()
    local function must(changes, words)
      refused(sample(changes), ("rules/x.lua: field '%s' must be %s"):format(next(changes), words))
    end
    must({ name = 1 }, "a string, not a number")
    must({ check = {} }, "a function, not a table")
    must({ modes = { 1 } }, "a list of strings, not a table")
    must({ modes = { a = "b" } }, "a list of strings, not a table")
    must({ modes = { [2] = "b" } }, "a list of strings, not a table")
    must({ limit = 1.5 }, "a whole number, not a number")
    must({ extra = { 1 } }, "a table with named fields, not a table")
    must({ items = "a" }, "a list, not a string")
    must({ quiet = "no" }, "a boolean, not a string")
  end)

  it("does not ask a metatable for fields", function()
    local fields = setmetatable({}, { __index = sample() })
    refused(fields, "rules/x.lua: field 'check' is missing")
  end)
end)
