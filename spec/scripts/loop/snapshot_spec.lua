local json = require "lib.json"
local snapshot = require "loop.snapshot"
local tables = require "lib.tables"

local function failure(more)
  return tables.copy({
    run = "20260101T000000-abcdef", attempt = 3, retry_number = 2,
    created_at = "2026-01-01T00:00:00.000+00:00", target = 'a "quoted"\nname', role = "refactor",
    decision = "abandon", retry = "new-target", failure_kind = "timeout",
    summary = "it took too long", artifacts = "/state/runs/1", evidence = { "/a b", "/c" },
  }, more)
end

describe("loop.snapshot", function()
  it("begins with front matter that reads as YAML and line by line as JSON", function()
    local text = snapshot.text(failure(), {})
    local front = text:match("^%-%-%-\n(.-)\n%-%-%-\n")
    local read = {}
    for key, value in front:gmatch("([%w_]+): ([^\n]+)") do
      read[key] = json.decode(value)
    end
    assert.equal(1, read.schema_version)
    assert.equal('a "quoted"\nname', read.target)
    assert.equal("refactor", read.role)
    assert.equal("abandon", read.decision)
    assert.equal("new-target", read.retry_recommendation)
    assert.equal("timeout", read.failure_kind)
    assert.equal(3, read.attempt)
    assert.equal(2, read.retry)
    assert.same({ "/a b", "/c" }, read.evidence)
    assert.equal("/state/runs/1", read.artifacts)
    assert.equal(json.null, json.decode(snapshot.text({
      run = "r", attempt = 1, retry_number = 1, created_at = "", role = "x", decision = "blocked",
      retry = "none", failure_kind = "k", summary = "s", artifacts = "/", evidence = {},
    }, {}):match("\ntarget: ([^\n]+)")))
  end)

  it("says what failed, why, and what to do", function()
    local text = snapshot.text(failure { why = "because", next_step = "Do this." }, {})
    assert.matches("\n# refactor: timeout\n\n## What failed\n\nit took too long\n\n"
      .. "## Why\n\nbecause\n\n## Next step\n\nDo this%.\n$", text)
    assert.is_nil(text:find("## Evidence", 1, true))
    assert.matches("## Why\n\n%S", snapshot.text(failure(), {}))
    assert.matches("## Next step\n\n%S", snapshot.text(failure(), {}))
  end)

  it("shows evidence so that nothing in it can end its fence", function()
    local text = snapshot.text(failure(), {
      { path = "/x\n# not a heading", excerpt = "```\n# inside\n```" },
      { path = "/y", problem = "It cannot be read." },
    })
    assert.matches("\n### /x # not a heading\n\n````\n```\n# inside\n```\n````\n", text)
    assert.matches("\n### /y\n\nIt cannot be read%.\n$", text)
  end)

  it("cuts the middle of a long text out, at whole characters", function()
    assert.equal("short", snapshot.excerpt("short\n"))
    local long = ("é"):rep(5000) .. "MIDDLE" .. ("ü"):rep(20000) .. "end"
    local shown = snapshot.excerpt(long)
    assert.is_true(utf8.len(shown) <= snapshot.LIMIT)
    assert.is_true(utf8.len(shown) > snapshot.LIMIT - 10)
    assert.matches("^é+", shown)
    assert.matches("ü+end$", shown)
    local head, left, tail = shown:match("^(.-)\n%[… (%d+) characters left out …%]\n(.*)$")
    assert.equal(utf8.len(long), utf8.len(head) + tonumber(left) + utf8.len(tail))
    for limit = 60, 90 do
      assert.is_true(utf8.len(snapshot.excerpt(("ab\27[1m"):rep(500), limit)) <= limit)
    end
  end)
end)
