local generate = require "spec.support.generate"
local lfs = require "lfs"
local program = require "spec.support.program"
local strict = require "lib.strict"

local VECTORS <const> = program.root .. "/../shared/json-vectors"

-- What the public vectors leave to the implementation and is refused here; the rest of it is read.
local REFUSED <const> = {
  ["i_string_UTF-16LE_with_BOM"] = true, ["i_string_UTF-8_invalid_sequence"] = true,
  ["i_string_UTF8_surrogate_U+D800"] = true, ["i_string_invalid_utf-8"] = true,
  ["i_string_iso_latin_1"] = true, ["i_string_lone_utf8_continuation_byte"] = true,
  ["i_string_not_in_unicode_range"] = true, ["i_string_overlong_sequence_2_bytes"] = true,
  ["i_string_overlong_sequence_6_bytes"] = true, ["i_string_overlong_sequence_6_bytes_null"] = true,
  ["i_string_truncated-utf-8"] = true, ["i_string_utf16BE_no_BOM"] = true,
  ["i_string_utf16LE_no_BOM"] = true, ["i_structure_UTF-8_BOM_empty_object"] = true,
}

local function vectors()
  local names = {}
  for name in lfs.dir(VECTORS) do
    names[#names + 1] = name:match("^(.*)%.json$")
  end
  table.sort(names)
  return names
end

local function read(name)
  local file <close> = assert(io.open(VECTORS .. "/" .. name .. ".json", "rb"))
  return file:read("a")
end

local function is_wanted(name)
  return name:sub(1, 2) == "y_" or name:sub(1, 2) == "i_" and not REFUSED[name]
end

local function refused(text, message)
  local value, why = strict.decode(text)
  assert.is_nil(value)
  assert.equal(message, why)
end

local function round(text)
  local value, why = strict.decode(text)
  assert.is_nil(why)
  return assert(strict.encode(value))
end

describe("lib.strict", function()
  it("reads and refuses what the public vectors say", function()
    if lfs.attributes(VECTORS, "mode") ~= "directory" then
      return pending("the vectors are not there: " .. VECTORS)
    end
    local wrong, count = {}, 0
    for _, name in ipairs(vectors()) do
      count = count + 1
      local value, why = strict.decode(read(name))
      if (value ~= nil) ~= is_wanted(name) or (value == nil and type(why) ~= "string") then
        wrong[#wrong + 1] = name
      end
    end
    assert.same({}, wrong)
    assert.is_true(count > 300)
  end)

  it("writes what it read of the vectors so that it reads the same again", function()
    if lfs.attributes(VECTORS, "mode") ~= "directory" then
      return pending("the vectors are not there: " .. VECTORS)
    end
    for _, name in ipairs(vectors()) do
      if is_wanted(name) then
        local written = round(read(name))
        assert.equal(written, round(written), name)
      end
    end
  end)

  it("writes generated values so that it reads the same again", function()
    for seed = 1, 400 do
      local value = generate.strict(generate.random(seed), 4)
      local text = assert(strict.encode(value))
      local again = strict.decode(text)
      assert.same(value, again, "seed " .. seed)
      assert.equal(text, strict.encode(again), "seed " .. seed)
    end
  end)

  it("keeps its layout: two spaces, sorted keys, one newline at the end", function()
    local text = [[
{
  "a": [],
  "b": {},
  "c": [
    1,
    {
      "x": null,
      "y": true
    }
  ]
}
]]
    assert.equal(text, round('{"c":[1,{"y":true,"x":null}],"b":{},"a":[]}'))
    assert.equal(text, round(text))
  end)

  it("tells empty arrays and objects apart", function()
    local value = strict.decode('[[], {}]')
    assert.is_true(strict.is_array(value[1]))
    assert.is_true(strict.is_object(value[2]))
    assert.is_false(strict.is_array(value[2]))
    assert.is_false(strict.is_object({}))
  end)

  it("takes the last of duplicate keys", function()
    assert.equal(3, strict.decode('{"a": 1, "b": 2, "a": 3}').a)
  end)

  it("keeps null and false as values", function()
    local value = strict.decode('{"a": null, "b": false}')
    assert.equal(strict.null, value.a)
    assert.is_false(value.b)
    assert.equal(strict.null, strict.decode("null"))
    assert.is_false(strict.decode("false"))
  end)

  it("reads integers of any size, and only integers as integers", function()
    assert.equal(9223372036854775807, strict.decode("9223372036854775807"))
    assert.equal(math.maxinteger, strict.integer(strict.decode("9223372036854775808")))
    assert.equal(math.mininteger, strict.integer(strict.decode("-9223372036854775809")))
    assert.equal(0, strict.integer(strict.decode("-0")))
    for _, text in ipairs { "1.0", "1e0", "10E2", "-0.0" } do
      assert.is_nil(strict.integer(strict.decode(text)), text)
      assert.equal("number", strict.kind(strict.decode(text)), text)
      assert.equal(text .. "\n", round(text))
    end
  end)

  it("refuses an integer of more than 4,300 digits, and reads one of 4,300", function()
    local digits = ("7"):rep(4300)
    assert.equal(digits .. "\n", round(digits))
    assert.equal("-" .. digits .. "\n", round("-" .. digits))
    refused(digits .. "7", "line 1 column 1: an integer of more than 4300 digits")
    assert.is_truthy(strict.decode(digits .. "7.5"))
  end)

  it("refuses nesting deeper than 500, and reads 500", function()
    assert.is_truthy(strict.decode(("["):rep(500) .. ("]"):rep(500)))
    refused(("["):rep(501) .. ("]"):rep(501), "line 1 column 501: nested deeper than 500 levels")
    refused(('{"a":'):rep(100000), "line 1 column 2501: nested deeper than 500 levels")
  end)

  it("reads unpaired surrogate escapes and writes them as escapes", function()
    assert.equal('"\\ud83d"\n', round('"\\uD83D"'))
    assert.equal('"\\ude00x\\ud83d"\n', round('"\\ude00x\\ud83d"'))
    assert.equal('"\\ud83dA"\n', round('"\\ud83d\\u0041"'))
    assert.equal('"\u{1F600}"\n', round('"\\ud83d\\ude00"'))
  end)

  it("says where and why a text is refused", function()
    refused("", "line 1 column 1: expected a value")
    refused('{\n  "a": 1,\n  "b"\n}', "line 3 column 6: expected ':' after a key")
    refused('{"a": 1 "b": 2}', "line 1 column 8: expected ',' or '}'")
    refused('{"a": "1" "b": 2}', "line 1 column 10: expected ',' or '}'")
    refused("[1 2]", "line 1 column 3: expected ',' or ']'")
    refused("[1,]", "line 1 column 4: expected a value")
    refused('{"a":1,}', "line 1 column 8: expected a key in double quotes")
    refused("01", "line 1 column 1: a number must not begin with 0")
    refused("-", "line 1 column 1: expected a value")
    refused("nulL", "line 1 column 1: expected a value")
    refused("NaN", "line 1 column 1: expected a value")
    refused('"a\nb"', "line 1 column 3: control character or end in a string")
    refused('{"a": "b', "line 1 column 9: control character or end in a string")
    refused('"\\x"', "line 1 column 4: unknown escape in a string")
    refused('"\\u12"', "line 1 column 4: expected four hexadecimal digits after \\u")
    refused('["\xff"]', "line 1 column 3: invalid UTF-8")
    refused("\u{FEFF}1", "line 1 column 1: a byte order mark")
    refused("1\0", "line 1 column 2: unexpected text after the value")
    refused("1 \n 2", "line 2 column 2: unexpected text after the value")
  end)

  it("refuses every proper beginning of a document, and never raises", function()
    local text = round('{"a":[1,-2.5e3,"x\\n\\u00e9\\ud800",null,true,{"b":{}}],"c":""}')
    for length = 0, #text - 3 do
      assert.is_nil((strict.decode(text:sub(1, length))), length)
    end
  end)

  it("never raises, whatever single byte is damaged", function()
    local text = round('{"a":[1,-2.5e3,"x\\n\\u00e9\\ud800",null,true,{"b":{}}],"c":""}')
    for position = 1, #text do
      for _, byte in ipairs { 0, 10, 34, 44, 48, 92, 93, 123, 125, 128, 255 } do
        local value, why = strict.decode(text:sub(1, position - 1) .. string.char(byte)
          .. text:sub(position + 1))
        assert.is_true(value ~= nil or type(why) == "string")
      end
    end
  end)

  it("costs time in proportion to the length of what it reads", function()
    local function cost(text)
      local start = os.clock()
      strict.decode(text)
      return os.clock() - start
    end
    for _, piece in ipairs { " ", "\\n", "x", "\\u0041", '\\"' } do
      local text = piece == " " and piece:rep(400000) or '"' .. piece:rep(400000)
      assert.is_true(cost(text) < 2, piece)
    end
  end)

  it("does not write text that is not UTF-8, and says where it is", function()
    local text, why = strict.encode(strict.object { a = strict.array { "ok", "\xff" } })
    assert.is_nil(text)
    assert.equal("a: item 1: the text is not valid UTF-8", why)
    text, why = strict.encode(strict.object { ["\xff"] = 1 })
    assert.is_nil(text)
    assert.equal("a key is not valid UTF-8", why)
  end)

  it("raises over what is not a strict value", function()
    assert.error(function() strict.encode({}) end)
    assert.error(function() strict.encode(1.5) end)
    assert.error(function() strict.encode(print) end)
  end)

  it("names the kind of every value", function()
    local kinds = {}
    local values = strict.decode('[{}, [], "", 1, 1.5, true, null, 99999999999999999999]')
    for index, value in ipairs(values) do
      kinds[index] = strict.kind(value)
    end
    assert.same({ "object", "array", "string", "integer", "number", "boolean", "null", "integer" },
      kinds)
    assert.equal("nothing", strict.kind(nil))
  end)
end)
