--- What a team's script finds around it.

local guard = require "planning.guard"
local jailed = require "spec.support.jailed"

local function value_of(body)
  return assert(jailed.load("stages", body))
end

describe("a team's script", function()
  it("has the language and nothing of the system", function()
    local names = value_of([[
      local names = {}
      for name in pairs(_G) do names[#names + 1] = name end
      table.sort(names)
      return names
    ]])
    assert.equal("_G _VERSION assert coroutine error getmetatable ipairs math next pairs pcall "
      .. "print rawequal rawget rawlen rawset require select setmetatable string table tonumber "
      .. "tostring type utf8 xpcall", table.concat(names, " "))
  end)

  it("has no string.dump, not even through a string", function()
    assert.same({ true, true, false }, value_of(
      "return { string.dump == nil, ('').dump == nil, getmetatable('') }"))
  end)

  it("sets metatables, but no finalizers", function()
    assert.same({ "made", false, "x.lua:2: setmetatable: __gc is not for scripts", "closed" },
      value_of([[
      local ok, why = pcall(function()
        local _ = setmetatable({}, { __gc = print }) end)
      local log
      do
        local _ <close> = setmetatable({}, { __close = function() log = "closed" end })
      end
      local made = setmetatable({}, { __index = { a = "made" } })
      return { made.a, ok, (why:gsub("^/team/", "")), log }
    ]]))
    assert.matches("bad argument #1 to 'setmetatable' %(table expected, got number%)",
      value_of("return { select(2, pcall(setmetatable, 1, {})) }")[1])
  end)

  it("has globals of its own, shared with its own modules", function()
    assert.same({ 7, 7 }, (jailed.load("stages",
      "shared = 7 return { require('lib.a'), _G.shared }", {
        modules = { ["lib.a"] = "return shared" },
      })))
  end)

  it("keeps what is sound when it changes the libraries it was given", function()
    local value = value_of([[
      return { prompt = function(ctx)
        for _, library in ipairs { string, table, math, utf8, coroutine } do
          for name in pairs(library) do library[name] = nil end
        end
        local globals, pairs = _G, pairs
        for name in pairs(globals) do globals[name] = nil end
        return "done"
      end }
    ]])
    assert.equal("done", value.prompt({}))
  end)

  it("is told when it has not the function that it had", function()
    local value
    repeat
      value = value_of("return { f = math.random(2) == 1 and function() return 1 end or nil }")
    until value.f
    local ok, found
    repeat
      ok, found = guard.call(value.f)
      assert.is_true(not ok or found == 1)
    until not ok
    assert.equal("/team/x.lua: it has no function f this time", found)
  end)

  it("sees lines, counts and finds as in process", function()
    local ok, found = guard.call(value_of([[
      return { prompt = function(ctx)
        local parts = {}
        for index, phase in ipairs(ctx.phases) do
          parts[index] = phase.name .. "/" .. #phase.list
        end
        for key in pairs(ctx.extra) do parts[#parts + 1] = key end
        return table.concat(parts, " ")
      end }
    ]]).prompt, { phases = { { name = "a", list = { 1, 2 } }, { name = "b", list = {} } },
      extra = { review_findings = "x" } })
    assert.is_true(ok)
    assert.equal("a/2 b/0 review_findings", found)
  end)
end)
