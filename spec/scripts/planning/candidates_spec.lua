local candidates = require "planning.candidates"
local fs = require "host.fs"
local lock = require "host.lock"
local manifest = require "migration.manifest"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

local FUTURE <const> = "2999-01-01T00:00:00.000+00:00"

local function ignore() end

local function project_in(dir)
  return { root = dir.path, common = dir.path, live = "live", live_path = dir:mkdir("live") }
end

local function add(dir, slug, changes)
  local made = tables.copy(manifest.new { slug = slug, now = "2026-01-01T00:00:00.000+00:00" },
    changes)
  dir:write(("live/%s/manifest.json"):format(slug), manifest.encode(made))
end

local function choose(dir, opts, notify)
  return candidates.choose(project_in(dir), dir:join("place"), opts, notify or ignore)
end

describe("planning.candidates", function()
  it("makes a slug from a target: forty characters at most, and the time", function()
    local dir <close> = tmp.dir()
    local choice = assert(choose(dir, { target = ("Ünder the bridge, "):rep(5) }))
    local name = choice.slugs[1]:match("^(.-)%-%d%d%d%d%d%d%d%dT%d%d%d%d%d%d$")
    assert.is_true(#name <= 40)
    assert.matches("^nder%-the%-bridge", name)
    assert.is_truthy(assert(choose(dir, { target = "…" })).slugs[1]:find("^migration%-%d"))
  end)

  it("takes a slug that is there, by name or by path", function()
    local dir <close> = tmp.dir()
    project_in(dir)
    add(dir, "alpha")
    assert.same({ "alpha" }, choose(dir, { slug = "alpha" }).slugs)
    assert.same({ "alpha" }, choose(dir, { slug = "live/alpha" }).slugs)
    assert.same({ "alpha" }, choose(dir, { slug = "alpha", target = "T" }).slugs)
  end)

  it("takes a new slug with a target, and none without", function()
    local dir <close> = tmp.dir()
    local choice = assert(choose(dir, { slug = "alpha-1.b_c", target = "T" }))
    assert.same({ "alpha-1.b_c" }, choice.slugs)
    assert.equal("T", choice.target)
    local none, message, name, fix = choose(dir, { slug = "alpha" })
    assert.is_nil(none)
    assert.matches("there is no migration 'alpha' in live", message)
    assert.same({ "EUSAGE", "mighost plan alpha --target TEXT" }, { name, fix })
  end)

  it("knows of one that another process is starting", function()
    local dir <close> = tmp.dir()
    dir:mkdir("mighost/leases")
    local leases <close> = assert(fs.open_dir(dir:join("mighost/leases")))
    local held = assert(lock.take(leases, "alpha.lock", "pid 7 on b, plan\nmore\n"))
    local none, message, name = choose(dir, { slug = "alpha" })
    assert.is_nil(none)
    assert.same({ "another process is starting 'alpha' (pid 7 on b, plan)", "EBUSY" },
      { message, name })
    held:drop()
    assert.equal("EUSAGE", select(3, choose(dir, { slug = "alpha" })))
  end)

  it("goes on with an answer that waits, even without a target", function()
    local dir <close> = tmp.dir()
    dir:write("place/work/alpha/0123/accepted", [[{"schema":1,"slug":"alpha","step":"s",
      "outcome":"o","cursor":"c","stands":"planning","summary":"s","base_digest":"b",
      "base_tree":"","digest":"d","operation":"o","message":"m"}]])
    assert.same({ "alpha" }, choose(dir, { slug = "alpha" }).slugs)
    project_in(dir)
    add(dir, "beta")
    assert.same({ "alpha", "beta" }, choose(dir, {}).slugs)
    add(dir, "alpha")
    assert.same({ "alpha", "beta" }, choose(dir, {}).slugs)
  end)

  it("refuses slugs and targets that cannot be", function()
    local dir <close> = tmp.dir()
    for _, slug in ipairs { "", ".a", "_a", "-a", "a b", "a\n", "ä", ("x"):rep(181) } do
      local choice, message, name = choose(dir, { slug = slug, target = "T" })
      assert.is_nil(choice, slug)
      assert.is_nil(message:find("[%c]"))
      assert.equal("EUSAGE", name)
    end
    local _, why = choose(dir, { slug = ("x"):rep(181), target = "T" })
    assert.equal(("'%s…' cannot name a migration: it has 181 bytes, and a name at most 180")
      :format(("x"):rep(60)), why)
    _, why = choose(dir, { slug = "__a", target = "T" })
    assert.matches("'__a' cannot name a migration: a letter or a digit, then", why, 1, true)
    for _, target in ipairs { "", " \n", "\xff", "a\0b" } do
      assert.equal("EUSAGE", select(3, choose(dir, { target = target })))
    end
  end)

  it("puts the oldest that may go on first, and counts those that wait", function()
    local dir <close> = tmp.dir()
    project_in(dir)
    add(dir, "young", { created_at = "2026-03-01T00:00:00Z" })
    add(dir, "old", { created_at = "2026-01-01T00:00:00Z" })
    add(dir, "cooling", { cooldown_until = FUTURE })
    add(dir, "human", { awaiting_human_review = true })
    add(dir, "ready", { status = "ready" })
    local choice = assert(choose(dir, {}))
    assert.same({ "old", "young" }, choice.slugs)
    assert.same({ cooling = 1, human = 1 }, choice.waiting)
  end)

  it("passes over what cannot be read, and says so", function()
    local dir <close> = tmp.dir()
    project_in(dir)
    add(dir, "alpha")
    dir:write("live/broken/manifest.json", "{")
    dir:mkdir("live/empty")
    local told = {}
    local choice = assert(choose(dir, {}, function(event)
      table.insert(told, event.text)
    end))
    assert.same({ "alpha" }, choice.slugs)
    assert.equal(2, #told)
    assert.matches("^broken is passed over", told[1])
  end)
end)
