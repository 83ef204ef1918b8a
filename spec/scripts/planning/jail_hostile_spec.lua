--- Scripts that mean harm, or are broken as if they did.  Whatever they do, the call ends, soon and
--- with the right words; nothing is left running or open; and mighost goes on.

local guard = require "planning.guard"
local jailed = require "spec.support.jailed"
local leftovers = require "spec.support.leftovers"
local sys = require "host.sys"

local MANY <const> = 5 * 1000 * 1000
local PATIENCE <const> = 15 -- seconds; a loaded machine, a sanitizer

local INSTRUCTIONS <const> = "x%.lua:%d+: ran more than 5000000 instructions"
local EITHER <const> = "ran more than 5000000 instructions"
local MEMORY <const> = "used more than 32 MiB of memory"
local TIME <const> = "took more than 0%.2 s and was ended"
local STACK <const> = "stack overflow"

local function limits_for(wanted)
  if wanted == TIME then -- before a fast machine comes to the other limit
    return { memory = 32, seconds = 0.2, instructions = 1 << 40 }
  end
  return { memory = 32, seconds = PATIENCE, instructions = MANY }
end

--- The same body as a stage's prompt and judge and as a rule's check.
local function forms_of(body, limits)
  local inner = "\n" .. body .. "\n"
  local opts = { limits = limits }
  local stage = assert(jailed.load("stages", ("return { prompt = function(ctx)%send, "
    .. "judge = function(answer, ctx)%send }"):format(inner, inner), opts))
  local rule = assert(jailed.load("rules", ("return { check = function(m, report) local ctx = m%s"
    .. "end }"):format(inner), opts))
  local given = { read = function(path) return path end, files = function() return {} end }
  return {
    function() return guard.call(stage.prompt, given) end,
    function() return guard.call(stage.judge, { text = "x" }, given) end,
    function() return guard.call(rule.check, given, function() end) end,
  }
end

local function matches_one(text, patterns)
  for pattern in (patterns .. "|"):gmatch("(.-)|") do
    if text:find(pattern) then
      return true
    end
  end
  return false
end

--- The call fails with these words, within the time, and leaves nothing behind.
local function expect_end(wanted, body, call)
  local before = { descriptors = leftovers.descriptors() }
  local began = sys.monotonic()
  local ok, message = call()
  local took = sys.monotonic() - began
  local about = ("%s: %s"):format(body, tostring(message))
  assert(not ok, about)
  assert(matches_one(message, wanted), about)
  assert.matches("^/team/x%.lua:", message)
  assert(took < PATIENCE + 2, about)
  assert.same({}, leftovers.since(before), body)
end

--- The first of the cases in each form, the others in one.
local function expect_ends(cases)
  for index, case in ipairs(cases) do
    local forms = forms_of(case[2], limits_for(case[1]))
    for form, call in ipairs(forms) do
      if index == 1 or index % #forms + 1 == form then
        expect_end(case[1], case[2], call)
      end
    end
  end
end

--- What a prompt with this body returns.
local function value_of(body, opts)
  opts = opts or { limits = limits_for() }
  return guard.call(jailed.stage(body, opts).prompt,
    { read = function(path) return path end, slug = "s", files = function() return {} end })
end

