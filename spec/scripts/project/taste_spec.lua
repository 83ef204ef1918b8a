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

  it("keeps its version to itself", function()
    local dir <close> = tmp.dir()
    for first, version in pairs { ["<!-- taste-version: 1 -->\n"] = 1, [""] = 0,
      ["<!-- taste-version: 7 -->\r\n"] = 7, ["<!-- taste-version: 0 --> \n"] = 0 } do
      dir:write("taste.md", first .. "ours\n")
      local found = assert(taste.load(dir.path, { taste = "taste.md" }))
      assert.same({ "ours\n", version, version < 1 }, { found.text, found.version, found.is_stale })
      assert.equal("ours\n", taste.read(dir.path, { taste = "taste.md" }))
    end
    assert.is_nil(taste.read("/root", {}):find("taste-version", 1, true))
  end)

  it("replaces one, the old text beside it", function()
    local dir <close> = tmp.dir()
    dir:write("taste.md", "old\n")
    local found = assert(taste.load(dir.path, { taste = "taste.md" }))
    assert.equal(dir:join("taste.md.bak"), taste.replace(found, "new\n"))
    assert.equal("<!-- taste-version: 1 -->\nnew\n", dir:read("taste.md"))
    assert.equal("old\n", dir:read("taste.md.bak"))
    local _, message, name = taste.replace(found, "third\n")
    assert.same({ dir:join("taste.md") .. " was changed meanwhile", "ESTALE" }, { message, name })
  end)

  it("makes one where there is none, with the folders above it", function()
    local dir <close> = tmp.dir()
    local found = assert(taste.load(dir.path, { taste = "docs/taste.md" }, true))
    assert.is_false(found.exists)
    found.folder, found.name = dir:join("docs"), "taste.md"
    assert.is_false(taste.replace(found, taste.default_text))
    assert.equal(taste.default_text, dir:read("docs/taste.md"))
  end)

  it("does not put a file in the place of a link", function()
    local dir <close> = tmp.dir()
    dir:write("real.md", "ours\n")
    dir:symlink("real.md", "taste.md")
    local found = assert(taste.load(dir.path, { taste = "taste.md" }))
    local _, message, name = taste.replace(found, "new\n")
    assert.matches("not a regular file", message)
    assert.equal("EINVAL", name)
    assert.equal("ours\n", dir:read("real.md"))
  end)

  it("says why a text cannot be one", function()
    assert.is_nil(taste.problem("- short\n\tand plain, caf\u{e9}\n"))
    for text, why in pairs { [""] = "empty", ["<!-- taste-version: 1 -->\n \n"] = "empty",
      [("x"):rep(256 * 1024 + 1)] = "bytes", ["a\xff"] = "UTF%-8", ["a\27[2J"] = "control" } do
      assert.matches(why, taste.problem(text))
    end
  end)
end)
