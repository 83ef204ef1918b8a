local fs = require "host.fs"
local lfs = require "lfs"
local sh = require "spec.support.sh"
local survey = require "planning.survey"
local tmp = require "spec.support.tmp"

--- What `change` does to a folder with two files, as a survey.
local function after(change)
  local dir <close> = tmp.dir()
  dir:write("plan.md", "plan")
  dir:write("old.md", "old")
  dir:write("manifest.json", "{}")
  dir:write(".planning/state.json", "{}")
  dir:write(".planning/stages/a.stdout.md", "a")
  local before = assert(survey.take(dir.path))
  change(dir)
  local now, message, name = survey.take(dir.path)
  if not now then
    return nil, message, name
  end
  local found, why, code = survey.compare(before, now)
  if not found then
    return nil, why, code
  end
  local work <close> = assert(fs.open_dir(dir.path))
  local touched = assert(survey.put_back(found, before, work, function(path)
    return "old " .. path
  end))
  return found, touched, dir:read(".planning/stages/a.stdout.md"), dir:exists(".planning/new")
end

local function refusal(change)
  local found, message, name = after(change)
  assert.is_nil(found)
  assert.equal("EJUDGE", name)
  return message
end

describe("planning.survey", function()
  it("tells what was added, changed and removed", function()
    local found, touched = after(function(dir)
      dir:write("plan.md", "better")
      dir:write("sub/new.md", "new")
      os.remove(dir:join("old.md"))
    end)
    assert.same({ "plan.md", "sub/new.md" }, found.changed)
    assert.same({ "old.md" }, found.removed)
    assert.same({ ".planning/stages/a.stdout.md", ".planning/state.json", "manifest.json",
      "plan.md", "sub/new.md" }, found.files)
    assert.same({}, touched)
  end)

  it("puts back what only mighost writes", function()
    local found, touched, output, is_new = after(function(dir)
      dir:write(".planning/stages/a.stdout.md", "forged")
      dir:write(".planning/new", "x")
      os.remove(dir:join("manifest.json"))
      dir:write("plan.md", "better")
    end)
    assert.same({ "plan.md" }, found.changed)
    assert.same({}, found.removed)
    assert.same({ ".planning/new", ".planning/stages/a.stdout.md", "manifest.json" }, touched)
    assert.equal("old .planning/stages/a.stdout.md", output)
    assert.is_false(is_new)
  end)

  it("refuses what cannot be published, by name", function()
    assert.matches("link", refusal(function(dir) dir:symlink("plan.md", "link") end))
    assert.matches("pipe", refusal(function(dir)
      sh.check { argv = { "mkfifo", dir:join("pipe") } }
    end))
  end)

  it("refuses names that git acts on, in any letter case", function()
    for _, path in ipairs { ".git/HEAD", "a/.GIT/x", ".gitignore", "a/.gitattributes",
      ".gitmodules" } do
      local message = refusal(function(dir) dir:write(path, "x") end)
      assert.is_truthy(message:find(path, 1, true), message)
    end
  end)

  it("refuses names that are not plain text", function()
    assert.matches("control character", refusal(function(dir) dir:write("a\nb", "x") end))
    assert.matches("UTF%-8", refusal(function(dir) dir:write("a\xff", "x") end))
  end)

  it("refuses too much", function()
    assert.matches("larger than 16 MiB", refusal(function(dir)
      dir:write("big", ("x"):rep((16 << 20) + 1))
    end))
    assert.matches("at most 20000", refusal(function(dir)
      sh.check { argv = { "sh", "-c", "seq 1 20000 | xargs touch" }, cwd = dir.path }
    end))
  end)

  it("knows files that have a second name", function()
    local dir <close> = tmp.dir()
    dir:write("a", "x")
    dir:write("b", "x")
    assert(lfs.link(dir:join("b"), dir:join("c")))
    local opened <close> = assert(fs.open_dir(dir.path))
    assert.is_true(survey.is_plain(opened, { "a" }))
    assert.is_false(survey.is_plain(opened, { "a", "b" }))
    assert.is_false(survey.is_plain(opened, { "missing" }))
    assert.is_true(survey.is_plain(opened, {}))
  end)

  it("knows what only mighost writes", function()
    for _, path in ipairs { "manifest.json", ".planning", ".planning/x/y" } do
      assert.is_true(survey.is_ours(path))
    end
    for _, path in ipairs { "plan.md", "sub/manifest.json", ".planningx", "x/.planning/y" } do
      assert.is_false(survey.is_ours(path))
    end
  end)
end)
