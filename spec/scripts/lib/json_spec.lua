local fs = require "host.fs"
local json = require "lib.json"
local tmp = require "spec.support.tmp"

describe("lib.json", function()
  it("writes sorted keys on one line", function()
    assert.equal('{"a":{"x":1,"y":[true,null]},"b":"c/d"}',
      json.encode { b = "c/d", a = { y = { true, json.null }, x = 1 } })
  end)

  it("tells an empty array from an empty object", function()
    assert.equal('{"a":[],"o":{}}', json.encode { a = json.array {}, o = {} })
  end)

  it("writes numbers as they are", function()
    assert.equal('[1,-9223372036854775808,1.5]', json.encode { 1, math.mininteger, 1.5 })
  end)

  it("writes valid JSON whatever the bytes of a string", function()
    assert.equal('{"\u{FFFD}":"a\u{FFFD}\\n\\u0000"}', json.encode { ["\xff"] = "a\xff\n\0" })
  end)

  it("raises over what JSON cannot hold", function()
    local endless = {}
    endless[1] = endless
    for _, value in ipairs { { print }, { [1.5] = 1 }, { 0 / 0 }, endless } do
      assert.error(function() json.encode(value) end)
    end
  end)

  it("reads what it writes", function()
    local value = { a = { 1, 2, { b = "é\n" } }, c = false, d = "" }
    assert.same(value, json.decode(json.encode(value)))
    assert.equal(json.null, json.decode("null"))
    assert.is_false(json.decode("false"))
  end)

  it("says what is not JSON", function()
    for _, text in ipairs { "", "{", '{"a":NaN}', "[1,]", "nil" } do
      local value, message = json.decode(text)
      assert.is_nil(value)
      assert.matches("^not valid JSON: ", message)
    end
  end)

  it("reads the object or array in a file, and nothing else", function()
    local dir <close> = tmp.dir()
    local opened <close> = assert(fs.open_dir(dir.path))
    for text, expected in pairs { ['{"a":[1]}'] = { a = { 1 } }, ["[]"] = {}, ["7"] = false,
      ["null"] = false, ["{"] = false, [""] = false } do
      dir:write("file", text)
      assert.same(expected or nil, json.read_table(opened, "file"), text)
    end
    dir:write("file", "[1, 2]")
    assert.is_nil(json.read_table(opened, "file", { max = 5 }))
    assert.same({ 1, 2 }, json.read_table(opened, "file", { max = 6 }))
    assert.is_nil(json.read_table(opened, "missing"))
  end)

  it("fills in null for what is absent, and for nothing that is false", function()
    local object = { a = false, b = 1 }
    assert.equal(object, json.fill(object, { "a", "b", "c" }))
    assert.same({ a = false, b = 1, c = json.null }, object)
  end)

  it("lets an interrupt through that comes while it reads", function()
    local interrupt = { name = "EINTERRUPTED" }
    local inside = 0
    local function raise() -- as the host does, in the second C function: the one that cjson guards
      if debug.getinfo(2, "S").what == "C" then
        inside = inside + 1
        if inside == 2 then
          debug.sethook()
          error(interrupt, 0)
        end
      end
    end
    local ok, raised = pcall(function()
      debug.sethook(raise, "c")
      return json.decode("[]")
    end)
    debug.sethook()
    assert.is_false(ok)
    assert.equal(interrupt, raised)
  end)
end)
