--- Sizes that keep a file one thing and a function readable, and words that mark unfinished work.

local source = require "spec.support.source"

local at = source.at

local LIMITS <const> = {
  c = { file = 500, columns = 100, body = 60 },
  lua = { file = 400, columns = 100, body = 60 },
}
local UNFINISHED <const> = { "TO" .. "DO", "FIX" .. "ME", "XX" .. "X", "HA" .. "CK" } -- not itself

local OPENS <const> = { ["function"] = true, ["if"] = true, ["do"] = true, ["repeat"] = true }
local CLOSES <const> = { ["end"] = true, ["until"] = true }

--- Calls `visit(first line, count)` for every function of a Lua file.  `for` and `while` need no
--- words of their own: they open with `do`.
local function each_lua_function(file, visit)
  local open = {}
  for number, line in ipairs(file.bare) do
    for word in line:gmatch("%f[%w_][%a_][%w_]*") do
      if OPENS[word] then
        table.insert(open, { word = word, line = number })
      elseif CLOSES[word] then
        local block = table.remove(open)
        if block.word == "function" then
          visit(block.line, number - block.line + 1)
        end
      end
    end
  end
  assert(#open == 0, file.path .. ": blocks do not match")
end

--- The same for C, where a function's braces stand in the first column.
local function each_c_function(file, visit)
  local start
  for number, line in ipairs(file.bare) do
    if line == "{" then
      start = number
    elseif line:find("^}") and start then
      visit(start, number - start + 1)
      start = nil
    end
  end
end

local function c_files()
  return source.files({ "host" }, "%.[ch]$")
end

local function lua_files()
  return source.files({ "scripts", "stages" }, "%.lua$")
end

local function check_sizes(files, limits, each_function)
  source.check(files, function(file, report)
    if #file.lines > limits.file and not file.path:find("^scripts/meta/") then
      report(#file.lines, "the file has more than %d lines", limits.file)
    end
    each_function(file, function(line, count)
      if count > limits.body then
        report(line, "a function of %d lines", count)
      end
    end)
    for number, line in ipairs(file.lines) do
      if utf8.len(line) and utf8.len(line) > limits.columns then
        report(number, "a line of %d columns", utf8.len(line))
      end
    end
  end)
end

describe("sizes", function()
  it("of C files, functions and lines are within their limits", function()
    check_sizes(c_files(), LIMITS.c, each_c_function)
  end)

  it("of Lua files, functions and lines are within their limits", function()
    check_sizes(lua_files(), LIMITS.lua, each_lua_function)
  end)

  it("are measured right", function()
    local file = source.read("spec/style/limits_spec.lua")
    local sizes = {}
    each_lua_function(file, function(line, count)
      sizes[file.lines[line]] = count
    end)
    assert.equal(3, sizes["local function c_files()"])
    assert.equal(16, sizes["local function each_lua_function(file, visit)"])
  end)
end)

describe("text", function()
  it("has no mark of unfinished work", function()
    local findings = {}
    local files = source.files({ "host", "scripts", "stages", "spec", "vendor" }, "%.%a+$")
    for _, file in ipairs(files) do
      for number, line in ipairs(file.lines) do
        for _, word in ipairs(UNFINISHED) do
          if line:find("%f[%w_]" .. word .. "%f[^%w_]") then
            table.insert(findings, at(file, number, line))
          end
        end
      end
    end
    source.expect_none(findings)
  end)

  it("has no trailing blanks, no tabs, and ends every file with one newline", function()
    local findings = {}
    for _, files in ipairs { c_files(), lua_files(), source.files({ "spec" }, "%.lua$") } do
      for _, file in ipairs(files) do
        for number, line in ipairs(file.lines) do
          if line:find("[ \t]$") or line:find("\t", 1, true) then
            table.insert(findings, at(file, number, "trailing blanks or a tab"))
          end
        end
        if file.lines[#file.lines] == "" then
          table.insert(findings, at(file, #file.lines, "ends with an empty line"))
        end
      end
    end
    source.expect_none(findings)
  end)
end)
