--- host.tree: digests, snapshots, differences, copies and removal of whole trees.

local lfs = require "lfs"
local fs = require "host.fs"
local tree = require "host.tree"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local fails <const> = require("spec.support.failure").expect

-- From the definition of the digest, by sha256sum.
local ABC <const> = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
local EMPTY <const> = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

local function chmod(mode, path)
  sh.check { argv = { "chmod", mode, path } }
end

--- The digest as the documentation defines it, from an independent reading by plain tools.
local function define_digest(path)
  local dir <close> = tmp.dir()
  local script = dir:write("digest.py", [[
import hashlib, os, sys
root = os.fsencode(sys.argv[1])
records = []
for above, names, files in os.walk(root):
    for name in names + files + ([b""] if above == root else []):
        path = os.path.join(above, name)
        status = os.stat(path)
        relative = os.path.relpath(path, root) if name else b""
        kind, size, content = b"d", 0, b"-"
        if os.path.isfile(path):
            data = open(path, "rb").read()
            kind, size, content = b"f", len(data), hashlib.sha256(data).hexdigest().encode()
        records.append((relative, b"%s %04o %d %s %s\0" % (kind, status.st_mode & 0o777, size,
            content, relative)))
records.sort()
print(hashlib.sha256(b"mighost-tree 1\n" + b"".join(r for _, r in records)).hexdigest())
]])
  return (sh.check { argv = { "python3", script, path } }:gsub("\n", ""))
end

