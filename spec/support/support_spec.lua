--- The tools of the specs are tested too: a helper that hides a failure would hide all of them.

local git = require "spec.support.git"
local leftovers = require "spec.support.leftovers"
local processes = require "spec.support.processes"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

describe("spec.support.tmp", function()
  it("removes the folder with everything in it when it goes out of scope", function()
    local path
    do
      local dir <close> = tmp.dir()
      path = dir.path
      dir:write("a/b/c.txt", "text\0bytes")
      assert.equal("text\0bytes", dir:read("a/b/c.txt"))
      assert.same({ "a" }, dir:names())
      assert.is_true(dir:exists("a/b"))
    end
    assert.is_nil(io.open(path))
  end)

  it("removes a link to a folder and not what is behind it", function()
    local kept <close> = tmp.dir()
    kept:write("file", "kept")
    do
      local dir <close> = tmp.dir()
      dir:symlink(kept.path, "link")
      assert.equal("kept", dir:read("link/file"))
    end
    assert.equal("kept", kept:read("file"))
  end)
end)

describe("spec.support.sh", function()
  it("reports exit code, output and errors apart", function()
    local result = sh.run { argv = { "sh", "-c", "cat; echo \"$WORD\" >&2; exit 3" }, stdin = "in",
      env = { WORD = "it's" } }
    assert.same({ exit = 3, stdout = "in", stderr = "it's\n" }, result)
  end)

  it("reports the signal that ended a program", function()
    local result = sh.run { argv = { "sh", "-c", "kill -TERM $$" } }
    assert.is_nil(result.exit)
    assert.equal(15, result.signal)
  end)

  it("takes variables away", function()
    local argv = { "sh", "-c", "printf %s \"$HOME\"" }
    assert.equal("", sh.check { argv = argv, env = { HOME = false } })
  end)

  it("raises with the output when a checked program fails", function()
    assert.has_error(function()
      sh.check { argv = { "sh", "-c", "echo why >&2; exit 1" } }
    end)
  end)
end)

describe("spec.support.git", function()
  it("makes a repository with an identity and commits", function()
    local repo <close> = git.repo()
    repo:write("dir/a.txt", "a\n")
    assert.equal("?? dir/a.txt", repo:status())
    local id = repo:commit("Add a")
    assert.equal(id, repo:head())
    assert.equal("", repo:status())
    assert.equal("Add a", repo:git("log", "-1", "--format=%s"))
  end)

  it("makes an unborn and a bare one", function()
    local unborn <close> = git.repo { unborn = true }
    assert.has_error(function() unborn:head() end)
    local bare <close> = git.repo { bare = true }
    assert.equal("true", bare:git("rev-parse", "--is-bare-repository"))
  end)
end)

describe("spec.support.leftovers", function()
  it("names a descriptor that stayed open", function()
    local dir <close> = tmp.dir()
    local before = { descriptors = leftovers.descriptors() }
    local file <close> = assert(io.open(dir:write("open", "")))
    local left = leftovers.since(before)
    assert.equal(1, #left)
    assert.matches("still open: " .. dir:join("open"), left[1], 1, true)
    file:close()
    assert.same({}, leftovers.since(before))
  end)

  it("names a child that nobody waited for", function()
    local before = { descriptors = leftovers.descriptors() }
    local pipe <close> = assert(io.popen("cat >/dev/null", "w"))
    local left = table.concat(leftovers.since(before), "\n")
    assert.matches("child process %d+ is still there", left)
    pipe:close()
    assert.same({}, leftovers.since(before))
  end)
end)

describe("spec.support.processes", function()
  it("finds a marked process until it has ended", function()
    local dir <close> = tmp.dir()
    local up = processes.fifo(dir, "up")
    local mark = processes.mark()
    local handle = assert(io.popen(("exec env %s=%s sh -c 'echo $$ > %s; exec sleep 60'"):format(
      processes.NAME, mark, up), "w"))
    local id = processes.read_line(up)
    assert.same({ id }, processes.marked(mark))
    assert.same({}, processes.marked(processes.mark()))
    processes.kill("TERM", id)
    assert.is_true(processes.wait_until(10, function()
      return #processes.marked(mark) == 0
    end))
    handle:close()
  end)

  it("gives up waiting", function()
    assert.is_false(processes.wait_until(0.05, function()
      return false
    end))
  end)
end)
