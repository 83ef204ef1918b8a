local failures = require "loop.failures"
local tmp = require "spec.support.tmp"

local function failure(run, evidence)
  return {
    run = run, attempt = 2, retry_number = 1, created_at = "now", role = "planning.state",
    decision = "blocked", retry = "human-review", failure_kind = "planning-state-missing",
    summary = "no state", artifacts = "/r", evidence = evidence or {},
  }
end

describe("loop.failures", function()
  it("keeps each failure in a file of its own, for its owner only", function()
    local dir <close> = tmp.dir()
    local path = assert(failures.keep(dir.path, failure("r1")))
    assert.equal(dir.path .. "/failures/r1-attempt-002-retry-01-planning.state.md", path)
    local second = assert(failures.keep(dir.path, failure("r1")))
    local third = assert(failures.keep(dir.path, failure("r1")))
    assert.equal(dir.path .. "/failures/r1-attempt-002-retry-01-planning.state~2.md", second)
    assert.equal(dir.path .. "/failures/r1-attempt-002-retry-01-planning.state~3.md", third)
    assert.equal("rw-------", require("lfs").attributes(path, "permissions"))
  end)

  it("shows the evidence, the ends of what is long, and what cannot be read", function()
    local dir <close> = tmp.dir()
    local short = dir:write("short.log", "one\27[31m line\n")
    local long = dir:write("long.log", "first\n" .. ("x"):rep(300000) .. "\nlast\n")
    local path = assert(failures.keep(dir.path, failure("r1", { short, long, dir:join("none"),
      dir:write("empty", ""), dir.path })))
    local text = dir:read("failures/" .. path:match("[^/]+$"))
    assert.matches("### " .. short:gsub("%p", "%%%0") .. "\n\n```\none line\n```", text)
    assert.is_truthy(text:find("```\nfirst\nxxx", 1, true))
    assert.is_truthy(text:find("xxx\nlast\n```", 1, true))
    assert.is_true(#text < 2 * 12000)
    assert.is_truthy(text:find("/none\n\nIt cannot be read: [^\n]*No such file"))
    assert.is_truthy(text:find("/empty\n\nIt is empty.\n", 1, true))
    assert.is_truthy(text:find("It cannot be read: [^\n]+\n$"))
  end)

  it("removes all but those of the newest runs", function()
    local dir <close> = tmp.dir()
    for number = 1, 5 do
      failures.keep(dir.path, failure("r" .. number))
      failures.keep(dir.path, failure("r" .. number))
    end
    dir:write("failures/notes.txt", "a person's")
    failures.prune(dir.path, 2)
    local names = dir:names("failures")
    table.sort(names)
    assert.equal(5, #names)
    assert.equal("notes.txt", names[1])
    assert.matches("^r4%-", names[2])
    failures.prune(dir:join("nowhere"), 2)
  end)

  it("knows the later of two runs that began in the same second", function()
    local dir <close> = tmp.dir()
    for _, id in ipairs { "20200101T000000-bb", "20200101T000000-cc", "20200101T000000-aa" } do
      assert(failures.keep(dir.path, failure(id)))
    end
    for index, id in ipairs { "bb", "cc", "aa" } do
      assert(require("lfs").touch(dir:join("failures/20200101T000000-" .. id
        .. "-attempt-002-retry-01-planning.state.md"), 1000 + index))
    end
    failures.prune(dir.path, 2)
    assert.same({ "20200101T000000-aa-attempt-002-retry-01-planning.state.md",
      "20200101T000000-cc-attempt-002-retry-01-planning.state.md" }, dir:names("failures"))
  end)

  it("says where it cannot keep one", function()
    local dir <close> = tmp.dir()
    dir:write("failures", "a file in its place")
    local path, message = failures.keep(dir.path, failure("r1"))
    assert.is_nil(path)
    assert.matches("^cannot keep a failure snapshot", message)
  end)
end)
