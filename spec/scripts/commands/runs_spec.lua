local json = require "lib.json"
local program = require "spec.support.program"
local project = require "spec.support.project"
local tmp = require "spec.support.tmp"

local function rows(result)
  local lines = {}
  for line in result.stdout:gmatch("[^\n]+") do
    local cells = {}
    for cell in (line .. "\t"):gmatch("([^\t]*)\t") do
      cells[#cells + 1] = cell
    end
    lines[#lines + 1] = cells
  end
  return lines
end

--- A project in which one plan was made and one failed.
local function with_runs()
  local p = project.new()
  assert(p:plan({ "alpha", "--target", "T", "--steps", "2" }).exit == 0)
  assert(p:plan({ "beta", "--target", "T" }, { agent = "/nosuch/agent" }).exit == 8)
  return p
end

describe("mighost runs", function()
  it("lists runs as tab-separated values", function()
    local p <close> = with_runs()
    local lines = rows(p:run { "runs" })
    assert.same({ "id", "started", "command", "outcome", "seconds", "calls", "cost_usd",
      "commits" }, lines[1])
    assert.equal(3, #lines)
    local outcomes = {}
    for index = 2, 3 do
      assert.equal(8, #lines[index])
      assert.equal("plan", lines[index][3])
      outcomes[lines[index][4]] = lines[index]
    end
    assert.equal("2", outcomes.completed[6])
    assert.equal("(none)", outcomes.completed[7])
    assert.equal("2", outcomes.completed[8])
    assert.equal("0", outcomes.failed[8])
    assert.equal(2, #rows(p:run { "runs", "--no-headers" }))
  end)

  it("shows the newest run, or the one that is named", function()
    local p <close> = with_runs()
    for _, cells in ipairs(rows(p:run { "runs", "--no-headers" })) do
      local shown = p:run { "runs", "show", cells[1] }
      assert.equal(0, shown.exit, shown.stderr)
      assert.equal(cells[1], shown.stdout:match("^%S+"))
      if cells[4] == "failed" then
        assert.matches("\nwhy       the agent command for approaches cannot be", shown.stdout)
      else
        assert.matches("\nspent     0 tokens in 2 calls\ncommits   2\nevidence  /", shown.stdout)
        assert.matches("\nCalls\n  planning/approaches +command +0:00\n", shown.stdout)
      end
      for line in shown.stdout:gmatch("[^\n]+") do
        assert.is_true(utf8.len(line) <= 80, line)
      end
    end
    assert.equal(0, p:run({ "runs", "show" }).exit)
  end)

  it("removes all but as many as are to be kept", function()
    local p <close> = with_runs()
    local newest = rows(p:run { "runs", "--no-headers" })[1][1]
    local oldest = rows(p:run { "runs", "--no-headers" })[2][1]
    assert.equal("", p:run({ "runs", "prune" }).stdout)
    assert.equal(oldest .. "\n", p:run({ "runs", "prune", "--keep", "1" }).stdout)
    assert.same({ newest }, json.decode(p:run({ "runs", "prune", "--keep", "0",
      "--json" }).stdout).data.removed)
    assert.equal(1, #rows(p:run { "runs" }))
  end)

  it("keeps as many as the configuration says", function()
    local p <close> = with_runs()
    local config = json.decode(p.repo:read(".mighost/config.json"))
    p.repo:write(".mighost/config.json", json.encode { schema_version = 1, keep_runs = 1,
      live_migrations_dir = config.live_migrations_dir })
    assert.equal(1, #rows({ stdout = p:run({ "runs", "prune" }).stdout }))
    p.repo:write(".mighost/config.json", json.encode { schema_version = 1, keep_runs = 0,
      live_migrations_dir = config.live_migrations_dir })
    assert.matches("keep_runs must be a whole number of runs from 1", p:run({ "runs" }).stderr)
  end)

  it("refuses what makes no sense", function()
    local p <close> = with_runs()
    for _, args in ipairs { { "nosuch" }, { "show", "nosuch" }, { "prune", "x" },
      { "show", "--keep", "3" }, { "--keep", "3" }, { "prune", "--keep", "-1" },
      { "show", "--no-headers" } } do
      local result = p:run { "runs", table.unpack(args) }
      assert.equal(2, result.exit, table.concat(args, " "))
      assert.matches("^mighost: ", result.stderr)
    end
    local dir <close> = tmp.dir()
    assert.equal(2, program.run({ args = { "runs" }, cwd = dir.path }).exit)
    local none <close> = project.new()
    assert.equal(2, none:run({ "runs", "show" }).exit)
  end)
end)
