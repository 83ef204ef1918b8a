local fs = require "host.fs"
local resolve = require "migration.resolve"
local tmp = require "spec.support.tmp"

describe("migration.resolve", function()
  local root, project

  before_each(function()
    root = tmp.dir()
    for _, name in ipairs {
      "alpha", "Beta", "-rf", "_one", "__transactions__", ".hidden", "with space",
    } do
      root:mkdir("work/plans/" .. name)
    end
    root:write("work/plans/file", "")
    root:symlink("alpha", "work/plans/alias")
    root:mkdir("work/src")
    root:mkdir("outside")
    project = { root = root:join("work"), live = "plans", live_path = root:join("work/plans") }
  end)

  after_each(function()
    root:close()
  end)

  it("sees real directories whose names are not internal, in byte order", function()
    local live <close> = assert(fs.open_dir(project.live_path))
    assert.same({ "-rf", "Beta", "_one", "alpha", "with space" }, resolve.visible(live))
  end)

  it("takes a slug, and a path to a direct child", function()
    for _, word in ipairs {
      "alpha", "plans/alpha", "./plans//alpha/", root:join("work/plans/alpha"),
      root:join("work/./plans/alpha/"),
    } do
      assert.equal("alpha", resolve.target(project, word), word)
    end
    assert.equal("-rf", resolve.target(project, "-rf"))
    assert.equal("with space", resolve.target(project, "plans/with space"))
  end)

  it("refuses everything else and says why", function()
    local reasons = {
      [""] = "EUSAGE", ["a\0b"] = "EUSAGE", ["ALPHA"] = "EUSAGE", ["nothing"] = "EUSAGE",
      ["plans/nothing"] = "EUSAGE", ["plans"] = "EUSAGE", ["plans/"] = "EINVALIDPATH",
      ["."] = "EINVALIDPATH", [".."] = "EINVALIDPATH",
      ["/"] = "EINVALIDPATH", ["alpha/"] = "EINVALIDPATH", ["alpha/.."] = "EINVALIDPATH",
      ["plans/../plans/alpha"] = "EINVALIDPATH", ["plans/alpha/manifest.json"] = "EINVALIDPATH",
      ["src/alpha"] = "EINVALIDPATH", ["../outside"] = "EINVALIDPATH", ["alias"] = "EINVALIDPATH",
      ["plans/alias"] = "EINVALIDPATH", ["file"] = "EINVALIDPATH", [".hidden"] = "EINVALIDPATH",
      ["__transactions__"] = "EINVALIDPATH", ["plans/__transactions__"] = "EINVALIDPATH",
      ["/outside/plans/alpha"] = "EINVALIDPATH",
    }
    for word, expected in pairs(reasons) do
      local slug, message, name = resolve.target(project, word)
      assert.is_nil(slug, word)
      assert.equal(expected, name, word)
      assert.is_string(message, word)
    end
  end)

  it("does not guess when a slug is another path as well", function()
    root:mkdir("work/plans/src")
    local slug, message, name = resolve.target(project, "src")
    assert.is_nil(slug)
    assert.equal("'src' is a migration and also another path: say plans/src", message)
    assert.equal("EINVALIDPATH", name)
    assert.equal("src", resolve.target(project, "plans/src"))
  end)

  it("does not take a migration at the root for two", function()
    local here = { root = project.live_path, live = ".", live_path = project.live_path }
    assert.equal("alpha", resolve.target(here, "alpha"))
  end)

  it("says when there is no live directory", function()
    project.live_path = root:join("work/absent")
    assert.equal("EUSAGE", select(3, resolve.target(project, "alpha")))
  end)
end)
