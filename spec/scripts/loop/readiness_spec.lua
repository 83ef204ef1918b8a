local actions = require "loop.action"
local candidates = require "loop.candidates"
local execution = require "loop.execution"
local loop = require "spec.support.loop"
local readiness = require "loop.readiness"
local sh = require "spec.support.sh"

local function check(site, body)
  local ctx = site:context { agent = body .. "\n# ready: is answered here" }
  local action <close> = assert(actions.begin(ctx, { kind = "phase", target = "move" }))
  local candidate = assert(candidates.find(ctx, "move"))
  return assert(readiness.ask(ctx, action, assert(execution.describe(ctx, candidate))))
end

describe("a ready-check", function()
  it("is the agent's answer with its reason", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    assert.equal("yes", check(site, "echo ready: yes").ready)
    local said = check(site, 'echo "ready: no - see $PWD/code.txt"')
    assert.same({ "no", "see <repo>/code.txt" }, { said.ready, said.reason })
    assert.same({ "failed", "agent-infra-failure" },
      { check(site, "echo well").ready, check(site, "echo well").failure_kind })
    assert.equal("agent-exited-nonzero", check(site, "exit 2").failure_kind)
  end)

  it("is worth nothing where it changed something, which is put back", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    site.repo:write("build/o", "object\n")
    for _, body in ipairs { "echo x >code.txt", "rm README", "echo x >new",
      "echo x >>migrations/move/plan.md", "git tag mine", "git commit -q --allow-empty -m x",
      "git config a.b c" } do
      site.repo:status()
      local picture = loop.picture(site.path)
      local said = check(site, body .. "; echo ready: yes")
      assert.equal("failed", said.ready, body)
      assert.equal(picture, loop.picture(site.path), body)
    end
  end)

  it("keeps as a patch what it puts back: it may have been a person's", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    -- as of somebody who saves a file while an agent that is held to its folder looks
    local ctx = site:context { agent = "echo ready: yes" }
    local action <close> = assert(actions.begin(ctx, { kind = "phase", target = "move" }))
    site.repo:write("code.txt", "a person's\n")
    local candidate = assert(candidates.find(ctx, "move"))
    local said = assert(readiness.ask(ctx, action, assert(execution.describe(ctx, candidate))))
    assert.equal("failed", said.ready)
    assert.matches("code.txt", said.reason)
    assert.equal("old\n", site.repo:read("code.txt"))
    local patch = sh.check { argv = { "sh", "-c", 'cat "$0"/*/rejected.patch', ctx.run.path } }
    assert.matches("\n%+a person's\n", patch)
  end)

  it("may not even build, and ignored files are put back as well", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    site.repo:write("build/o", "object\n")
    local picture = loop.picture(site.path)
    assert.equal("failed", check(site, "echo x >build/o; : >build/more; echo ready: yes").ready)
    assert.equal(picture, loop.picture(site.path))
  end)
end)
