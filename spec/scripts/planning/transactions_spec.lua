local fs = require "host.fs"
local lock = require "host.lock"
local tmp = require "spec.support.tmp"
local transactions = require "planning.transactions"

describe("planning.transactions", function()
  local root

  before_each(function()
    root = tmp.dir()
    root:mkdir("live")
    root:mkdir("git/mighost/leases")
  end)

  after_each(function()
    root:close()
  end)

  ---Severity, code and the last part of the path of every finding.
  local function find()
    local found = {}
    for index, finding in ipairs(transactions.findings(root:join("live"), root:join("git"))) do
      assert.equal("__transactions__", finding.slug)
      assert.equal("doctor", finding.mode)
      assert.is_string(finding.message)
      found[index] = ("%s %s %s"):format(finding.severity, finding.code,
        finding.path:match("[^/]*$"))
    end
    return found
  end

  local function take(folder, name)
    local dir <close> = assert(fs.open_dir(root:join("git/mighost" .. folder)))
    return assert(lock.take(dir, name, "pid: 7\noperation: planning.expand\n"))
  end

  it("finds nothing where nothing was left", function()
    assert.same({}, find())
    root:write("live/__transactions__/.gitignore", "*\n")
    assert.same({}, find())
    root:write("git/mighost/leases/sample.lock", "pid: 7\n")
    root:write("git/mighost/repo.lock", "")
    assert.same({}, find())
    assert.same({}, transactions.findings(root:join("absent"), nil))
    assert.same({}, transactions.findings(root:join("live"), nil))
  end)

  it("reports every folder, hidden ones and links to folders too", function()
    root:mkdir("live/__transactions__/0123456789abcdef")
    root:mkdir("live/__transactions__/.hidden")
    root:mkdir("live/__transactions__/sample@0f0f")
    root:mkdir("elsewhere")
    root:symlink("../../elsewhere", "live/__transactions__/link")
    root:symlink("nowhere", "live/__transactions__/dangling")
    root:write("live/__transactions__/file", "")
    assert.same({
      "error transaction-leftover .hidden", "error transaction-leftover 0123456789abcdef",
      "error transaction-leftover link", "error transaction-leftover sample@0f0f",
    }, find())
  end)

  it("reports the older tool's lock in any form but a dangling link", function()
    root:mkdir("live/__transactions__/.lock")
    assert.same({ "error publish-lock-present .lock" }, find())
    os.remove(root:join("live/__transactions__/.lock"))
    root:write("live/__transactions__/.lock", "")
    assert.same({ "error publish-lock-present .lock" }, find())
    os.remove(root:join("live/__transactions__/.lock"))
    root:symlink("nowhere", "live/__transactions__/.lock")
    assert.same({}, find())
  end)

  it("reports a root that is not a folder, unless it leads nowhere", function()
    root:write("live/__transactions__", "")
    assert.same({ "error transaction-root-invalid __transactions__" }, find())
    os.remove(root:join("live/__transactions__"))
    root:symlink("nowhere", "live/__transactions__")
    assert.same({}, find())
    os.remove(root:join("live/__transactions__"))
    root:mkdir("elsewhere/left")
    root:symlink("../elsewhere", "live/__transactions__")
    assert.same({ "error transaction-leftover left" }, find())
  end)

  it("tells what a running process holds, and does not call its folder left over", function()
    root:mkdir("live/__transactions__/sample@0f0f")
    root:mkdir("live/__transactions__/other@0f0f")
    do
      local lease <close> = take("/leases", "sample.lock")
      local repo <close> = take("", "repo.lock")
      local worktree <close> = take("", "worktree-main.lock")
      assert.is_true(lease:verify() and repo:verify() and worktree:verify())
      assert.same({
        "error transaction-leftover other@0f0f", "info publish-lock-held repo.lock",
        "info publish-lock-held worktree-main.lock", "info publish-lock-held sample.lock",
      }, find())
      local findings = transactions.findings(root:join("live"), root:join("git"))
      assert.equal("held by a process that runs now: pid: 7, operation: planning.expand",
        findings[2].message)
    end
    assert.same({ "error transaction-leftover other@0f0f",
      "error transaction-leftover sample@0f0f" }, find())
  end)
end)
