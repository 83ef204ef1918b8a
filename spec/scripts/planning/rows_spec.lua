local fs = require "host.fs"
local rows = require "planning.rows"
local sample = require "spec.support.sample"
local tmp = require "spec.support.tmp"

local function everything()
  return true
end

--- A folder and the project that it is enough of.
local function project()
  local dir = tmp.dir()
  dir:mkdir("m")
  return dir, { root = dir.path, live = "m", live_path = dir:join("m") }
end

local function row_of(dir, of, slug)
  local live <close> = assert(fs.open_dir(dir:join("m")))
  return rows.read(of, live, slug)
end

describe("planning.rows.read", function()
  it("gives the cursor of a plan that is being made", function()
    local dir <close>, of = project()
    sample.write(dir, "m", "a", { steps = 3, cooldown = "2026-03-02T00:00:00Z", reason = "look" })
    assert.same({
      slug = "a", status = "planning", cursor = "planning:review", awaiting_review = true,
      last_touch = "2026-03-01T06:15:00.000+00:00", cooldown = "2026-03-02T00:00:00Z",
        reason = "look",
    }, row_of(dir, of, "a"))
  end)

  it("gives the current phase of one that is ready or in progress, and none of others", function()
    local dir <close>, of = project()
    for status, cursor in pairs { ready = "phase-2-part-2.md",
      ["in-progress"] = "phase-2-part-2.md",
      done = false, skipped = false } do
      sample.write(dir, "m", status, { status = status, phases = 3 })
      assert.equal(cursor or nil, row_of(dir, of, status).cursor)
    end
    sample.write(dir, "m", "none", { status = "ready" })
    assert.is_nil(row_of(dir, of, "none").cursor)
    local manifest = sample.manifest("odd", { status = "ready", phases = 1 })
    dir:write("m/odd/manifest.json", (manifest:gsub("phase%-1", ".//a/./phase-1")))
    assert.equal("a/phase-1-part-1.md", row_of(dir, of, "odd").cursor)
  end)

  it("takes an empty reason as none", function()
    local dir <close>, of = project()
    sample.write(dir, "m", "a", { reason = "" })
    assert.is_nil(row_of(dir, of, "a").reason)
  end)

  it("says what is wrong with a plan's state", function()
    local dir <close>, of = project()
    sample.write(dir, "m", "a", { steps = 1 })
    dir:write("m/a/.planning/state.json", "{}")
    assert.same({ "planning:blocked", "planning-state-invalid" },
      { row_of(dir, of, "a").cursor, row_of(dir, of, "a").reason })
    tmp.remove(dir:join("m/a/.planning"))
    assert.same({ "planning:blocked", "planning-state-missing" },
      { row_of(dir, of, "a").cursor, row_of(dir, of, "a").reason })
  end)

  it("has a row for what cannot be read", function()
    local dir <close>, of = project()
    dir:mkdir("m/a")
    local function expect(reason)
      local row = row_of(dir, of, "a")
      assert.same({ "invalid-manifest", "blocked", false }, { row.status, row.cursor,
        row.awaiting_review })
      assert.matches("^" .. reason, row.reason)
      assert.is_nil(row.reason:find("\n"))
    end
    expect "missing%-manifest$"
    dir:write("m/a/manifest.json", "{")
    expect "invalid%-manifest: .+"
    tmp.remove(dir:join("m/a/manifest.json"))
    os.execute("mkfifo " .. dir:join("m/a/manifest.json"))
    expect "invalid%-manifest: .*not a regular file"
    tmp.remove(dir:join("m/a"))
    expect "missing%-manifest$"
    dir:symlink("/", "m/a")
    expect "invalid%-manifest: .+"
  end)
end)

describe("planning.rows.list", function()
  it("lists real, visible directories in byte order, as wanted", function()
    local dir <close>, of = project()
    for _, slug in ipairs { "b", "a", "B", "-x", "a b", "z\n" } do
      sample.write(dir, "m", slug, { steps = 0 })
    end
    sample.write(dir, "m", ".hidden")
    sample.write(dir, "m", "__internal")
    dir:symlink("a", "m/link")
    dir:write("m/file", "")
    local slugs = {}
    for i, row in ipairs(assert(rows.list(of, everything))) do
      slugs[i] = row.slug
    end
    assert.same({ "-x", "B", "a", "a b", "b", "z\n" }, slugs)
    assert.same(1, #rows.list(of, function(row)
      return row.slug == "B"
    end))
  end)

  it("says what is missing", function()
    local dir <close>, of = project()
    tmp.remove(dir:join("m"))
    local list, message, name, fix = rows.list(of, everything)
    assert.is_nil(list)
    assert.same({ "there is no live migrations directory: " .. dir:join("m"), "ECONFIG",
      "mighost init" },
      { message, name, fix })
    dir:write("m", "a file")
    list, message, name = rows.list(of, everything)
    assert.is_string(message)
    assert.is_nil(list)
    assert.equal("ECONFIG", name)
  end)
end)
