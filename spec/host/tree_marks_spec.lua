--- host.tree.marks: what was touched in a tree between two looks, whatever it was.

local tree = require "host.tree"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local FLAGS <const> = {
  "size", "shrunk", "mtime", "mode", "owner", "links", "other", "written",
}

--- "<touch> <kind> <path> <flags>" for each entry that a shell script touches in a folder.
local function touched(dir, script, opts)
  local before = assert(tree.marks(dir.path, { settle = true, skip = opts and opts.skip }))
  sh.check { argv = { "sh", "-euc", script }, cwd = dir.path }
  local after = assert(tree.marks(dir.path, opts))
  local lines = {}
  for _, entry in ipairs(tree.touched(before, after)) do
    local words = { entry.touch, entry.kind, entry.path }
    for _, flag in ipairs(FLAGS) do
      words[#words + 1] = entry.touch == "changed" and entry[flag] and flag or nil
    end
    lines[#lines + 1] = table.concat(words, " ")
  end
  return lines
end

local function grow()
  local dir = tmp.dir()
  for _, path in ipairs { "a", "b/one", "b/two", "b/c/three", "b-c", "b.d" } do
    dir:write(path, "text\n")
  end
  sh.check { argv = { "sh", "-euc", "ln -s a link; mkfifo pipe; mkdir empty" }, cwd = dir.path }
  return dir
end

describe("tree.marks", function()
  it("sees each way to touch an entry, and no other entry", function()
    for script, expected in pairs {
      ["true"] = {},
      ["cat a b/one >copy; rm copy; ls -lR >/dev/null"] = {},
      ["echo more >>a"] = { "changed file a size mtime written" },
      [": >a"] = { "changed file a size shrunk mtime written" },
      ["echo TEXT >a"] = { "changed file a mtime written" },
      ["echo TEXT >a; touch -d 2001-01-01 a"] = { "changed file a mtime" },
      ["cp -p a x; echo TEXT >a; touch -r x a; rm x"] = { "changed file a other" },
      ["cp -p a x; mv x a"] = { "replaced file a" },
      ["chmod 755 b/one"] = { "changed file b/one mode" },
      ["chmod 755 b/one; chmod 644 b/one"] = { "changed file b/one other" },
      ["chmod 700 b/c"] = { "changed directory b/c mode" },
      ["chmod 700 ."] = { "changed directory  mode" },
      ["ln a b/new"] = { "changed file a links", "added file b/new" },
      ["ln a x; rm x"] = { "changed file a other" },
      ["ln -sfn b/one link"] = { "replaced symlink link" },
      ["rm link; cp a link"] = { "replaced file link" },
      ["rm pipe"] = { "removed other pipe" },
      ["mv b z"] = { "removed directory b", "added directory z" },
      ["mkdir -p new/er; echo x >new/er/file"] = { "added directory new" },
      ["mkfifo b/p"] = { "added other b/p" },
      ["mv b x; cp -a x b; chmod 755 b/one b-c"] = {
        "replaced directory b", "changed file b-c mode", "added directory x" },
      ["rm -r b; echo x >b"] = { "replaced file b" },
      ["touch empty"] = {},
    } do
      local dir <close> = grow()
      assert.same(expected, touched(dir, script), script)
    end
  end)

  it("sees a new owner", function()
    local dir <close> = grow()
    local found = sh.run { argv = { "chown", "12345", dir:join "b/one" } }
    if found.exit ~= 0 then
      return pending("only root may give a file away")
    end
    assert.same({ "changed file a owner" }, touched(dir, "chown 12345 a"))
  end)

  it("leaves out what it is told to", function()
    local dir <close> = grow()
    local opts = { skip = { "b", "link", "not there" } }
    assert.same({ "changed file b-c mode", "changed file b.d mode" },
      touched(dir, "echo x >b/new; chmod 700 b b-c b.d; rm link", opts))
  end)

  it("takes a folder that appears, disappears or is a file", function()
    local dir <close> = grow()
    local function look(name)
      return assert(tree.marks(dir:join(name)))
    end
    local nothing, file, folder = look "nothing/at/all", look "a", look "b"
    assert.same({}, tree.touched(nothing, look "nowhere"))
    assert.equal("added", tree.touched(nothing, folder)[1].touch)
    assert.equal(1, #tree.touched(folder, nothing))
    assert.same({ "", "replaced" }, { tree.touched(file, folder)[1].path,
      tree.touched(file, folder)[1].touch })
    dir:write("a", "other text\n")
    assert.equal("", tree.touched(file, look "a")[1].path)
  end)

  it("goes on where it may not look", function()
    local dir <close> = grow()
    sh.check { argv = { "chmod", "000", dir:join "b/c" } }
    assert.is_truthy(tree.marks(dir.path))
    sh.check { argv = { "chmod", "755", dir:join "b/c" } }
  end)

  it("has a limit", function()
    local dir <close> = grow()
    assert.is_truthy(tree.marks(dir.path, { max = 12 }))
    local marks, message, name = tree.marks(dir.path, { max = 11 })
    assert.is_nil(marks)
    assert.equal("EFBIG", name)
    assert.matches("holds more than 11 entries", message)
  end)

  it("looks at a tree whose folders come and go meanwhile", function()
    local dir <close> = grow()
    -- Until the file `stop` is there; the FIFO says that it is over.
    sh.check { argv = { "mkfifo", dir:join "over" } }
    assert(os.execute(("cd %s && { while ! [ -e stop ]; do mkdir -p x/1/2 y/3 z; rmdir x/1/2 "
      .. "x/1 x y/3 y z; done; echo over >over; } >/dev/null 2>&1 &"):format(sh.quote(dir.path))))
    local failure
    for _ = 1, 3000 do
      local marks, message = tree.marks(dir.path)
      if not marks then
        failure = message
      end
    end
    dir:write("stop", "")
    sh.check { argv = { "timeout", "60", "cat", dir:join "over" } }
    assert.is_nil(failure)
  end)

  it("refuses arguments of other kinds", function()
    assert.has_error(function() tree.marks() end)
    assert.has_error(function() tree.marks("/", { skip = "x" }) end)
    assert.has_error(function() tree.marks("/", { skip = { 1 } }) end)
    assert.has_error(function() tree.marks("/", { max = 0 }) end)
    assert.has_error(function() tree.touched({}, {}) end)
    local _, _, name = tree.marks "a\0b"
    assert.equal("EINVALIDPATH", name)
  end)

  it("notices a change at any moment after the first look", function()
    local dir <close> = tmp.dir()
    for round = 1, 30 do
      dir:write("file", ("%04d"):format(round))
      local before = assert(tree.marks(dir.path, { settle = true }))
      local file <close> = assert(io.open(dir:join "file", "r+"))
      file:write(("%04d"):format(round + 1))
      file:flush()
      assert.equal(1, #tree.touched(before, assert(tree.marks(dir.path))))
    end
  end)
end)
