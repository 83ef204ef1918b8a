local git = require "spec.support.git"
local live = require "project.live"
local sample = require "spec.support.sample"
local strict = require "lib.strict"
local tmp = require "spec.support.tmp"

local LINE <const> = "* -text -filter -ident -working-tree-encoding\n"

describe("project.live.check", function()
  it("takes what may become or is a directory beneath the root", function()
    local dir <close> = tmp.dir()
    dir:mkdir("there")
    assert.equal("there", live.check(dir.path, "there"))
    assert.equal("there/deeper/new", live.check(dir.path, "./there//deeper/new/"))
    assert.equal("new", live.check(dir.path, dir:join("new")))
  end)

  it("refuses what is elsewhere, reserved, no directory, or another repository", function()
    local repo <close> = git.repo()
    local dir = repo.dir
    dir:write("file", "")
    dir:symlink("/tmp", "link")
    dir:mkdir("inner")
    git.run(dir:join("inner"), "init", "-q")
    local refused = {
      ["/elsewhere"] = "EUSAGE", ["../x"] = "EUSAGE", ["."] = "EUSAGE", [""] = "EUSAGE",
      [dir.path] = "EUSAGE", [".git/x"] = "EUSAGE", [".mighost"] = "EUSAGE", ["a\nb"] = "EUSAGE",
      file = "ECONFIG", ["file/x"] = "ECONFIG", link = "ECONFIG", ["link/x"] = "ECONFIG",
      ["inner/x"] = "ECONFIG", inner = "ECONFIG",
    }
    for path, name in pairs(refused) do
      local rel, message, code = live.check(dir.path, path)
      assert.is_nil(rel)
      assert.matches("^the live migrations directory", message)
      assert.equal(name, code, path)
    end
  end)
end)

describe("project.live.guard", function()
  it("makes the directory with the line that keeps git from changing bytes", function()
    local dir <close> = tmp.dir()
    assert.is_nil(live.is_used(dir.path, "a/m"))
    assert.is_false(live.is_guarded(dir.path, "a/m"))
    assert.is_true(live.guard(dir.path, "a/m"))
    assert.equal(LINE, dir:read("a/m/.gitattributes"))
    assert.is_true(live.is_guarded(dir.path, "a/m"))
    assert.is_false(live.is_used(dir.path, "a/m"))
    dir:mkdir("a/m/slug")
    assert.is_true(live.is_used(dir.path, "a/m"))
  end)

  it("keeps lines that are there, and has the last word", function()
    local dir <close> = tmp.dir()
    dir:write("m/.gitattributes", "*.md text eol=crlf")
    assert.is_true(live.guard(dir.path, "m"))
    assert.equal("*.md text eol=crlf\n" .. LINE, dir:read("m/.gitattributes"))
  end)

  it("does not write through a link", function()
    local dir <close> = tmp.dir()
    dir:write("victim", "kept")
    dir:mkdir("m")
    dir:symlink("../victim", "m/.gitattributes")
    assert.is_nil((live.guard(dir.path, "m")))
    assert.equal("kept", dir:read("victim"))
  end)
end)

describe("project.live.rehome", function()
  local function outputs(dir, path)
    local state = assert(strict.decode(dir:read(path)))
    local found = { state.review_findings }
    for _, step in ipairs(state.completed_steps) do
      table.insert(found, step.outputs.stdout)
    end
    return found
  end

  it("rewrites the paths of outputs, and changes no other file", function()
    local dir <close> = tmp.dir()
    sample.write(dir, "new", "a", { steps = 5 })
    local path = "new/a/.planning/state.json"
    dir:write(path, (dir:read(path):gsub('"new/a/', '"./old//a/')))
    dir:write("new/empty/manifest.json", "{}")
    dir:write("new/broken/.planning/state.json", "{ not JSON old/broken/x")
    dir:write("new/__internal/.planning/state.json", dir:read(path))
    assert.is_true(live.rehome(dir.path, "old", "new"))
    for _, output in ipairs(outputs(dir, path)) do
      assert.matches("^new/a/%.planning/stages/", output)
    end
    assert.equal(6, #outputs(dir, path))
    assert.equal("{ not JSON old/broken/x", dir:read("new/broken/.planning/state.json"))
    assert.matches("./old//a/", dir:read("new/__internal/.planning/state.json"), 1, true)
    local once = dir:read(path)
    assert.is_true(live.rehome(dir.path, "old", "new"))
    assert.equal(once, dir:read(path))
  end)

  it("keeps what it does not understand", function()
    local dir <close> = tmp.dir()
    dir:write("new/a/.planning/state.json", [[{"extra": [1, 2.50, {"x": null}],
      "completed_steps": [7, {"outputs": {"stdout": 5}}, {"outputs": {"stdout": "old/a/x"}}],
      "review_findings": "elsewhere/old/a"}]])
    assert.is_true(live.rehome(dir.path, "old", "new"))
    local text = dir:read("new/a/.planning/state.json")
    assert.matches('"new/a/x"', text, 1, true)
    assert.matches('"elsewhere/old/a"', text, 1, true)
    assert.matches("2.50", text, 1, true)
  end)
end)
