local generate = require "spec.support.generate"
local tables = require "lib.tables"
local targets = require "loop.targets"

local TRACKED <const> = {
  "README", "src/a.c", "src/a.h", "src/b.c", "src/deep/c.c", "src/deep/d.lua", "test/a_test.c",
}


local function open(opts, more)
  local warnings = {}
  local input = tables.copy({
    tracked = TRACKED, random = generate.random(1),
    read = function(path)
      return path == "list" and opts.list or nil, "no such file: " .. path
    end,
    warn = function(message)
      warnings[#warnings + 1] = message
    end,
  }, more)
  local source, why = targets.open(opts, input)
  return source, warnings, why
end

local function take_all(source)
  local taken = {}
  for _ = 1, 100 do
    local target = source.take()
    if not target then
      return taken
    end
    taken[#taken + 1] = target
  end
  error("it never ends")
end

local function line(number, more)
  return ('{"description": "t%d", "files": ["f%d.c"]%s}'):format(number, number, more or "")
end

describe("a list of targets", function()
  it("is used once, each target whole", function()
    local source, warnings = open { targets = "list", scope_instruction = "be brief",
      list = line(1, ', "scoping": "only here", "model-override": "m", "effort-override": "high"')
        .. '\n\n{"description": "t2", "files": ["./f2.c", "g"]}\n' }
    assert.equal(2, source.left)
    local taken = take_all(source)
    assert.equal(0, source.left)
    table.sort(taken, function(a, b)
      return a.description < b.description
    end)
    assert.same({
      { description = "t1", files = { "f1.c" }, scoping = "only here", model = "m",
        effort = "high", is_seed = true },
      { description = "t2", files = { "f2.c", "g" }, scoping = "be brief" },
    }, taken)
    assert.same({}, warnings)
  end)

  it("is shuffled, the same way for the same random numbers", function()
    local lines = {}
    for number = 1, 20 do
      lines[number] = line(number)
    end
    local list = table.concat(lines, "\n")
    local function order(seed)
      local names = {}
      local source = open({ targets = "list", list = list }, { random = generate.random(seed) })
      for _, target in ipairs(take_all(source)) do
        names[#names + 1] = target.description
      end
      return table.concat(names, " ")
    end
    assert.equal(order(7), order(7))
    assert.not_equal(order(7), order(8))
    local sorted = {}
    for name in order(9):gmatch("%S+") do
      sorted[#sorted + 1] = tonumber(name:sub(2))
    end
    table.sort(sorted)
    for number = 1, 20 do
      assert.equal(number, sorted[number])
    end
  end)

  it("loses a bad line, which is named, and no other", function()
    local bad = {
      "{", "[]", "3", '["a"]', "{}", '{"description":"d"}', '{"description":"d","files":[]}',
      '{"description":" ","files":["a"]}', '{"description":"d","files":"a"}',
      '{"description":"d","files":["/etc/passwd"]}', '{"description":"d","files":["../a"]}',
      '{"description":"d","files":["."]}', '{"description":"d","files":[3]}',
      '{"description":"d","files":["a"],"scoping":3}',
      '{"description":"d","files":["a"],"effort-override":"much"}',
      '{"description":"d","files":["a"],"colour":"red"}', "\xFF",
    }
    for _, wrong in ipairs(bad) do
      local source, warnings = open { targets = "list", list = line(1) .. "\n" .. wrong .. "\n"
        .. line(2, ', "scoping": null') }
      assert.equal(2, #take_all(source), wrong)
      assert.equal(1, #warnings, wrong)
      assert.matches("^list: line 2 is skipped: %S", warnings[1])
    end
  end)

  it("never raises and never gives a target without files, whatever it holds", function()
    for seed = 1, 300 do
      local random = generate.random(seed)
      local lines = {}
      for index = 1, 5 do
        local text = generate.text(random)
        local whole = line(index, ',"scoping":"' .. text .. '"')
        lines[index] = random(2) == 1 and text or whole:sub(1, random(2 * #whole))
      end
      local source = open { targets = "list", list = table.concat(lines, "\n") }
      for _, target in ipairs(take_all(source)) do
        assert.is_true(#target.files > 0)
      end
    end
  end)

  it("that cannot be read is an error", function()
    local source, _, why = open { targets = "nosuch" }
    assert.is_nil(source)
    assert.equal("cannot read the targets: no such file: nosuch", why)
  end)
end)

describe("globs and extensions", function()
  local function names(source, count)
    local found = {}
    for index = 1, count do
      local target = source.take()
      assert.same({ target.description }, target.files)
      assert.is_true(target.is_seed)
      found[index] = target.description
    end
    return found
  end

  it("give each matching file its turn before any comes again", function()
    local source = open { globs = "src/*.c:test/**" }
    assert.is_nil(source.left)
    local found = names(source, 9)
    for round = 0, 2 do
      local three = { table.unpack(found, round * 3 + 1, round * 3 + 3) }
      table.sort(three)
      assert.same({ "src/a.c", "src/b.c", "test/a_test.c" }, three)
    end
    source = open { extensions = ".h,lua" }
    local both = names(source, 2)
    table.sort(both)
    assert.same({ "src/a.h", "src/deep/d.lua" }, both)
  end)

  it("have nothing where nothing matches", function()
    assert.same({}, take_all(open { globs = "nosuch/**" }))
    assert.same({}, take_all(open { extensions = ".py" }))
    assert.same({}, take_all(open { extensions = "README" }))
    assert.same({}, take_all(open { globs = ":" }))
  end)
end)

describe("paths", function()
  it("are one group, folders with all that is tracked below them", function()
    local source, warnings = open { paths = "src/deep:README:./src/deep/c.c:nosuch",
      scope_instruction = "s" }
    local target = source.take()
    assert.same({ "src/deep/c.c", "src/deep/d.lua", "README" }, target.files)
    assert.equal("s", target.scoping)
    assert.is_falsy(target.is_seed)
    assert.same({ "nosuch is left out: git tracks no file there" }, warnings)
    table.remove(target.files)
    assert.equal(3, #source.take().files)
    assert.is_true((open { paths = "README" }).take().is_seed)
    assert.equal(#TRACKED, #open({ paths = "." }).take().files)
  end)
end)

describe("no choice of files", function()
  it("is five tracked files a time, or as many as there are", function()
    local source = open { scope_instruction = "tidy" }
    local target = source.take()
    assert.equal(5, #target.files)
    assert.equal("tidy", target.scoping)
    assert.is_nil(source.left)
    source = open({ scope_instruction = "tidy" }, { tracked = { "a", "b" } })
    assert.same({ "a", "b" }, source.take().files)
  end)
end)

describe("the source that counts", function()
  it("is the first that is given", function()
    local all = { targets = "list", list = line(1), globs = "src/a.c", extensions = ".h",
      paths = "README", scope_instruction = "s" }
    assert.equal("t1", open(all).take().description)
    all.targets = nil
    assert.equal("src/a.c", open(all).take().description)
    all.globs = nil
    assert.equal("src/a.h", open(all).take().description)
    all.extensions = nil
    assert.equal("README", open(all).take().description)
    all.paths = nil
    assert.equal(5, #open(all).take().files)
  end)

  it("is one general target where nothing matches and a scope is given", function()
    for _, opts in ipairs { { globs = "nosuch" }, { paths = "nosuch" }, { extensions = ".x" },
      { targets = "list", list = "{}" } } do
      opts.scope_instruction = "tidy up"
      assert.same({ { description = "general refactoring", files = {}, scoping = "tidy up" } },
        take_all(open(opts)))
      opts.scope_instruction = nil
      assert.same({}, take_all(open(opts)))
    end
    assert.equal(1, #take_all(open({ scope_instruction = "s" }, { tracked = {} })))
  end)

  it("is known to be chosen or not", function()
    assert.is_false(targets.is_chosen {})
    for _, name in ipairs { "targets", "globs", "extensions", "paths", "scope_instruction" } do
      assert.is_true(targets.is_chosen { [name] = "x" })
    end
  end)
end)
