local fs = require "host.fs"
local inventory = require "loop.inventory"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local function take(dir, skip)
  return assert(inventory.take(dir.path, skip or {})).entries
end

local function shell(dir, script)
  sh.check { argv = { "sh", "-c", script }, cwd = dir.path }
end

describe("an inventory", function()
  it("has every entry with its kind, permissions, size and target", function()
    local dir <close> = tmp.dir()
    shell(dir, [[mkdir -p 'a b' && printf hello >'a b/new
line' && chmod 640 'a b/new
line' && ln -s 'a b' link && mkfifo pipe && chmod 2755 'a b' && : >'"q"']])
    local entries = take(dir)
    assert.same({ '"q"', "a b", "a b/new\nline", "link", "pipe" }, inventory.paths(entries))
    local file = entries["a b/new\nline"]
    assert.same({ "file", 0x1A0, 5, false }, { file.kind, file.mode, file.size, file.is_closed })
    assert.same({ "directory", 0x5ED }, { entries["a b"].kind, entries["a b"].mode })
    assert.same({ "symlink", "a b" }, { entries.link.kind, entries.link.target })
    assert.equal("fifo", entries.pipe.kind)
  end)

  it("leaves out git's folder, what is in others' and what it is told to, but no .git file",
    function()
      local dir <close> = tmp.dir()
      shell(dir, "mkdir -p .git/x sub 'k[e]pt*/in' other/.git/x; echo gitdir: ../.git/x >sub/.git")
      local entries = take(dir, { "k[e]pt*" })
      assert.same({ "other", "other/.git", "sub", "sub/.git" }, inventory.paths(entries))
      assert.equal("repository", entries["other/.git"].kind)
      assert.equal("file", entries["sub/.git"].kind)
      assert.same({ "k[e]pt*", "k[e]pt*/in", "other", "other/.git", "sub", "sub/.git" },
        inventory.paths(take(dir, { "k[x]pt*", "kept" })))
    end)

  it("tells an entry that was written to, whatever its times say", function()
    local dir <close> = tmp.dir()
    shell(dir, "echo a >a; echo b >b; mkdir d")
    local before = take(dir)
    shell(dir, [[touch -r a ref
      until [ "$(stat -c %z a)" != "$(touch x; stat -c %z x)" ]; do :; done
      echo c >a; touch -r ref a; rm x ref; : >d/in]])
    local after = take(dir)
    assert.is_false(inventory.is_same(before.a, after.a))
    assert.is_true(inventory.is_same(before.b, after.b))
    assert.is_true(inventory.is_same(before.d, after.d))
  end)

  it("is read back as it was written", function()
    local dir <close> = tmp.dir()
    shell(dir, "mkdir tree && cd tree && echo a >'a\nb' && ln -s nowhere l && mkdir d && mkfifo p "
      .. "&& mkdir d/.git")
    local before = assert(inventory.take(dir:join("tree"), {}))
    before.entries["a\nb"].oid = "78981922613b2afb6025042ff6bd878ac1994e85"
    local place <close> = assert(fs.open_dir(dir.path))
    assert(inventory.write(place, "list", before))
    local read = assert(inventory.read(place, "list"))
    assert.same(before.entries, read.entries)
    assert.is_true(math.abs(before.taken - read.taken) < 1e-6)
  end)

  it("that is damaged is refused", function()
    local dir <close> = tmp.dir()
    local place <close> = assert(fs.open_dir(dir.path))
    assert(inventory.write(place, "list", { taken = 1, entries = {} }))
    local whole = dir:read("list")
    for _, damaged in ipairs { "", whole:sub(1, -2), "other" .. whole, whole:sub(1, 20) } do
      dir:write("list", damaged)
      local read, message, name = inventory.read(place, "list")
      assert.is_nil(read)
      assert.same({ true, "ECORRUPT" }, { message:find("damaged", 1, true) ~= nil, name })
    end
    local _, _, name = inventory.read(place, "nowhere")
    assert.equal("ENOENT", name)
  end)

  it("of nothing that is there fails", function()
    local read, message = inventory.take("/nowhere/at/all", {})
    assert.is_nil(read)
    assert.matches("cannot look through /nowhere", message)
  end)

  it("notes what it cannot look into", function()
    if require("host.sys").user().uid == 0 then
      pending("root may read everything")
    end
    local dir <close> = tmp.dir()
    shell(dir, "mkdir closed && : >closed/in && : >file && chmod 0 closed file")
    local entries = take(dir)
    shell(dir, "chmod 700 closed")
    assert.same({ "closed", "file" }, inventory.paths(entries))
    assert.same({ true, true }, { entries.closed.is_closed, entries.file.is_closed })
  end)
end)
