local acceptance = require "planning.acceptance"
local fs = require "host.fs"
local json = require "lib.json"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

local RECORD <const> = {
  slug = "alpha", step = "expand", outcome = "completed", cursor = "review", stands = "planning",
  summary = "s", base_digest = "b", base_tree = "", digest = "d", operation = "planning.expand",
  message = "m\n\nWhy:\nx — ü\n",
}
local OPTIONAL <const> = { request = "r", commit = "c" }
local WITH_SCHEMA <const> = tables.copy(RECORD, { schema = 1 })

describe("planning.acceptance", function()
  local dir, opened

  before_each(function()
    dir = tmp.dir()
    opened = assert(fs.open_dir(dir.path))
  end)

  after_each(function()
    opened:close()
    dir:close()
  end)

  local function write(record)
    assert(acceptance.draft(opened, record))
    assert.is_false(acceptance.read(dir.path))
    assert(acceptance.sync(opened))
    assert(acceptance.confirm(opened))
    assert.same({ "accepted" }, dir:names())
  end

  it("is read as it was written", function()
    assert.is_false(acceptance.read(dir.path))
    write(RECORD)
    assert.same(WITH_SCHEMA, acceptance.read(dir.path))
    write(tables.copy(RECORD, OPTIONAL))
    assert.same(tables.copy(WITH_SCHEMA, OPTIONAL), acceptance.read(dir.path))
    assert.is_false(acceptance.read(dir.path, acceptance.PUBLISHED))
  end)

  it("is none before it is confirmed, nor where that cannot be", function()
    assert(acceptance.draft(opened, RECORD))
    acceptance.drop(opened)
    assert.same({}, dir:names())
    local _, _, name = acceptance.confirm(opened)
    assert.equal("ENOENT", name)
    dir:write("accepted/file", "")
    _, _, name = acceptance.draft(opened, RECORD)
    assert.equal("ENOTEMPTY", name)
  end)

  it("cannot be read without any one field, of another schema, or where it is none", function()
    for field in pairs(RECORD) do
      local damaged = tables.copy(WITH_SCHEMA)
      damaged[field] = nil
      dir:write("accepted", json.encode(damaged))
      assert.same({ nil, dir:join("accepted") .. " cannot be read: no " .. field },
        { acceptance.read(dir.path) })
    end
    dir:write("accepted", json.encode(tables.copy(WITH_SCHEMA, { schema = 2 })))
    assert.matches("unknown schema", select(2, acceptance.read(dir.path)))
    for _, text in ipairs { "", "{", "null", "7", "[]" } do
      dir:write("accepted", text)
      local record, message = acceptance.read(dir.path)
      assert.is_nil(record, text)
      assert.matches("accepted cannot be read: ", message)
    end
    assert.is_nil((acceptance.read("/nowhere/at/all")))
  end)

  it("takes note of the commit that published it, and lets be what is no record", function()
    assert.is_true(acceptance.note_commit(opened, "abc"))
    assert.same({}, dir:names())
    write(RECORD)
    assert.is_true(acceptance.note_commit(opened, "abc"))
    assert.same(tables.copy(WITH_SCHEMA, { commit = "abc" }), acceptance.read(dir.path))
    dir:write("accepted", "{")
    assert.is_true(acceptance.note_commit(opened, "abc"))
    assert.equal("{", dir:read("accepted"))
  end)
end)
