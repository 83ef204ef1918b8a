local migrations = require "spec.support.migration"
local rule = require "spec.support.rule"
local sh = require "spec.support.sh"

local MODES <const> = { "planning-snapshot", "ready-publish", "execution-gate", "doctor" }

---What the rule says of one phase that names `file`.
local function judge(m, file)
  m.manifest.phases[1].file = file
  m:change_manifest {}
  return rule.run("phase-files", m, "doctor")
end

describe("rules/phase-files", function()
  local m

  before_each(function()
    m = migrations.new { phases = { "parse" } }
    m.root:write("outside/file.md", migrations.PHASE)
  end)

  after_each(function()
    m.root:close()
  end)

  it("accepts regular files, however they are spelled", function()
    m:write("sub/file.md", "")
    for _, file in ipairs {
      "phase-1-parse.md", "./phase-1-parse.md", "phase-1-parse.md/", ".//sub//file.md", "plan.md",
    } do
      assert.same({}, judge(m, file), file)
    end
  end)

  it("refuses references that are none inside the migration by their text", function()
    for _, file in ipairs {
      "", ".", "./", "/etc/hostname", "../sample/phase-1-parse.md", "a/../phase-1-parse.md", "..",
    } do
      assert.same({ "invalid-phase-file-reference " .. file }, judge(m, file), file)
    end
  end)

  it("reports what does not exist", function()
    for _, file in ipairs {
      "absent.md", "absent/phase.md", "phase-1-parse.md/x", "a\0b", ("x"):rep(300),
    } do
      assert.same({ "missing-phase-file " .. file }, judge(m, file), file)
    end
  end)

  it("refuses links, by where they lead", function()
    m.root:symlink("phase-1-parse.md", m.published .. "/inside.md")
    m.root:symlink(m:path("phase-1-parse.md"), m.published .. "/absolute.md")
    m.root:symlink("nowhere", m.published .. "/dangling.md")
    m.root:symlink("../../outside/file.md", m.published .. "/outside.md")
    m.root:symlink("../../nowhere", m.published .. "/gone.md")
    m.root:symlink("loop.md", m.published .. "/loop.md")
    for _, file in ipairs { "inside.md", "absolute.md", "dangling.md", "loop.md" } do
      assert.same({ "phase-file-not-regular " .. file }, judge(m, file), file)
    end
    for _, file in ipairs { "outside.md", "gone.md" } do
      assert.same({ "phase-file-escapes-migration " .. file }, judge(m, file), file)
    end
  end)

  it("looks at links on the way too", function()
    m:write("sub/file.md", "")
    m.root:symlink("sub", m.published .. "/inside")
    m.root:symlink("../../outside", m.published .. "/outside")
    assert.same({}, judge(m, "inside/file.md"))
    assert.same({ "phase-file-escapes-migration outside/file.md" }, judge(m, "outside/file.md"))
    assert.same({ "missing-phase-file outside/absent.md" }, judge(m, "outside/absent.md"))
  end)

  it("refuses what is not a regular file", function()
    m.root:mkdir(m.published .. "/folder.md")
    sh.check { argv = { "mkfifo", m:path("fifo.md") } }
    for _, file in ipairs { "folder.md", "fifo.md" } do
      assert.same({ "phase-file-not-regular " .. file }, judge(m, file), file)
    end
  end)

  it("says one thing of each phase, in every mode", function()
    m.manifest.phases[2] = { name = "print", file = "", precondition = "", done = false,
      extra = {} }
    m.manifest.phases[3] = { name = "x", file = "absent.md", precondition = "", done = false,
      extra = {} }
    m:change_manifest {}
    for _, mode in ipairs(MODES) do
      assert.same({ "invalid-phase-file-reference ", "missing-phase-file absent.md" },
        rule.run("phase-files", m, mode))
    end
  end)
end)
