local project = require "spec.support.project"
local running = require "spec.support.running"
local setup = require "loop.setup"

local function refused(p, expected, opts)
  local all = { command = "run", with = "replay", focus = true, validation_command = "true",
    on_event = function() end }
  for name, value in pairs(opts or {}) do
    all[name] = value or nil
  end
  local prepared, message, name = setup.prepare(p:open(), all)
  assert.is_nil(prepared)
  assert.equal(expected, name, message)
end

describe("loop.setup", function()
  it("gives all that a run needs, and keeps what it is told", function()
    local p <close> = project.new()
    p.repo:write("src/a.c", "x")
    p.repo:commit("Add a source")
    local ctx <close>, events, prepared =
      running.context(p, { focus = false, globs = "src/*", max_refactors = 1 })
    assert.same({ "README", "src/a.c" }, ctx.tracked)
    assert.equal("src/a.c", prepared.source.take().description)
    assert.equal("low", ctx.session:step_options("x").effort)
    ctx.report { kind = "warning", text = "odd", attempt = 3 }
    ctx.report { kind = "progress", elapsed = 1 }
    ctx.report { kind = "outcome", attempt = 3, role = "refactor", decision = "commit",
      commit = "abc", text = "it is done" }
    assert.equal(3, #events)
    local log = p.home:read(ctx.run.path:sub(#p.home.path + 2) .. "/run.log")
    assert.matches("warning  warning  attempt=3  odd\n", log)
    assert.matches("info  outcome  attempt=3  role=refactor  commit: it is done\n$", log)
    assert.is_nil(log:find("progress", 1, true))
    local summary = p.home:read(ctx.run.path:sub(#p.home.path + 2) .. "/summary.json")
    assert.matches('"validation_text":"true"', summary)
  end)

  it("has no source of targets where only migrations are looked at", function()
    local p <close> = project.new()
    local ctx <close>, _, prepared = running.context(p)
    assert.is_nil(prepared.source)
    assert.is_truthy(ctx.run)
  end)

  it("refuses before there is any evidence", function()
    local p <close> = project.new()
    refused(p, "EAGENT", { with = "oracle" })
    refused(p, "EUSAGE", { validation_command = false })
    refused(p, "EUSAGE", { focus = false, targets = p.home:join("nosuch") })
    refused(p, "EUSAGE", { focus = false, targets = p.path })
    p.repo:git("checkout", "-q", "--detach")
    refused(p, "EUNSUPPORTED")
    p.repo:git("checkout", "-q", "main")
    p.repo:write(".mighost/stages/review.lua", "")
    refused(p, "EUNTRUSTED")
    assert.is_false(p.home:exists("state/mighost/runs"))
  end)
end)
