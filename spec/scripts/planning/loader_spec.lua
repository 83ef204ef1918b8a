local loader = require "planning.loader"

local function load_text(text)
  return loader.load { path = "stages/x.lua", text = text }
end

describe("planning.loader", function()
  it("gives the table that the file returns", function()
    assert.same({ name = "x" }, load_text "return { name = 'x' }")
    assert.same({ name = "x" }, load_text "return {\r\n  name = 'x',\r\n}\r\n")
  end)

  it("names file and line of a syntax error", function()
    local value, message, name = load_text "return {\n  name = ,\n}"
    assert.is_nil(value)
    assert.matches("^stages/x%.lua:2: ", message)
    assert.is_nil(message:find("\n", 1, true))
    assert.equal("ECONFIG", name)
  end)

  it("names the whole path, however long it is", function()
    local path = ("/a-long-folder"):rep(20) .. "/x.lua"
    local _, message = loader.load { path = path, text = "return" .. " (" }
    assert.equal(path .. ":1: ", message:sub(1, #path + 4))
  end)

  it("reports an error while the file runs, in one line", function()
    local _, message, name = load_text "local x = nil\nreturn x.y"
    assert.matches("^stages/x%.lua:2: attempt to index", message)
    assert.equal("ECONFIG", name)
  end)

  it("refuses compiled Lua, a byte order mark, and what is not a table", function()
    local _, compiled = load_text(string.dump(function() end))
    assert.matches("compiled", compiled)
    local _, marked = load_text "\xEF\xBB\xBFreturn {}"
    assert.matches("byte order mark", marked)
    local _, number = load_text "return 1"
    assert.matches("returns a number", number)
    local _, nothing = load_text ""
    assert.matches("returns a nil", nothing)
  end)

  it("hands out the language and mighost's helpers, but no system", function()
    assert.same({ ok = "a-b" }, load_text "return { ok = require('lib.text').slug('A b', 9) }")
    for _, name in ipairs { "io", "os", "package", "debug", "load", "loadfile", "dofile", "print",
      "collectgarbage" } do
      assert.same({ true }, load_text(("return { %s == nil }"):format(name)), name)
    end
    for _, module in ipairs { "host.fs", "planning.engine", "cjson", "lib..x", "lib.text.x" } do
      local _, message = load_text(("require %q return {}"):format(module))
      assert.matches("may only require", message, module)
    end
  end)

  it("keeps one file's globals from another's", function()
    assert.same({}, load_text "shared = 1 return {}")
    assert.same({ true }, load_text "return { shared == nil }")
    assert.is_nil(rawget(_G, "shared"))
  end)
end)
