local homes = require "project.homes"
local taste = require "project.taste"
local tmp = require "spec.support.tmp"

describe("project.taste", function()
  it("is the repository's where the configuration names one", function()
    local dir <close> = tmp.dir()
    dir:write("docs/taste.md", "ours")
    assert.same({ dir.path, "docs/taste.md" },
      { taste.locate(dir.path, { taste = "docs/taste.md" }) })
    assert.equal("ours", taste.read(dir.path, { taste = "docs/taste.md" }))
  end)

  it("is the user's otherwise", function()
    assert.same({ homes.config(), "taste.md" }, { taste.locate("/root", {}) })
    assert.is_string(taste.read("/root", {}))
  end)

  it("is an error when the named one is missing, no file, or leads out of the repository",
    function()
    local dir <close> = tmp.dir()
    dir:mkdir("folder")
    dir:symlink("/etc/passwd", "link")
    for _, name in ipairs { "missing.md", "folder", "link" } do
      local text, message, code = taste.read(dir.path, { taste = name })
      assert.is_nil(text)
      assert.matches("^cannot read the taste: ", message)
      assert.equal("ECONFIG", code)
    end
  end)
end)
