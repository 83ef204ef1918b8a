local json = require "lib.json"
local older = require "planning.older"
local sys = require "host.sys"
local time = require "lib.time"
local tmp = require "spec.support.tmp"

describe("planning.older", function()
  local dir

  before_each(function()
    dir = tmp.dir()
  end)

  after_each(function()
    dir:close()
  end)

  local function own(fields)
    dir:write("__transactions__/.lock/owner.json", json.encode(fields))
  end

  local function lock()
    return older.look(dir.path).lock
  end

  local function refusal(slug)
    local ok, message, name, fix = older.check(dir.path, slug)
    assert.is_nil(ok)
    return message, name, fix
  end

  it("finds nothing where nothing is, and where all is ours", function()
    assert.same({ entries = {} }, older.look(dir.path))
    assert.same({ entries = {} }, older.look("/nowhere/at/all"))
    dir:write("__transactions__/.gitignore", "*\n")
    dir:mkdir("__transactions__/m@" .. ("0"):rep(32))
    assert.same({ entries = {} }, older.look(dir.path))
    assert.is_true(older.check(dir.path, "m"))
  end)

  it("judges a lock by its owner's process", function()
    local now = time.format(sys.now() + 5, 0)
    own { pid = 4194304 - 1, operation = "planning.expand", created_at = now }
    assert.same({ state = "dead", owner = "pid 4194303, planning.expand, " .. now }, lock())
    own { pid = sys.pid(), operation = "planning.expand", created_at = now }
    assert.equal("alive", lock().state)
    own { pid = sys.pid() }
    assert.same({ state = "alive", owner = "pid " .. sys.pid() }, lock())
    own { pid = sys.pid(), created_at = "2001-01-01T00:00:00.000+00:00" }
    assert.equal("dead", lock().state, "the process is younger than the lock")
    own { pid = sys.pid(), host = "somewhere.else", created_at = now }
    assert.equal("unknown", lock().state)
    own { pid = sys.pid(), host = sys.hostname() }
    assert.equal("alive", lock().state)
  end)

  it("counts a lock without an owner as dead once it is a minute old", function()
    dir:mkdir("__transactions__/.lock")
    assert.equal("unknown", lock().state)
    assert.matches("dead in %d+ s", lock().hint)
    for _, text in ipairs { "{", "[]", '{"pid": 0}', '{"pid": "1"}', '{"pid": 1e99}' } do
      dir:write("__transactions__/.lock/owner.json", text)
      assert.equal("unknown", lock().state)
    end
    assert(os.execute("touch -d '2 minutes ago' '" .. dir:join("__transactions__/.lock") .. "'"))
    assert.equal("dead", lock().state)
  end)

  it("cannot judge a lock that is not a directory, and passes over a dangling link", function()
    dir:write("__transactions__/.lock", "")
    assert(os.execute("touch -d '2 minutes ago' '" .. dir:join("__transactions__/.lock") .. "'"))
    assert.equal("unknown", lock().state)
    assert(os.remove(dir:join("__transactions__/.lock")))
    dir:symlink("nothing", "__transactions__/.lock")
    assert.is_nil(lock())
  end)

  it("knows which migrations a folder holds", function()
    dir:write("__transactions__/b/rollback/manifest.json", '{"name": "alpha"}')
    dir:write("__transactions__/b/staged/manifest.json", '{"name": "alpha"}')
    dir:write("__transactions__/a/x/manifest.json", "{")
    dir:mkdir("__transactions__/.hidden")
    dir:write("__transactions__/file", "")
    dir:symlink("b", "__transactions__/link")
    local found = older.look(dir.path)
    assert.same({ ".hidden", "a", "b", "link" }, { found.entries[1].name, found.entries[2].name,
      found.entries[3].name, found.entries[4].name })
    assert.same({ name = "b", slug = "alpha", slugs = { alpha = { "rollback", "staged" } } },
      found.entries[3])
    assert.same({ name = "a", slugs = {} }, found.entries[2])
  end)

  it("refuses to publish what a folder holds, and anything beside a lock", function()
    dir:write("__transactions__/b/staged/manifest.json", '{"name": "alpha"}')
    local message, name, fix = refusal "alpha"
    assert.matches("__transactions__/b holds alpha", message, 1, true)
    assert.same({ "EBUSY", "mighost migration doctor --repair" }, { name, fix })
    assert.is_true(older.check(dir.path, "beta"))
    assert.is_true(older.check(dir.path))
    own { pid = 4194303, operation = "planning.expand" }
    for _, slug in ipairs { "alpha", "beta", false } do
      message, name = refusal(slug or nil)
      assert.matches("pid 4194303, planning.expand", message, 1, true)
      assert.equal("EBUSY", name)
    end
  end)

  it("refuses where __transactions__ is not a directory", function()
    for _, make in ipairs {
      function() dir:write("__transactions__", "") end,
      function() dir:symlink("nothing", "__transactions__") end,
    } do
      make()
      assert.equal("EINVALIDPATH", (select(2, refusal "alpha")))
      assert.is_not_nil(older.look(dir.path).problem)
      os.remove(dir:join("__transactions__"))
    end
  end)
end)
