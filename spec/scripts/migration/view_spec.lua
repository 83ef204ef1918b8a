local migrations = require "spec.support.migration"
local sh = require "spec.support.sh"
local view = require "migration.view"

describe("migration.view", function()
  local m, dir, seen

  before_each(function()
    m = migrations.new { status = "ready", phases = { "parse" } }
    dir = m:open()
    seen = view.open(dir, {
      slug = "sample", mode = "doctor", manifest = m.manifest, state = m.state,
    })
  end)

  after_each(function()
    dir:close()
    m.root:close()
  end)

  it("shows what it was given", function()
    assert.equal("sample", seen.slug)
    assert.equal("doctor", seen.mode)
    assert.is_false(seen.staged)
    assert.equal(m.manifest, seen.manifest)
    assert.equal(m.state, seen.state)
  end)

  it("lists everything that is not a directory, sorted", function()
    m.root:symlink("nowhere", m.published .. "/link")
    m:write("a/b", "")
    m:write("a-b", "")
    assert.same({
      ".planning/state.json", "a-b", "a/b", "link", "manifest.json", "phase-1-parse.md", "plan.md",
    }, seen.files())
  end)

  it("lists entries named like phase files, of any kind", function()
    m.root:mkdir(m.published .. "/phase-02-x.md")
    m.root:symlink("nowhere", m.published .. "/phase-3-y.md")
    m:write("sub/phase-4-z.md", "")
    assert.same({
      { file = "phase-02-x.md", index = "2", name = "x" },
      { file = "phase-1-parse.md", index = "1", name = "parse" },
      { file = "phase-3-y.md", index = "3", name = "y" },
    }, seen.phase_docs())
  end)

  it("tells what is at a path and where links lead", function()
    m:write("sub/file", "12345")
    m.root:mkdir("outside")
    m.root:write("outside/file", "123")
    m.root:symlink("sub/file", m.published .. "/inside")
    m.root:symlink(m:path("sub/file"), m.published .. "/absolute")
    m.root:symlink("../../outside/file", m.published .. "/outside")
    m.root:symlink("../../outside", m.published .. "/folder")
    m.root:symlink("../../nowhere", m.published .. "/gone-outside")
    m.root:symlink("nowhere", m.published .. "/gone")
    sh.check { argv = { "mkfifo", m:path("fifo") } }
    local function is(path, kind, size, exists, escapes)
      assert.same({ kind = kind, size = size, exists = exists, escapes = escapes },
        seen.stat(path), path)
    end
    is("sub/file", "file", 5, true, false)
    is("./sub//file/", "file", 5, true, false)
    assert.equal("directory", seen.stat("sub").kind)
    assert.equal("other", seen.stat("fifo").kind)
    is("inside", "symlink", 5, true, false)
    is("absolute", "symlink", 5, true, false)
    is("outside", "symlink", 3, true, true)
    is("folder/file", "file", 3, true, true)
    is("gone-outside", "symlink", 0, false, true)
    is("gone", "symlink", 0, false, false)
    for _, path in ipairs {
      "absent", "sub/file/below", "folder/absent", "", ".", "/etc", "../sample/plan.md", "a\0b",
    } do
      assert.is_nil(seen.stat(path), path)
    end
  end)

  it("reads text, bounded and inside", function()
    assert.equal("# Plan\n", seen.read("plan.md"))
    m:write("bytes", "a\xffb")
    assert.equal("a\u{FFFD}b", seen.read("bytes"))
    m.root:write("outside", "")
    m.root:symlink("../../outside", m.published .. "/link")
    m:write("large", ("x"):rep((1 << 20) + 1))
    for _, path in ipairs { "link", "large", "absent", "../sample/plan.md", "/etc/hostname", "" } do
      local content, message = seen.read(path)
      assert.is_nil(content, path)
      assert.is_string(message, path)
    end
    m:write("large", ("x"):rep(1 << 20))
    assert.equal(1 << 20, #seen.read("large"))
  end)
end)