describe("a hostile script", function()
  it("that loops in Lua ends at the limit of instructions, and the line is named", function()
    expect_ends {
      { INSTRUCTIONS, "while true do end" },
      { INSTRUCTIONS, "repeat local x = 1 until not x" },
      { INSTRUCTIONS, "for i = 1, math.huge do end" },
      { INSTRUCTIONS, "::again:: goto again" },
      { INSTRUCTIONS, "local function f() return f() end f()" },
      { INSTRUCTIONS, "for _ in function() return 1 end do end" },
      { INSTRUCTIONS, "local t = setmetatable({}, { __call = function() while true do end end }) "
        .. "t()" },
      { INSTRUCTIONS, "local t = {} t = setmetatable(t, { __index = function(_, k) "
        .. "while true do end end }) return t.x" },
      { INSTRUCTIONS, "(('x'):rep(1e6)):gsub('x', function() for i = 1, 1000 do end end)" },
      { INSTRUCTIONS, "table.sort({ 3, 2, 1 }, function() while true do end end)" },
      { INSTRUCTIONS, "for _ in pairs(setmetatable({}, { __pairs = function() while true do end "
        .. "end })) do end" },
    }
  end)

  it("that catches what stops it ends all the same", function()
    expect_ends {
      { INSTRUCTIONS, "while true do pcall(error) end" },
      { INSTRUCTIONS, "while true do pcall(function() while true do end end) end" },
      { INSTRUCTIONS, "local function again() while true do end end xpcall(again, again)" },
      { INSTRUCTIONS, "while true do xpcall(error, function() return 1 end) end" },
      { INSTRUCTIONS, "local function f() pcall(f) while true do end end f()" },
      { INSTRUCTIONS, "local _ <close> = setmetatable({}, { __close = function() "
        .. "while true do end end }) error 'x'" },
      { INSTRUCTIONS, "error(setmetatable({}, { __tostring = function() "
        .. "while true do end end }))" },
      { TIME, "while true do pcall(string.rep, 'x', 1 << 40) end" },
      { TIME, "while true do pcall(function() local t = {} "
        .. "while true do t[#t + 1] = ('x'):rep(1e6) .. #t end end) end" },
    }
  end)

  it("that hides in coroutines ends all the same", function()
    expect_ends {
      { INSTRUCTIONS, "coroutine.wrap(function() while true do end end)()" },
      { INSTRUCTIONS, "while true do coroutine.resume(coroutine.create(function() "
        .. "while true do end end)) end" },
      { INSTRUCTIONS, "local co = coroutine.wrap(function() while true do coroutine.yield() end "
        .. "end) while true do co() end" },
      { INSTRUCTIONS, "while true do local co = coroutine.wrap(function() pcall(function() "
        .. "for i = 1, 900 do end end) end) for i = 1, 2000 do end co() end" },
      { INSTRUCTIONS, "local co = coroutine.create(function() local _ <close> = setmetatable({}, { "
        .. "__close = function() while true do end end }) coroutine.yield() end) "
        .. "coroutine.resume(co) coroutine.close(co)" },
      { "C stack overflow", "local function f() return coroutine.wrap(f)() end f()" },
      { "attempt to yield from outside a coroutine", "coroutine.yield()" },
    }
  end)

  it("that counts on instructions nobody counts ends when its time is over", function()
    -- each new coroutine begins a new count, so a thousand instructions at a time go unseen
    local stage = jailed.stage(
      "local function f() for i = 1, 300 do end coroutine.wrap(f)() end while true do pcall(f) end",
      { limits = { memory = 32, seconds = 0.2, instructions = MANY } })
    local ok, message = guard.call(stage.prompt, {})
    assert.is_false(ok)
    assert.matches("x%.lua:?%d*: took more than 0%.2 s", message)
  end)

  it("that loops in C is killed when its time is over", function()
    expect_ends {
      { TIME, "return (('a'):rep(40)):find(('a?'):rep(40) .. 'b')" },
      { TIME, "return (('a'):rep(30000)):match('(.-)(.-)(.-)(.-)b')" },
      { TIME, "return (('x'):rep(1 << 20)):gsub('x*y', '')" },
      { TIME, "return (''):rep(math.maxinteger)" },
      { TIME, "table.move({}, 1, math.maxinteger - 1, 2)" },
      { TIME, "table.insert(setmetatable({}, { __len = function() return 1 << 50 end }), 1, 0)" },
      { TIME, "table.remove(setmetatable({}, { __len = function() return 1 << 50 end }), 1)" },
      { TIME, "while true do ctx.read('x') end" },
      { TIME, "while true do pcall(ctx.read, ('x'):rep(1 << 20)) end" },
      { TIME, "while true do pcall(string.find, ('a'):rep(40), ('a?'):rep(40) .. 'b') end" },
    }
  end)

  it("that fills memory is told so", function()
    expect_ends {
      { MEMORY, "local t = {} while true do t[#t + 1] = {} end" },
      { MEMORY, "local s = 'x' while true do s = s .. s end" },
      { MEMORY, "return ('x'):rep(1 << 30)" },
      { MEMORY, "return (('x'):rep(1 << 20)):gsub('x', ('y'):rep(1000))" },
      { MEMORY, "return ('%s'):rep(64):format(table.unpack((function() local t = {} "
        .. "for i = 1, 64 do t[i] = ('x'):rep(1 << 20) end return t end)()))" },
      { MEMORY, "return ('%q'):format(('\\0'):rep(12 << 20))" },
      { MEMORY, "local t = {} for i = 1, 1 << 22 do t[i] = ('x'):rep(i % 97) .. i end "
        .. "return table.concat(t)" },
      { MEMORY, "local t = {} for i = 1, 1e7 do t[i] = coroutine.create(print) end" },
      { MEMORY, "local f = function() end for i = 1, 1e7 do local g = f "
        .. "f = function() return g() end end" },
      { MEMORY .. "|too many", "local t = {} for i = 1, 1e6 do t[i] = i end "
        .. "return select('#', table.unpack(t))" },
      { "string length overflow|resulting string too large", "return ('x'):rep(1 << 62)" },
      { "resulting string too large", "return ('xx'):rep(math.maxinteger // 2 + 2)" },
    }
  end)

  it("that overflows a stack is told so", function()
    expect_ends {
      { STACK .. "|" .. MEMORY, "local function f() return 1 + f() end return f()" },
      { STACK, "local function f() return (select(2, pcall(f))) end error(f(), 0)" },
      { STACK, "return setmetatable({}, { __index = function(t, k) return t[k .. 1] end }).x" },
      { "x%.lua: false", "local function h() return xpcall(error, h) end "
        .. "error(tostring(select(2, h())), 0)" },
      { "pattern too complex", "return (('x'):rep(300000)):match(('(x?'):rep(1) .. ')' .. "
        .. "('x-'):rep(300) .. 'y')" },
      { "too many captures", "return ('x'):find(('('):rep(40))" },
      { "malformed pattern", "return ('x'):find('[a')" },
      { "'__index' chain too long", "local t = {} setmetatable(t, { __index = t }) return t.x" },
      { "invalid conversion|invalid format", "return ('%99999d'):format(1)" },
      { "string slice too long", "return (('x'):rep(1 << 21)):byte(1, -1)" },
      { "too many results to unpack", "return table.unpack({}, 1, 1e8)" },
    }
  end)

  it("that tries each thing it can reach, with odd arguments, gets nowhere", function()
    local ok, found = value_of([[
      local seen, called, functions = {}, 0, {}
      local function walk(value)
        if (type(value) == "table" or type(value) == "function") and not seen[value] then
          seen[value] = true
          if type(value) == "function" then
            functions[#functions + 1] = value
          else
            for key, item in pairs(value) do walk(key) walk(item) end
          end
          walk(getmetatable(value))
        end
      end
      walk(_G) walk(ctx) walk(getmetatable("")) walk(coroutine.running())
      local skip = { [print] = true, [string.rep] = true }
      local odd = { {}, 0, -1, 1.5, math.mininteger, "", "x\0", "%", true, print,
        setmetatable({}, {}), coroutine.create(function() end) }
      for _, fn in ipairs(functions) do
        if not skip[fn] then
          pcall(fn)
          for _, a in ipairs(odd) do
            called = called + 1
            pcall(fn, a)
            pcall(fn, a, a)
            for _, b in ipairs { 1, "x", odd[1] } do pcall(fn, a, b, a) end
          end
        end
      end
      return called > 500 and #functions > 50 and "through" or called .. " " .. #functions
    ]], { limits = { memory = 64, seconds = PATIENCE, instructions = 1 << 40 } })
    assert.same({ true, "through" }, { ok, found })
  end)

  it("finds nothing of the system, whatever name it tries", function()
    for _, name in ipairs { "io", "os", "package", "debug", "load", "loadstring", "loadfile",
      "dofile", "collectgarbage", "newproxy", "setfenv", "getfenv", "module", "arg", "host", "warn",
      "jit", "ffi", "unpack" } do
      assert.same({ true, "nil nil" },
        { value_of(("return tostring(%s) .. ' ' .. tostring(_G[%q])"):format(name, name)) }, name)
    end
    for _, body in ipairs {
      "return string.dump(print)", "return ('').dump(print)", "return load('return 1')()",
      "return debug.getregistry()", "return require('debug')", "return require('host.fs')",
      "return require('lib.json').host", "return getmetatable('').__index.dump(print)",
      "getmetatable('').__index = print", "setmetatable('', {})", "return ctx.read.x",
      "return getmetatable(ctx).__index", "setmetatable(ctx, {})", "ctx.slug = 'x'",
      "ctx.files = function() end", "return print.x", "return (require).x",
    } do
      local ok, value = value_of(body)
      assert.is_true(not ok or value == nil, body .. ": " .. tostring(value))
    end
  end)

  it("that gives back too much, or what cannot cross, is told so", function()
    for wanted, body in pairs {
      ["more than 32 MiB"] = "return ('x'):rep(33 << 20)",
      ["too many values"] = "local t = {} for i = 1, 1e6 do t[i] = i end return t",
      ["contains itself"] = "local t = {} t[1] = { t } return t",
      ["a function cannot"] = "return _G",
      ["too deep"] = "local t = {} for _ = 1, 1e5 do t = { t } end return t",
      ["a userdata cannot"] = "return require('lib.json').null",
      ["a coroutine cannot"] = "return coroutine.running()",
      ["too many values to be"] = "return table.unpack({}, 1, 300)",
      ["t%.t%.t: "] = "local t = { t = { t = { t = print } } } return t",
    } do
      local ok, message = value_of(body,
        { limits = { memory = 256, seconds = PATIENCE, instructions = 1 << 40 } })
      assert.is_false(ok, body)
      assert.matches(wanted, message)
      assert.is_true(#message < 300, message)
    end
    -- shared tables double with each level: the values are counted, not the tables
    local ok, message = value_of("local t = {} for _ = 1, 60 do t = { t, t } end return t")
    assert.is_false(ok)
    assert.is_true(matches_one(message, "too many values|" .. MEMORY), message)
  end)

  it("that reports without end, or nonsense, is told so", function()
    for wanted, body in pairs {
      ["at most 1000 findings"] =
        "for i = 1, 1e6 do report { severity = 'info', code = 'c', message = 'm' } end",
      ["a finding's severity"] =
        "report(setmetatable({}, { __index = function() return 'x' end }))",
      ["a finding is a table"] = "report(report)",
      ["a finding needs a code"] = "report { severity = 'error', code = {}, message = print }",
    } do
      local rule = assert(jailed.load("rules",
        "return { check = function(m, report) " .. body .. " end }", { limits = limits_for() }))
      local ok, message = guard.call(rule.check, {}, error)
      assert.is_false(ok)
      assert.matches(wanted, message)
    end
    local swallowing = assert(jailed.load("rules", [[return { check = function(m, report)
      for i = 1, 1e4 do pcall(report, { severity = 'info', code = 'c', message = 'm' }) end
    end }]], { limits = limits_for() }))
    local count = 0
    assert.is_true((guard.call(swallowing.check, {}, function() count = count + 1 end)))
    assert.equal(1000, count)
  end)

  it("ends while its file is being read, too", function()
    local function load_hostile(text)
      local value, message, name = jailed.load("stages", text,
        { limits = { memory = 32, seconds = 2, instructions = MANY } })
      assert.is_nil(value)
      assert.equal("ECONFIG", name)
      assert.matches("^/team/x%.lua:", message)
      return message
    end
    assert.matches(INSTRUCTIONS, load_hostile "while true do end")
    assert.matches(MEMORY, load_hostile "local s = 'x' while true do s = s .. s end")
    assert.matches("C stack overflow", load_hostile("return " .. ("("):rep(1e5)))
    assert.matches("C stack overflow", load_hostile("return " .. ("{"):rep(1e5)))
    assert.matches("used more than 32 MiB", load_hostile("return {" .. ("{},"):rep(1e6) .. "}"))
    assert.matches("too many local variables", load_hostile(("local a\n"):rep(1000)))
    assert.matches("took more than 2 s", load_hostile "return (''):rep(math.maxinteger)")
    assert.matches("unexpected symbol", load_hostile "\0\1\2\3")
    assert.matches("compiled Lua", load_hostile "\27Lua\0\0")
  end)

  it("that prints without end is shown in part", function()
    local size = 0
    local stage = jailed.stage("while true do print(('x'):rep(1000)) end", {
      limits = limits_for(), log = function(line) size = size + #line end,
    })
    local ok, message = guard.call(stage.prompt, {})
    assert.is_false(ok)
    assert.matches(EITHER, message)
    assert.is_true(size > 60000 and size <= 1 << 16, size)
  end)
end)
