local leftovers = require "spec.support.leftovers"
local script = require "host.script"
local sys = require "host.sys"

local LIMITS <const> = { memory = 64 << 20, seconds = 5, instructions = 50 * 1000 * 1000 }

local function run(prelude, request, opts)
  local options = {
    prelude = prelude, request = request,
    serve = function(fn, ...) return true, fn(...) end,
  }
  for _, more in ipairs { LIMITS, opts or {} } do
    for key, value in pairs(more) do
      options[key] = value
    end
  end
  return assert(script.run(options))
end

local function result_of(prelude, request)
  local outcome = run("local host, request = ... " .. prelude, request)
  assert(outcome.values, outcome.message)
  return table.unpack(outcome.values, 1, outcome.values.n)
end

local function expect_failure(reason, prelude, opts)
  local outcome = run(prelude, nil, opts)
  assert.is_nil(outcome.values)
  assert.equal(reason, outcome.reason)
  return outcome
end

describe("host.script", function()
  it("runs Lua elsewhere, with plain values both ways", function()
    local deep = { 1, "two", { three = { 4.5, false } }, [-7] = "\0\255", [2.5] = math.maxinteger }
    assert.same({ deep, nil, 1 / 0, n = 3 },
      table.pack(result_of("return request, nil, 1/0", deep)))
    assert.equal("integer", math.type(result_of("return 3", nil)))
    assert.equal("float", math.type(result_of("return 3.0", nil)))
  end)

  it("marks functions that come back, and calls those that went", function()
    local outcome = run("local _, request = ... return { f = print, r = request.f(1, nil, 'x') }",
      { f = function(...) return select("#", ...) end }, { marks = true })
    assert.equal(script.FUNCTION, outcome.values[1].f)
    assert.equal(3, outcome.values[1].r)
    assert.equal("userdata", type(script.FUNCTION))
    assert.equal("f: a function cannot be handed over", run("return { f = print }").message)
  end)

  it("hands out functions that functions return, as often as is sensible", function()
    local function counter()
      local count = 0
      return function()
        count = count + 1
        return count
      end
    end
    assert.equal(3, (result_of("local c = request.counter() c() c() return c()",
      { counter = counter })))
    local outcome = run("local host, request = ... while true do request.counter() end", {
      counter = counter,
    })
    assert.equal("error", outcome.reason)
    assert.matches("too many functions", outcome.message)
  end)

  it("raises there what serve refuses, and here what serve raises", function()
    local outcome = run("local host, request = ...\nlocal f = request.f\nf()", { f = print }, {
      serve = function() return false, "not now" end,
    })
    assert.equal("error", outcome.reason)
    assert.equal("not now", outcome.message)
    local raised = {}
    local before = { descriptors = leftovers.descriptors() }
    local ok, problem = pcall(run, "local host, request = ... request.f()", { f = print }, {
      serve = function() error(raised) end,
    })
    assert.is_false(ok)
    assert.equal(raised, problem)
    assert.same({}, leftovers.since(before))
  end)

  it("keeps what it logs, up to 64 KiB", function()
    assert.same({ "a", "", "b\0c" },
      run("local host = ... host.log 'a' host.log '' host.log 'b\\0c'").log)
    local size = 0
    local log = run("local host = ... for _ = 1, 1e4 do host.log(('x'):rep(1000)) end").log
    for _, text in ipairs(log) do
      size = size + #text
    end
    assert.is_true(size > 60000 and size <= 65536, size)
    local empty = run("local host = ... for _ = 1, 1e5 do host.log '' end").log
    assert.is_true(#empty <= 65536, #empty)
  end)

  it("opens the C libraries that it was given, and no others", function()
    local path = assert(package.searchpath("cjson", package.cpath))
    local outcome = run("local host = ... return host.open('cjson.safe').encode { 1, 2 }", nil, {
      libraries = { ["cjson.safe"] = package.loadlib(path, "luaopen_cjson_safe") },
    })
    assert.equal("[1,2]", outcome.values[1])
    assert.matches("there is no library io", run("local host = ... host.open 'io'").message)
  end)

  it("says why there is no result", function()
    local failed = expect_failure("error", "\nlocal function f() error('no') end\nf()")
    assert.equal("mighost:2: no", failed.message)
    assert.matches("mighost:3: in main chunk", failed.traceback)
    assert.matches("^mighost:1: ", expect_failure("error", "return (").message)
    assert.equal("mighost:1: ", expect_failure("instructions", "while true do end").message)
    expect_failure("memory", "local t = {} while true do t[#t + 1] = {} end")
    expect_failure("memory", "return ('x'):rep(1 << 30)")
    expect_failure("memory", "local ok, why = pcall(string.rep, 'x', 1 << 30) error(why, 0)")
    expect_failure("time", "while true do end", { seconds = 0.2, instructions = 1e15 })
  end)

  it("kills what no hook reaches", function()
    local before = sys.monotonic()
    local outcome = expect_failure("time", "return (('a'):rep(40)):find(('a?'):rep(40) .. 'b')", {
      seconds = 0.3,
    })
    local took = sys.monotonic() - before
    assert.is_true(took > 0.3 and took < 3, took)
    assert.equal("", outcome.message)
  end)

  it("leaves no process and no descriptor, however it ends", function()
    local before = { descriptors = leftovers.descriptors() }
    for _, prelude in ipairs {
      "return 1", "error 'x'", "while true do end", "return ('x'):rep(1 << 40)", "return (",
      "return (('a'):rep(40)):find(('a?'):rep(40) .. 'b')",
    } do
      run(prelude, nil, { seconds = 0.3 })
      assert.same({}, leftovers.since(before), prelude)
    end
  end)

  it("refuses what it cannot use, with what is wrong", function()
    for wanted, options in pairs {
      ["bad argument #1"] = false,
      ["prelude must be a string"] = {},
      ["memory must be a number above 0"] = { prelude = "", memory = -1 },
      ["seconds must be a number above 0"] =
        { prelude = "", memory = 1, instructions = 1, seconds = 0 / 0 },
      ["serve must be a function"] = { prelude = "", memory = 1, instructions = 1, seconds = 1 },
      ["libraries must have"] = { prelude = "", memory = 1, instructions = 1, seconds = 1,
        serve = print, libraries = { x = function() end } },
      ["request: a: a coroutine"] = { prelude = "", memory = 1, instructions = 1, seconds = 1,
        serve = print, request = { a = coroutine.create(print) } },
    } do
      local ok, message = pcall(script.run, options or nil)
      assert.is_false(ok)
      assert.matches(wanted, message)
    end
    expect_failure("memory", "", { memory = 1000 })
  end)

  it("tells what walls this system has", function()
    local walls = script.walls()
    assert.equal("boolean", type(walls.seccomp))
    assert.equal(sys.features().landlock_abi > 0, walls.landlock)
  end)
end)
