local generate = require "spec.support.generate"
local outline = require "lib.outline"
local source = require "spec.support.source"

local WRITTEN <const> = [[
local EDGES <const> = {           -- 1
  a = { done = "b",               -- 2
    ["other way"] = "c" },        -- 3
}
local M = {                       -- 5
  name = "x", edges = EDGES,      -- 6
  from = { "a",                   -- 7
    "b" },                        -- 8
  judge = function(t)             -- 9
    local M = { name = "inner" }
    return { name = M }
  end,                            -- 12
  [3] = 1, [EDGES.a] = 2,         -- 13
  text = "a = {" .. f { b = 1 },  -- 14
}
M.start =                         -- 16
  "a"
function M.prompt(ctx)            -- 18
  M.never = 1
  return { name = 2 }
end
if M then M.nested = 2 end
return M
]]

describe("lib.outline", function()
  it("finds the line of every field, through locals and assignments", function()
    local written = outline.read(WRITTEN)
    for path, line in pairs {
      ["name"] = 6, ["edges"] = 6, ["edges.a"] = 2, ["edges.a.done"] = 2, ["from"] = 7,
      ["edges.a.other way"] = 3, ["judge"] = 9, ["start"] = 16, ["prompt"] = 18, ["text"] = 14,
      [""] = 5,
    } do
      local keys = {}
      for key in path:gmatch("[^.]+") do
        keys[#keys + 1] = key
      end
      assert.equal(line, written:line(keys), path)
    end
    assert.equal(8, written:line { "from", 2 })
    assert.equal(13, written:line { 3 })
  end)

  it("has the nearest thing around what it cannot find", function()
    local written = outline.read(WRITTEN)
    assert.equal(2, written:line { "edges", "a", "missing" })
    assert.equal(7, written:line { "from", 9 })
    assert.equal(5, written:line { "never" })
    assert.equal(9, written:line { "judge", "name" })
    assert.equal(2, outline.read("local x = 1\nreturn make(x)"):line { "name" })
    assert.equal(1, outline.read(""):line { "name" })
  end)

  it("knows fields that are written twice in one constructor", function()
    assert.same({ { key = "b", line = 3, first = 2 }, { key = "a", line = 4, first = 1 } },
      outline.read('return { a = {\n  b = 1,\n  ["b"] = 2 },\n  a = 3 }').duplicates)
    assert.same({}, outline.read("return { a = { a = 1 }, b = function() a = 1; a = 2 end, 1, 1 }")
      .duplicates)
    assert.same({}, outline.read("return { [x] = 1, [x] = 2 }").duplicates)
  end)

  it("agrees with what mighost's own pipeline and stages say in that line", function()
    for _, name in ipairs { "pipeline", "review", "final-review" } do
      local path = ("stages/%s.lua"):format(name)
      local file = source.read(path)
      local written = outline.read(table.concat(file.lines, "\n"))
      for _, key in ipairs { "name", "outcomes", "prompt", "judge", "start", "terminals" } do
        local line = file.lines[written:line { key }]
        assert.is_truthy(line:find(key, 1, true) or line:find("^return"), path .. " " .. key)
      end
    end
  end)

  it("reads whatever it is given, deep nesting too", function()
    for seed = 1, 200 do
      local random = generate.random(seed)
      local cut = WRITTEN:sub(random(#WRITTEN), random(#WRITTEN))
      local damaged = WRITTEN:sub(1, random(#WRITTEN)) .. cut .. WRITTEN:sub(random(#WRITTEN))
      assert.is_true(outline.read(damaged):line { "edges", "a" } >= 1)
    end
    assert.equal(1, outline.read("return " .. ("{"):rep(5000)):line { 1, 1, 1 })
  end)
end)
