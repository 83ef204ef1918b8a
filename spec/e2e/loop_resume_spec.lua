--- A run that is killed at any moment: the next one goes on, and nobody pays twice for an agent who
--- was done.

local loop = require "spec.support.loop"

local HANDS <const> = { phase = "phase.execute", attempt = "refactor" }

--- Agent and validation that say when they work and wait; `at` is where they do.
local function stages(site, kind, at)
  local gate = site:gate("gate")
  local function hold(where)
    return where == at and ("if mkdir %s/held 2>/dev/null; then %s; fi"):format(site.home.path,
      gate.hold) or ":"
  end
  return {
    agent = ([[
      if [ "$MIGHOST_ROLE" = %s ]; then
        %s
        echo new >code.txt; echo x >added; mkdir -p build; echo o >build/o
        %s
      fi
      echo done]]):format(HANDS[kind], hold "before", hold "after"),
    validation = hold "validation" .. "\ngrep -q new code.txt; echo report >report.txt",
  }, gate
end

--- Ends a run that has come to its gate; gives its exit code.
local function end_at(gate, run, signal)
  gate.arrived()
  run.kill(signal)
  return run.wait()
end

--- A run that finds what one before it left says that it picked this up, and comes to its end.
local function expect_goes_on(run, says)
  assert.equal(0, run.wait(), run.err())
  assert.matches("^" .. says, run.out())
end

local function expect_done(site, kind)
  assert.equal("", site.repo:status())
  assert.equal("new\n", site.repo:read("code.txt"))
  local files = "A\tadded\nM\tcode.txt"
  if kind == "phase" then
    files = files .. "\nM\tmigrations/move/manifest.json"
    assert.equal("done", site:manifest("move").status)
  end
  assert.equal(files, site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
  assert.is_false(site.repo.dir:exists(".git/mighost/action-main.json"))
end

local function count(site, role)
  local found = 0
  for _, call in ipairs(site:calls()) do
    found = found + (call == role and 1 or 0)
  end
  return found
end

describe("after kill -9", function()
  for _, kind in ipairs { "phase", "attempt" } do
    for at, calls in pairs { before = 2, after = 2, validation = 1 } do
      it(("of a %s, %s, the next run goes on"):format(kind, at == "validation"
        and "while the validation runs" or at .. " the agent's work"), function()
        local site <close> = loop.new()
        if kind == "phase" then
          site:migration("move", { "one" })
        end
        local head = site.repo:head()
        local opts, gate = stages(site, kind, at)
        assert.equal(137, end_at(gate, site:start(kind, opts)))
        expect_goes_on(site:start(kind, opts), at == "validation" and "committed\tanswered\n"
          or "put%-back\texecuting\ncommit\t")
        if at ~= "validation" or kind == "phase" then
          expect_done(site, kind)
          assert.equal(head, site.repo:git("rev-parse", "HEAD^"))
        end
        assert.equal(calls, count(site, HANDS[kind])
          - (at == "validation" and kind == "attempt" and 1 or 0))
      end)
    end
  end

  it("in a hook of the commit, the next run commits what was validated", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local opts = stages(site, "phase", "never")
    local gate = site:gate("hook")
    local hook = site.repo:write(".git/hooks/pre-commit",
      ("#!/bin/sh\nif mkdir %s/hooked 2>/dev/null; then %s; fi\n"):format(site.home.path,
        gate.hold))
    assert(os.execute("chmod +x " .. hook))
    end_at(gate, site:start("phase", opts))
    expect_goes_on(site:start("phase", opts), "committed\tvalidated\nnone\t")
    expect_done(site, "phase")
    assert.equal(1, count(site, "phase.execute"))
  end)

  it("twice in a row, it still goes on", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local opts, gate = stages(site, "phase", "validation")
    end_at(gate, site:start("phase", opts))
    os.remove(site.home:join("held"))
    end_at(gate, site:start("phase", opts))
    expect_goes_on(site:start("phase", opts), "committed\tanswered\n")
    expect_done(site, "phase")
    assert.equal(1, count(site, "phase.execute"))
  end)

  it("nobody takes the work tree before all that ran in it is gone", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local gate = site:gate("gate")
    local opts = { agent = ([[
      if [ "$MIGHOST_ROLE" = phase.execute ] && mkdir %s/held 2>/dev/null; then
        trap '' TERM; (trap '' TERM; while :; do echo late >code.txt; done) & %s
      fi
      echo new >code.txt; echo done]]):format(site.home.path, gate.hold) }
    end_at(gate, site:start("phase", opts))
    expect_goes_on(site:start("phase", opts), "put%-back\texecuting\ncommit\t")
    assert.equal("new\n", site.repo:read("code.txt"))
    assert.equal("", site.repo:status())
  end)
end)

describe("after a signal", function()
  it("everything is put back at once", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    site.repo:write("build/o", "object\n")
    local picture = loop.picture(site.path)
    local opts, gate = stages(site, "phase", "after")
    assert.equal(143, end_at(gate, site:start("phase", opts), "TERM"))
    assert.equal(picture, loop.picture(site.path))
    assert.is_false(site.repo.dir:exists(".git/mighost/action-main.json"))
  end)

  it("while the validation runs, the agent's change is kept for the next run", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local picture = loop.picture(site.path)
    local opts, gate = stages(site, "phase", "validation")
    assert.equal(143, end_at(gate, site:start("phase", opts), "TERM"))
    assert.equal(picture, loop.picture(site.path))
    expect_goes_on(site:start("phase", opts), "committed\tanswered\n")
    expect_done(site, "phase")
    assert.equal(1, count(site, "phase.execute"))
  end)
end)
