local fs = require "host.fs"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"
local tree = require "host.tree"
local asides = require "planning.aside"
local workspace = require "planning.workspace"

local RECORD <const> = {
  slug = "alpha", step = "expand", outcome = "completed", cursor = "review", stands = "planning",
  summary = "s", base_digest = "b", base_tree = "", digest = "d", operation = "planning.expand",
  message = "m\n\nWhy:\nx — ü\n",
}

--- A new workspace with one file; returns it and its digest.
local function make(place, slug, text)
  local made = assert(workspace.create(place, slug))
  sh.check { argv = { "mkdir", made.path } }
  local dir <close> = assert(fs.open_dir(made.path))
  assert(dir:write("plan.md", text or "plan"))
  return made, assert(tree.digest(made.path))
end

local function record(changes)
  local changed = {}
  for key, value in pairs(RECORD) do
    changed[key] = changes and changes[key] or value
  end
  return changed
end

--- A lease that nobody else has.
local function free()
  return setmetatable({}, { __close = function() end })
end

describe("planning.workspace", function()
  it("makes folders of its own, each with another token", function()
    local dir <close> = tmp.dir()
    local place = workspace.place(dir.path, "id")
    local a, b = make(place, "alpha"), make(place, "alpha")
    assert.equal(("%s/projects/id/work/alpha/%s/alpha"):format(dir.path, a.token), a.path)
    assert.not_equal(a.token, b.token)
    assert.equal(32, #a.token)
  end)

  it("finds accepted answers again, just as they were recorded", function()
    local dir <close> = tmp.dir()
    local place = workspace.place(dir.path, "id")
    local made = make(place, "alpha")
    make(place, "alpha")
    assert(workspace.accept(made, RECORD))
    assert.same({ "alpha" }, workspace.slugs_with_answers(place))
    local accepted = {}
    for _, entry in ipairs(assert(workspace.list(place, "alpha"))) do
      if entry.record then
        entry.record.schema = nil
        table.insert(accepted, entry)
      end
    end
    assert.equal(1, #accepted)
    assert.same(RECORD, accepted[1].record)
    assert.equal(made.token, accepted[1].workspace.token)
  end)

  it("says why a record cannot be read, and never removes it", function()
    local dir <close> = tmp.dir()
    local place = workspace.place(dir.path, "id")
    for _, text in ipairs { "{", '{"schema":2}', '{"schema":1,"slug":"alpha"}' } do
      local made = make(place, "alpha")
      dir:write(made.folder:sub(#dir.path + 2) .. "/accepted", text)
    end
    for _, entry in ipairs(assert(workspace.list(place, "alpha"))) do
      assert.is_nil(entry.record)
      assert.matches("accepted cannot be read", entry.problem)
    end
    workspace.prune(place, free)
    assert.equal(3, #assert(workspace.list(place, "alpha")))
    assert.same({}, workspace.slugs_with_answers(place))
  end)

  it("finds nothing where nothing is", function()
    assert.same({}, workspace.list("/nowhere/at/all", "alpha"))
    assert.same({}, workspace.slugs_with_answers("/nowhere/at/all"))
    workspace.prune("/nowhere/at/all", free)
  end)

  it("leaves nothing of a record that cannot be made durable", function()
    local dir <close> = tmp.dir()
    local made = make(workspace.place(dir.path, "id"), "alpha")
    assert(tree.remove(made.path))
    local ok, message, name = workspace.accept(made, RECORD)
    assert.is_nil(ok)
    assert.is_string(message)
    assert.equal("ENOENT", name)
    sh.check { argv = { "rmdir", made.folder } }
  end)

  it("sets aside, and removes", function()
    local dir <close> = tmp.dir()
    local place = workspace.place(dir.path, "id")
    local a, b = make(place, "alpha"), make(place, "alpha")
    local kept = assert(workspace.set_aside(a, "it no longer fits"))
    assert.equal(place .. "/set-aside/alpha@" .. a.token, kept)
    local reason <close> = assert(io.open(kept .. ".why"))
    assert.equal("it no longer fits\n", reason:read("a"))
    local file <close> = assert(io.open(kept .. "/alpha/plan.md"))
    assert.equal("plan", file:read("a"))
    assert(workspace.remove(b))
    assert.same({}, workspace.list(place, "alpha"))
    assert(workspace.remove(b))
  end)

  it("notes that an answer is published", function()
    local dir <close> = tmp.dir()
    local place = workspace.place(dir.path, "id")
    local made = make(place, "alpha")
    assert.is_true(workspace.note_published(made.path, "abc")) -- it has no record
    assert(workspace.accept(made, RECORD))
    assert.is_true(workspace.note_published(made.path, "abc"))
    assert.equal("abc", workspace.list(place, "alpha")[1].record.commit)
    assert.is_true(workspace.note_published("/nowhere/at/all", "abc"))
  end)

  it("hands a published workspace on to the next step", function()
    local dir <close> = tmp.dir()
    local place = workspace.place(dir.path, "id")
    local made, digest = make(place, "alpha")
    assert(workspace.accept(made, record { digest = digest }))
    assert(workspace.rest(made))
    assert.same({}, workspace.slugs_with_answers(place))
    local woken = assert(workspace.wake(place, "alpha"))
    assert.not_equal(made.token, woken.token)
    assert.equal(digest, tree.digest(woken.path))
    assert.is_false(workspace.wake(place, "alpha"))
    assert.equal(1, #workspace.list(place, "alpha"))
  end)

  it("hands on one of several published ones, and no failed and no accepted one", function()
    local dir <close> = tmp.dir()
    local place = workspace.place(dir.path, "id")
    for _ = 1, 2 do
      local made = make(place, "alpha")
      assert(workspace.accept(made, RECORD))
      assert(workspace.rest(made))
    end
    assert(workspace.accept(make(place, "alpha"), RECORD))
    make(place, "alpha")
    assert(workspace.wake(place, "alpha"))
    assert.equal(3, #workspace.list(place, "alpha"))
    assert.is_false(workspace.wake(place, "alpha"))
  end)

  it("keeps the newest twenty, and all that are accepted or in use", function()
    local dir <close> = tmp.dir()
    local place = workspace.place(dir.path, "id")
    local accepted = make(place, "alpha")
    assert(workspace.accept(accepted, RECORD))
    local busy = make(place, "busy")
    local answer = make(place, "alpha")
    assert(workspace.accept(answer, RECORD))
    local unused = assert(workspace.set_aside(answer, "old")):match("[^/]+$")
    sh.check { argv = { "touch", "-d", "@1", place .. "/set-aside/" .. unused .. ".why" } }
    for index = 1, 23 do
      local made = make(place, "alpha")
      if index % 2 == 0 then
        assert(workspace.set_aside(made, "old"))
      end
      sh.check { argv = { "touch", "-d", "@" .. 1000000 + index,
        index % 2 == 0 and ("%s/set-aside/alpha@%s.why"):format(place, made.token)
          or made.folder } }
    end
    sh.check { argv = { "touch", "-d", "@1", busy.folder } }
    workspace.prune(place, function(slug)
      return slug ~= "busy" and free() or nil
    end)
    local names = asides.list(place)
    assert.equal(2 * #names, #dir:names("projects/id/set-aside")) -- each with its reason
    assert.equal(20 + 1, #names + #workspace.list(place, "alpha") - 1)
    assert.is_true(dir:exists("projects/id/set-aside/" .. unused))
    assert.equal(1, #workspace.list(place, "busy"))
    assert.equal("busy", busy.slug)
    assert.same({ "alpha" }, workspace.slugs_with_answers(place))
  end)
end)
