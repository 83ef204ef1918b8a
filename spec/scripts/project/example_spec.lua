local example = require "project.example"
local tmp = require "spec.support.tmp"

describe("project.example", function()
  it("writes a starting point of every kind, with its spec", function()
    for _, kind in ipairs(example.kinds) do
      local dir <close> = tmp.dir()
      local done = {}
      local written = assert(example.write(dir.path, kind, function(what)
        table.insert(done, what)
      end))
      assert.is_true(#done >= 3 and #done <= #written.files)
      assert.matches("^%.mighost/spec/[%w-]+%.lua$", written.spec)
      for _, path in ipairs(written.files) do
        assert.is_true(dir:exists(path))
      end
    end
  end)

  it("gives a pipeline the very stage that is the example of one", function()
    local dir <close> = tmp.dir()
    local written = assert(example.write(dir.path, "pipeline", function() end))
    local paths = table.move(written.files, 1, #written.files, 1, {})
    table.sort(paths)
    assert.same(paths, written.files)
    local text = assert(dir:read(".mighost/stages/security-review.lua"))
    assert(example.write(dir.path, "stage", function() end))
    assert.equal(text, dir:read(".mighost/stages/security-review.lua"))
  end)

  it("leaves alone what it wrote, and refuses what somebody else wrote", function()
    local dir <close> = tmp.dir()
    assert(example.write(dir.path, "rule", function() end))
    assert(example.write(dir.path, "rule", error))
    dir:write(".mighost/rules/rollback.lua", "return mine\n")
    local written, message, name = example.write(dir.path, "rule", error)
    assert.is_nil(written)
    assert.equal(".mighost/rules/rollback.lua is in the way of the example of a rule", message)
    assert.equal("EUSAGE", name)
    assert.equal("return mine\n", dir:read(".mighost/rules/rollback.lua"))
  end)

  it("writes nothing where a folder leads elsewhere or is none, and says so beforehand", function()
    for _, put in ipairs {
      function(dir) dir:symlink(dir:join("elsewhere"), ".mighost/rules") end,
      function(dir) dir:write(".mighost/rules", "a file\n") end,
    } do
      local dir <close> = tmp.dir()
      dir:mkdir("elsewhere")
      dir:mkdir(".mighost")
      put(dir)
      for _, act in ipairs { example.check, example.write } do
        local done, message, name = act(dir.path, "rule", error)
        assert.is_nil(done)
        assert.equal(".mighost/rules is in the way of the example of a rule", message)
        assert.equal("EUSAGE", name)
      end
      assert.same({ "rules" }, dir:names(".mighost"))
      assert.same({}, dir:names("elsewhere"))
    end
  end)

  it("can be checked where there is nothing yet", function()
    local dir <close> = tmp.dir()
    assert.is_true(example.check(dir.path, "pipeline"))
    assert.same({}, dir:names("."))
    assert.equal("ENOENT", select(3, example.check(dir:join("gone"), "pipeline")))
  end)

  it("writes nothing where one file is in the way", function()
    local dir <close> = tmp.dir()
    dir:write(".mighost/spec/rollback.lua", "mine\n")
    assert.is_nil(example.write(dir.path, "rule", error))
    assert.same({ "spec" }, dir:names(".mighost"))
  end)
end)