--- A tree with random content, the same for the same seed.
local function grow(dir, root, seed)
  local state = seed
  local function random(n)
    state = (state * 1103515245 + 12345) % 2147483648
    return state // 65536 % n
  end
  dir:mkdir(root)
  local folders = { root }
  for i = 1, 30 + random(30) do
    local above = folders[1 + random(#folders)]
    local name = string.char(97 + random(5), 33 + random(14), 45 + random(2)) .. i
    if random(4) == 0 then
      table.insert(folders, above .. "/" .. name)
      dir:mkdir(above .. "/" .. name)
    else
      dir:write(above .. "/" .. name, ("%d"):format(i):rep(random(3000)))
    end
  end
end

describe("host.tree", function()
  local dir

  before_each(function()
    dir = tmp.dir()
  end)

  after_each(function()
    dir:close()
  end)

  it("computes SHA-256", function()
    assert.are.equal(ABC, tree.sha256("abc"))
    assert.are.equal(EMPTY, tree.sha256(""))
  end)

  describe("digest", function()
    it("is what its definition says", function()
      for seed = 1, 8 do
        grow(dir, "t" .. seed, seed)
        local path = dir:join("t" .. seed)
        assert.are.equal(define_digest(path), tree.digest(path))
      end
    end)

    it("of a missing tree is one of its own", function()
      assert.are.equal(tree.sha256("mighost-tree 1 missing\n"), tree.digest(dir:join("missing")))
      assert.are.equal(tree.sha256("mighost-tree 1\nd 0755 0 - \0"),
        tree.digest(dir:mkdir("empty")))
      fails("ENOENT", tree.digest(dir:join("missing/way")))
    end)

    it("changes with every name, kind, permission bit and byte, and back", function()
      dir:write("t/a/file", "content")
      dir:write("t/run", "x")
      local path = dir:join("t")
      local seen = { [tree.digest(path)] = true }
      local function differs()
        local digest = tree.digest(path)
        assert.is_nil(seen[digest])
        seen[digest] = true
      end
      dir:write("t/a/file", "Content")
      differs()
      assert(os.rename(dir:join("t/a/file"), dir:join("t/a/File")))
      differs()
      assert(os.rename(dir:join("t/a/File"), dir:join("t/File")))
      differs()
      chmod("755", dir:join("t/run"))
      differs()
      chmod("700", dir:join("t/a"))
      differs()
      chmod("700", path)
      differs()
      dir:mkdir("t/new")
      differs()
      assert(lfs.rmdir(dir:join("t/new")))
      dir:write("t/new", "")
      differs()
    end)

    it("does not know link counts, times, and set-id bits", function()
      dir:write("t/file", "content")
      local before = tree.digest(dir:join("t"))
      assert(lfs.link(dir:join("t/file"), dir:join("other")))
      sh.check { argv = { "touch", "-d", "@1000000000", dir:join("t/file"), dir:join("t") } }
      chmod("u+s", dir:join("t/file"))
      assert.are.equal(before, tree.digest(dir:join("t")))
    end)

    it("takes any way to name the tree", function()
      dir:write("t/file", "content")
      local digest = tree.digest(dir:join("t"))
      for _, path in ipairs { "t/", "t///", "./t", "t/.", "t/../t" } do
        assert.are.equal(digest, tree.digest(dir:join(path)))
      end
      local missing = tree.sha256("mighost-tree 1 missing\n")
      assert.are.equal(missing, tree.digest("no-such-name"))
      assert.are_not.equal(missing, tree.digest("spec"))
      fails("EINVALIDPATH", tree.digest(dir:join("t\0")))
    end)
  end)

  describe("refuses by name", function()
    local function check(name, what)
      local message = fails("EINVALIDPATH", tree.digest(dir:join("t")))
      assert.is_truthy(message:find("t/sub/" .. name .. " is " .. what, 1, true), message)
      fails("EINVALIDPATH", tree.snapshot(dir:join("t")))
      fails("EINVALIDPATH", tree.copy(dir:join("t"), dir:join("copy")))
      fails("EINVALIDPATH", tree.sync(dir:join("t")))
      assert.is_false(dir:exists("copy"))
    end

    before_each(function()
      dir:write("t/sub/file", "content")
    end)

    it("a symbolic link, wherever it leads", function()
      dir:symlink("file", "t/sub/link")
      check("link", "a symbolic link")
    end)

    it("a dangling one", function()
      dir:symlink("nowhere", "t/sub/link")
      check("link", "a symbolic link")
    end)

    it("a link to a directory", function()
      dir:symlink("/", "t/sub/link")
      check("link", "a symbolic link")
    end)

    it("a FIFO, without hanging", function()
      sh.check { argv = { "mkfifo", dir:join("t/sub/pipe") } }
      check("pipe", "a FIFO")
    end)

    it("a socket", function()
      sh.check { argv = { "python3", "-c", "import socket,sys\n"
        .. "socket.socket(socket.AF_UNIX).bind(sys.argv[1])", dir:join("t/sub/s") } }
      check("s", "a socket")
    end)

    it("a root that is not a directory", function()
      dir:symlink("t", "link")
      dir:write("file", "")
      fails("EINVALIDPATH", tree.digest(dir:join("link")))
      fails("EINVALIDPATH", tree.digest(dir:join("file")))
      fails("EINVALIDPATH", tree.copy(dir:join("link"), dir:join("copy")))
      fails("EINVALIDPATH", tree.copy(dir:join("file"), dir:join("copy")))
      assert.is_false(dir:exists("copy"))
    end)
  end)

  describe("snapshot", function()
    it("names every entry but the root", function()
      dir:write("t/a/file", "abc")
      dir:write("t/empty", "")
      chmod("640", dir:join("t/empty"))
      local snapshot, digest = tree.snapshot(dir:join("t"))
      assert.are.same({
        a = { kind = "directory", size = 0, mode = 493 },
        ["a/file"] = { kind = "file", size = 3, mode = 420, sha256 = ABC },
        empty = { kind = "file", size = 0, mode = 416, sha256 = EMPTY },
      }, snapshot)
      assert.are.equal(tree.digest(dir:join("t")), digest)
    end)

    it("of a missing tree is empty", function()
      local snapshot, digest = tree.snapshot(dir:join("missing"))
      assert.are.same({}, snapshot)
      assert.are.equal(tree.digest(dir:join("missing")), digest)
    end)

    it("holds names of any bytes", function()
      dir:mkdir("t")
      local d <close> = assert(fs.open_dir(dir:join("t")))
      for byte = 1, 255 do
        if byte ~= ("/"):byte() then
          assert(d:write("n" .. string.char(byte), "abc", { durable = false }))
        end
      end
      local snapshot = tree.snapshot(dir:join("t"))
      for byte = 1, 255 do
        if byte ~= ("/"):byte() then
          assert.are.equal(ABC, snapshot["n" .. string.char(byte)].sha256)
        end
      end
      assert.are.equal(define_digest(dir:join("t")), tree.digest(dir:join("t")))
    end)
  end)

  describe("diff", function()
    it("sorts files into added, changed and removed", function()
      dir:write("t/same", "1")
      dir:write("t/changed", "1")
      dir:write("t/mode", "1")
      dir:write("t/removed/a", "1")
      dir:write("t/removed/b", "1")
      dir:write("t/turns", "a file")
      local before = tree.snapshot(dir:join("t"))
      dir:write("t/changed", "2")
      chmod("755", dir:join("t/mode"))
      assert(tree.remove(dir:join("t/removed")))
      assert(os.remove(dir:join("t/turns")))
      dir:write("t/turns/inside", "1")
      dir:write("t/a-new", "1")
      local after = tree.snapshot(dir:join("t"))
      assert.are.same({
        added = { "a-new", "turns/inside" },
        changed = { "changed", "mode" },
        removed = { "removed/a", "removed/b", "turns" },
      }, tree.diff(before, after))
      assert.are.same({ added = {}, changed = {}, removed = {} }, tree.diff(after, after))
    end)

    it("agrees with plain tables on generated trees", function()
      for seed = 1, 5 do
        grow(dir, "a" .. seed, seed)
        grow(dir, "b" .. seed, seed + 100)
        local a = tree.snapshot(dir:join("a" .. seed))
        local b = tree.snapshot(dir:join("b" .. seed))
        local expected = { added = {}, changed = {}, removed = {} }
        for path, entry in pairs(b) do
          local old = a[path] and a[path].kind == "file" and a[path]
          if entry.kind == "file" and not old then
            table.insert(expected.added, path)
          elseif entry.kind == "file" and old.sha256 ~= entry.sha256 then
            table.insert(expected.changed, path)
          end
        end
        for path, entry in pairs(a) do
          if entry.kind == "file" and not (b[path] and b[path].kind == "file") then
            table.insert(expected.removed, path)
          end
        end
        for _, list in pairs(expected) do
          table.sort(list)
        end
        assert.are.same(expected, tree.diff(a, b))
      end
    end)

    it("raises for anything else", function()
      local snapshot = tree.snapshot(dir:mkdir("t"))
      assert.has_error(function() tree.diff(snapshot, {}) end)
      assert.has_error(function() tree.diff(nil, snapshot) end)
    end)
  end)

  describe("copy", function()
    it("makes an equal tree of its own", function()
      grow(dir, "t", 42)
      dir:write("t/large", ("0123456789abcdef"):rep(50000))
      dir:write("t/run", "#!/bin/sh\n")
      chmod("755", dir:join("t/run"))
      chmod("700", dir:join("t"))
      assert.is_true(tree.copy(dir:join("t"), dir:join("copy")))
      assert.are.equal(tree.digest(dir:join("t")), tree.digest(dir:join("copy")))
      dir:write("copy/run", "changed")
      assert.are.equal("#!/bin/sh\n", dir:read("t/run"))
    end)

    it("keeps the bits of directories that are closed to writing", function()
      dir:write("t/closed/file", "text")
      chmod("555", dir:join("t/closed"))
      chmod("555", dir:join("t"))
      assert.is_true(tree.copy(dir:join("t"), dir:join("copy")))
      assert.are.equal(tree.digest(dir:join("t")), tree.digest(dir:join("copy")))
    end)

    it("makes files of hard links", function()
      dir:write("t/a", "text")
      assert(lfs.link(dir:join("t/a"), dir:join("t/b")))
      assert.is_true(tree.copy(dir:join("t"), dir:join("copy")))
      dir:write("copy/a", "other")
      assert.are.equal("text", dir:read("copy/b"))
    end)

    it("refuses a place that is taken, missing or inside", function()
      dir:write("t/sub/file", "text")
      dir:write("file", "kept")
      dir:mkdir("taken")
      fails("EEXIST", tree.copy(dir:join("t"), dir:join("taken")))
      fails("EEXIST", tree.copy(dir:join("t"), dir:join("file")))
      fails("ENOENT", tree.copy(dir:join("t"), dir:join("missing/copy")))
      fails("ENOENT", tree.copy(dir:join("missing"), dir:join("copy")))
      fails("EINVALIDPATH", tree.copy(dir:join("t"), dir:join("t/copy")))
      fails("EINVALIDPATH", tree.copy(dir:join("t"), dir:join("t/sub/copy")))
      assert.are.same({ "file", "t", "taken" }, dir:names())
      assert.are.same({ "sub" }, dir:names("t"))
      assert.are.same({ "file" }, dir:names("t/sub"))
      assert.are.equal("kept", dir:read("file"))
    end)
  end)

  describe("remove", function()
    it("removes everything beneath, and no link's target", function()
      grow(dir, "t", 7)
      dir:write("outside/file", "kept")
      dir:symlink("../outside", "t/link")
      dir:symlink("../outside/file", "t/file-link")
      dir:symlink("nowhere", "t/dangling")
      sh.check { argv = { "mkfifo", dir:join("t/pipe") } }
      chmod("000", dir:mkdir("t/closed"))
      assert.is_true(tree.remove(dir:join("t")))
      assert.are.same({ "outside" }, dir:names())
      assert.are.equal("kept", dir:read("outside/file"))
    end)

    it("removes a link or a file of that name, and accepts what is gone", function()
      dir:write("outside/file", "kept")
      dir:symlink("outside", "link")
      assert.is_true(tree.remove(dir:join("link")))
      assert.is_true(tree.remove(dir:join("missing")))
      assert.is_true(tree.remove(dir:join("missing/way")))
      assert.are.same({ "outside" }, dir:names())
      assert.is_true(tree.remove(dir:join("outside/file")))
      assert.are.same({}, dir:names("outside"))
    end)
  end)

  it("makes a tree durable, small or large", function()
    dir:write("small/a/file", "text")
    grow(dir, "large", 3)
    assert.is_true(tree.sync(dir:join("small")))
    assert.is_true(tree.sync(dir:join("large")))
    fails("ENOENT", tree.sync(dir:join("missing")))
  end)

  it("raises for wrong arguments", function()
    assert.has_error(function() tree.digest() end)
    assert.has_error(function() tree.copy("x") end)
    assert.has_error(function() tree.remove({}) end)
  end)
end)
