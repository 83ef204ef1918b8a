local frozen = require "lib.frozen"
local guard = require "planning.guard"
local jail = require "planning.jail"
local jailed = require "spec.support.jailed"
local output = require "planning.output"
local strict = require "lib.strict"
local tmp = require "spec.support.tmp"

local function prompt(body, ctx, opts)
  return guard.call(jailed.stage(body, opts).prompt, ctx)
end

describe("planning.jail", function()
  it("gives the table that the file returns, its functions as stand-ins", function()
    local value = assert(jailed.load("stages", [[
      return { name = "x", outcomes = { "a", "b" }, timeout = 2.5, n = 3, [1] = true,
        prompt = function() return "p" end, deep = { er = { fn = function(a) return a * 2 end } } }
    ]]))
    assert.equal("x", value.name)
    assert.same({ "a", "b" }, value.outcomes)
    assert.equal(2.5, value.timeout)
    assert.equal("integer", math.type(value.n))
    assert.is_true(value[1])
    assert.equal("p", value.prompt())
    assert.equal(14, value.deep.er.fn(7))
  end)

  it("hands arguments and results over as they are, nil and odd bytes too", function()
    local value = assert(jailed.load("stages",
      "return { f = function(...) return select('#', ...), ... end }"))
    local huge = ("\0\255x"):rep(1e6)
    assert.same({ 6, nil, huge, 1 / 0, math.mininteger, nil, nil, n = 7 },
      table.pack(value.f(nil, huge, 1 / 0, math.mininteger, nil, nil)))
    local nan = select(2, value.f(0 / 0))
    assert.is_true(nan ~= nan)
    assert.same({ 1, { a = { [1.5] = "x", [true] = { {}, {} } } } },
      { value.f { a = { [1.5] = "x", [true] = { {}, {} } } } })
    assert.equal("-0.0", tostring((select(2, value.f(-0.0)))))
  end)

  it("starts every call afresh", function()
    local value = assert(jailed.load("stages", [[
      local count = 0
      return { f = function()
        count = count + 1
        global = (global or 0) + 1
        return count + global
      end }
    ]]))
    assert.equal(2, value.f())
    assert.equal(2, value.f())
    assert.is_nil(rawget(_G, "global"))
  end)

  it("calls functions that it hands out here, and passes their failures on", function()
    local asked = {}
    local ctx = frozen.of({
      read = function(path)
        asked[#asked + 1] = path
        if path == "gone" then
          return nil, "no such file"
        elseif path == "bad" then
          error("it broke")
        end
        return "text of " .. path
      end,
    }, "ctx")
    assert.same({ true, "text of a nil no such file" }, { prompt([[
      local gone, why = ctx.read "gone"
      return ctx.read "a" .. " " .. tostring(gone) .. " " .. why
    ]], ctx) })
    local ok, message = prompt("\n\nctx.read 'bad'", ctx)
    assert.is_false(ok)
    assert.equal("/team/x.lua:4: it broke", message)
    assert.same({ true, "false /team/x.lua:2: it broke" },
      { prompt("local ok, why = pcall(ctx.read, 'bad') return tostring(ok) .. ' ' .. "
        .. "'/team/x.lua:2: ' .. why:gsub('^.-:%d+: ', '')", ctx) })
    assert.same({ "gone", "a", "bad", "bad" }, asked)
  end)

  it("shows ctx and m read-only, and drops what no script could use", function()
    local ok, message, trace = prompt("\nctx.slug = 1", frozen.of({ slug = "s" }, "ctx"))
    assert.is_false(ok)
    assert.matches("^/team/x%.lua:3: ctx is read%-only: slug cannot be set$", message)
    assert.matches("stack traceback:.*/team/x%.lua:3: in function", trace)
    assert.is_nil(trace:find("mighost:%d"))
    local rule = assert(jailed.load("rules", [[return { check = function(m, report)
      local message = tostring(m.extra.null) .. m.extra.big .. #m.list
      report { severity = "info", code = "c", message = message }
      m.list[1] = 2
    end }]]))
    local failed = { guard.call(rule.check, {
      extra = { null = strict.null, big = strict.decode("1e3"), object = strict.object() },
      list = { 1 },
    }, function() end) }
    assert.matches("^/team/x%.lua:4: m is read%-only", failed[2])
  end)

  it("collects what a rule reports and hands it over in order", function()
    local rule = assert(jailed.load("rules", [[return {
      modes = { "doctor" },
      check = function(m, report)
        for _, path in ipairs(m.files()) do
          local message = m.read(path)
          report { severity = "info", code = "c", path = path, message = message, more = print }
        end
      end }]]))
    local found = {}
    rule.check({
      files = function() return { "a", "b" } end,
      read = function(path) return path .. path end,
    }, function(finding) found[#found + 1] = finding end)
    assert.same({
      { severity = "info", code = "c", path = "a", message = "aa" },
      { severity = "info", code = "c", path = "b", message = "bb" },
    }, found)
  end)

  it("says where a rule reported what is not a finding, or too much", function()
    for wanted, body in pairs {
      ["x%.lua:2: a finding needs a code"] = "report { severity = 'info' }",
      ["x%.lua:2: a finding is a table, not a nil"] = "report()",
      ["x%.lua:2: a rule reports at most 1000 findings"] =
        "while true do report { severity = 'info', code = 'c', message = 'm' } end",
    } do
      local rule = assert(jailed.load("rules",
        "return { check = function(m, report)\n" .. body .. "\nend }"))
      local reported = 0
      local ok, message = guard.call(rule.check, {}, function() reported = reported + 1 end)
      assert.is_false(ok)
      assert.matches(wanted, message)
      assert.equal(0, reported)
    end
  end)

  describe("an agent's output", function()
    local function read(body, text)
      local dir <close> = tmp.dir()
      local path = dir:write("log", text)
      local adapter = assert(jailed.load("agents", "return { answer = function(report)\n" .. body
        .. "\nend }"))
      local out = output.open({ bytes = #text, head = "", whole = false }, path)
      local none = output.open({ bytes = 0, head = "", whole = true }, path)
      local ok, answer = guard.call(adapter.answer, {
        exit = 0, stdout = out, stderr = none, files = { last = out },
      })
      return ok, ok and answer.text or answer
    end

    it("comes in lines, in pieces and as a whole", function()
      local lines = {}
      for index = 1, 20000 do
        lines[index] = ("line %d %s"):format(index, ("x"):rep(index % 50))
      end
      local text = table.concat(lines, "\n")
      assert.same({ true, table.concat({ 20000, #text - 19999, text:sub(1, 10), text:sub(1, 7),
        "line 20000" }, "|") }, { read([[
          local count, size = 0, 0
          for line in report.stdout.lines() do count, size = count + 1, size + #line end
          for line in report.files.last.lines() do if line:find("line 3 ") then break end end
          return { text = table.concat({ count, size, report.stdout.text(10),
            report.stdout.read(7), report.stdout.last_line() }, "|") }
        ]], text) })
      assert.same({ true, "0||true" }, { read([[
        local count = 0
        for _ in report.stderr.lines() do count = count + 1 end
        return { text = count .. "|" .. report.stderr.text(5) .. "|" .. tostring(report.exit == 0) }
      ]], "x") })
    end)

    it("is bounded, whatever is asked for", function()
      assert.same({ true, "a\nb\nc" },
        { read("return { text = report.stdout.text(math.maxinteger) }", "a\nb\nc") })
      for wanted, body in pairs {
        ["x%.lua:2: the size must be a whole number"] = "report.stdout.text(1.5)",
        ["x%.lua:2: the size must be a whole number, not %-1"] = "report.stdout.read(-1)",
        ["x%.lua:2: lines%(%) can be called 64 times"] =
          "while true do report.stdout.lines()() end",
      } do
        local ok, message = read(body, "a\nb\nc")
        assert.is_false(ok)
        assert.matches(wanted, message)
      end
    end)
  end)

  describe("errors", function()
    it("name file and line, the whole path however long", function()
      for _, path in ipairs { "/x.lua", "/" .. ("n"):rep(57), "/" .. ("n"):rep(58),
        ("/a-long-folder"):rep(20) .. "/x.lua" } do
        local value, message, name = jailed.load("stages", "\nlocal x\nreturn x.y", { path = path })
        assert.is_nil(value)
        assert.equal(path .. ":3: attempt to index a nil value (local 'x')", message)
        assert.equal("ECONFIG", name)
        local _, syntax = jailed.load("stages", "return {\n name = ,\n}", { path = path })
        assert.matches("^" .. path:gsub("%-", "%%-") .. ":2: ", syntax)
        local ok, why, trace = prompt("\nerror('no')", {}, { path = path })
        assert.is_false(ok)
        assert.equal(path .. ":3: no", why)
        assert.is_true(trace:find(path .. ":3:", 1, true) ~= nil)
      end
    end)

    it("are one harmless line, whatever was raised", function()
      for wanted, body in pairs {
        ["^/team/x%.lua:2: a b\\u{1B}%[2J$"] = "error('a\\nb\\27[2J')",
        ["^/team/x%.lua: an error that is a table, not a text$"] = "error({})",
        ["^/team/x%.lua: an error that is a nil, not a text$"] = "error()",
        ["^/team/x%.lua:2: bad argument #2 to 'setmetatable'"] = "local _ = setmetatable({}, 1)",
        ["^/team/x%.lua:2: '__tostring' must return a string$"] =
          "print(setmetatable({}, { __tostring = function() return {} end }))",
        ["^/team/x%.lua: bare$"] = "error('bare', 0)",
        ["^/team/x%.lua: custom$"] =
          "error(setmetatable({}, { __tostring = function() return 'custom' end }))",
      } do
        local ok, message, trace = prompt(body, {})
        assert.is_false(ok)
        assert.matches(wanted, message)
        assert.is_string(trace)
      end
      local _, long = prompt("error(('x'):rep(1e6))", {})
      assert.is_true(#long < 3000)
    end)

    it("tell what cannot be handed over, and where it is", function()
      for wanted, body in pairs {
        ["a%.b: a table that contains itself"] = "local t = {} t.a = { b = t } return t",
        ["f: a function cannot"] = "return { f = print }",
        ["x%.lua: a function cannot"] = "return print",
        ["x%[1%]: a coroutine"] = "return { x = { coroutine.create(print) } }",
        ["k: only a string, number or boolean can be a key here"] = "return { k = { [{}] = 1 } }",
        ["tables inside each other too deep"] =
          "local t = {} for _ = 1, 200 do t = { t } end return t",
        ["more than 32 MiB"] = "return ('x'):rep(40 * 1024 * 1024)",
      } do
        local ok, message = prompt(body, {})
        assert.is_false(ok)
        assert.matches(wanted, message)
        assert.matches("^/team/x%.lua: ", message)
      end
    end)

    it("refuse compiled Lua, a byte order mark, and what is not a table", function()
      for wanted, text in pairs {
        compiled = string.dump(function() end), ["byte order mark"] = "\xEF\xBB\xBFreturn {}",
        ["returns a number"] = "return 1", ["returns a nil"] = "",
        ["returns a function"] = "return print",
      } do
        local value, message, name = jailed.load("stages", text)
        assert.is_nil(value)
        assert.matches("^/team/x%.lua: .*" .. wanted, message)
        assert.equal("ECONFIG", name)
      end
      assert.same({ name = "x" }, jailed.load("stages", "return {\r\n  name = 'x',\r\n}\r\n"))
    end)

    it("raise on an interrupt as Lua's own does", function()
      local value = assert(jailed.load("stages", "return { f = function(g) return g() end }"))
      local raised = { name = "EINTERRUPTED", message = "interrupted", signal = 2 }
      local ok, problem = pcall(value.f, function() error(raised) end)
      assert.is_false(ok)
      assert.equal(raised, problem)
    end)
  end)

  describe("require", function()
    it("finds the layer's own module first, then mighost's", function()
      local value = assert(jailed.load("stages", [[
        local a, text, contract = require "lib.a", require "lib.text", require "lib.contract"
        return { a = a.name, again = require "lib.a" == a, text = text.own,
          judged = contract.review("review: clear") }
      ]], { modules = {
        ["lib.a"] = "return { name = require('lib.b') .. ' of a' }", ["lib.b"] = "return 'b'",
        ["lib.text"] = "return { own = 'the team' }",
      } }))
      assert.same({ a = "b of a", again = true, text = "the team", judged = "clear" }, value)
    end)

    it("takes no other module for one that may not be used", function()
      local value, message = jail.load("stages", {
        path = "/team/x.lua", layer = "project", text = "require 'lib.text' return {}",
      }, function()
        return nil, "lib/text.lua is not trusted"
      end)
      assert.is_nil(value)
      assert.matches("x%.lua:1: lib/text%.lua is not trusted", message)
    end)

    it("asks once for a module's text: what was loaded is what runs", function()
      local asked = 0
      local value = assert(jail.load("stages", {
        path = "/team/x.lua", layer = "project",
        text = "return { f = function() return require('lib.late') end, n = require('lib.early') }",
      }, function(name)
        asked = asked + 1
        return ("return %q .. %d"):format(name, asked), "/team/lib.lua"
      end))
      assert.equal("lib.early1", value.n)
      assert.equal("lib.late2", value.f())
      assert.equal("lib.late2", value.f())
    end)

    it("gives mighost's JSON, as in process", function()
      local value = assert(jailed.load("agents", [[
        local json = require "lib.json"
        return { f = function(text) local v, why = json.decode(text)
          return v and json.encode(v), why end }
      ]]))
      assert.same({ '{"a":[1,2]}' }, { value.f('{ "a": [1, 2] }') })
      assert.matches("not valid JSON", (select(2, value.f("{"))))
    end)

    it("refuses everything else, by name", function()
      for wanted, body in pairs {
        ['x%.lua:1: require "host%.fs": such a file may only require'] = "require 'host.fs'",
        ['require "cjson%.safe"'] = "require 'cjson.safe'",
        ['require "lib%.%.x"'] = "require 'lib..x'",
        ["there is no module lib%.missing"] = "require 'lib.missing'",
        ["lib/broken%.lua:1: "] = "require 'lib.broken'",
        ["lib/compiled%.lua: compiled Lua"] = "require 'lib.compiled'",
        ["requires itself"] = "require 'lib.loop'",
      } do
        local value, message = jailed.load("stages", body .. " return {}", { modules = {
          ["lib.broken"] = "return (", ["lib.compiled"] = string.dump(function() end),
          ["lib.loop"] = "return require 'lib.loop'",
        } })
        assert.is_nil(value)
        assert.matches(wanted, message)
      end
    end)
  end)

  it("shows what a script prints, harmless and bounded", function()
    local lines = {}
    local function log(line, path)
      lines[#lines + 1] = line
      assert.equal("/team/x.lua", path)
    end
    prompt("print('a', 1, nil) print() print('b\\nc\\27[2J') error('no')", {}, { log = log })
    assert.same({ "a 1 nil", "", "b", "c\\u{1B}[2J" }, lines)
    lines = {}
    prompt("for i = 1, 1e5 do print(('x'):rep(99)) end", {}, { log = log })
    assert.is_true(#lines >= 500 and #lines <= 700, #lines)
  end)

  it("takes its limits from the configuration", function()
    assert.same({ memory = 256, seconds = 10, instructions = 200000000 }, jail.limits(nil))
    assert.same({ memory = 64, seconds = 3, instructions = 1000000 },
      jail.limits { script_memory = 64, script_seconds = 3, script_instructions = 1000000 })
  end)
end)
