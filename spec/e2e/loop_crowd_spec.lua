--- Several processes at work in one repository, and in linked work trees of it: nothing is done
--- twice, nobody works in a tree that another one is changing, and any of them may be killed.

local loop = require "spec.support.loop"
local sh = require "spec.support.sh"

local PHASES <const> = { "one", "two", "three" }

--- An agent that notes when it works and finds out whether somebody else does in the same tree.
local AGENT <const> = [[
  if [ "$MIGHOST_ROLE" = phase.execute ]; then
    mkdir .busy || echo "$PWD" >>%s
    echo "$MIGHOST_SLUG $(git rev-parse --abbrev-ref HEAD)" >>%s
    echo "$MIGHOST_SLUG" >>work.txt
    rmdir .busy
  fi
  echo done]]

local function agent(site)
  return AGENT:format(sh.quote(site.home:join("collisions")), sh.quote(site.home:join("worked")))
end

local function wait_for_all(children)
  for index, child in ipairs(children) do
    local code = child.wait()
    assert.is_true(code == 0 or code == 137, ("%d: %s"):format(index, child.err()))
  end
end

local function lines(text)
  local _, count = (text or ""):gsub("\n", "\n")
  return count
end

local function expect_sound(site, path)
  assert.is_nil(site.home:read("collisions"))
  assert.equal("", sh.check { argv = { "git", "-C", path or site.path, "status", "--porcelain" } })
  sh.check { argv = { "git", "-C", site.path, "fsck", "--strict", "--no-dangling" } }
end

--- Carries out what is left, one after the other.
local function run_rest(site)
  for _ = 1, 12 do
    local child = site:start("phase", { agent = agent(site) })
    assert.equal(0, child.wait(), child.err())
    if ("\n" .. child.out()):find("\nnone") then
      return
    end
  end
end

describe("a crowd in one work tree", function()
  it("carries out every phase once, one after the other", function()
    local site <close> = loop.new()
    for index = 1, 3 do
      site:migration("m-" .. index, { "one", "two" })
    end
    local before = tonumber(site.repo:git("rev-list", "--count", "HEAD"))
    local children = {}
    for index = 1, 6 do
      children[index] = site:start("phase", { agent = agent(site) })
    end
    wait_for_all(children)
    run_rest(site) -- one that found all migrations in other hands has ended without a phase
    assert.equal(6, lines(site.home:read("worked")))
    assert.equal(before + 6, tonumber(site.repo:git("rev-list", "--count", "HEAD")))
    for index = 1, 3 do
      assert.equal("done", site:manifest("m-" .. index).status)
    end
    expect_sound(site)
  end)

  it("goes on when some are killed at any moment", function()
    local site <close> = loop.new()
    site:migration("move", PHASES)
    site:migration("other", PHASES)
    local children = {}
    for index = 1, 4 do
      children[index] = site:start("phase", { agent = agent(site) })
    end
    for index = 1, 4 do -- whichever holds the work tree now
      if index % 2 == 0 then
        children[index].kill()
      end
    end
    wait_for_all(children)
    run_rest(site)
    assert.same({ "done", "done" }, { site:manifest("move").status, site:manifest("other").status })
    local subjects = site.repo:git("log", "--format=%s")
    for _, slug in ipairs { "move", "other" } do
      for index, name in ipairs(PHASES) do
        local _, count =
          subjects:gsub(("migration/%s/phase%%-%d%%-%s"):format(slug, index, name), "")
        assert.equal(1, count, subjects)
      end
    end
    expect_sound(site)
  end)
end)

describe("a crowd in linked work trees", function()
  it("shares the work by lease: what one works on the others pass over", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local other = site.home:join("linked")
    site.repo:git("worktree", "add", "-q", "-b", "linked", other)
    local gate = site:gate("gate")
    local first = site:start("phase", { agent = ([[
      if [ "$MIGHOST_ROLE" = phase.execute ]; then %s; echo new >code.txt; fi
      echo done]]):format(gate.hold) })
    gate.arrived()
    local second = site:start("phase", { agent = "echo never" }, other)
    assert.equal(0, second.wait(), second.err())
    assert.matches("^none", second.out())
    gate.release()
    assert.equal(0, first.wait(), first.err())
    assert.matches("^commit", first.out())
    expect_sound(site)
    expect_sound(site, other)
  end)

  it("works at the same time where the migrations are others", function()
    local site <close> = loop.new()
    site:migration("move", { "one" }, { created_at = "2026-03-01T00:00:00.000+00:00" })
    site:migration("other", { "one" }, { created_at = "2026-03-02T00:00:00.000+00:00" })
    local linked = site.home:join("linked")
    site.repo:git("worktree", "add", "-q", "-b", "linked", linked)
    local gate = site:gate("gate")
    local body = [[
      case $MIGHOST_ROLE:$MIGHOST_SLUG in phase.execute:move) %s ;; esac
      if [ "$MIGHOST_ROLE" = phase.execute ]; then echo "$MIGHOST_SLUG" >code.txt; fi
      echo done]]
    local first = site:start("phase", { agent = body:format(gate.hold) })
    gate.arrived()
    local second = site:start("phase", { agent = body:format(gate.hold) }, linked)
    assert.equal(0, second.wait(), second.err())
    assert.matches("^commit", second.out())
    gate.release()
    assert.equal(0, first.wait(), first.err())
    assert.matches("^commit", first.out())
    assert.equal("mighost: migration/other/phase-1-one.md",
      site.repo:git("log", "-1", "--format=%s", "linked"))
    assert.equal("mighost: migration/move/phase-1-one.md",
      site.repo:git("log", "-1", "--format=%s", "main"))
    expect_sound(site)
    expect_sound(site, linked)
  end)

  it("lets plans be published while another work tree carries out a phase", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local linked = site.home:join("linked")
    site.repo:git("worktree", "add", "-q", "-b", "linked", linked)
    local gate = site:gate("gate")
    local first = site:start("phase", { agent = ([[
      if [ "$MIGHOST_ROLE" = phase.execute ]; then %s; echo new >code.txt; fi
      echo done]]):format(gate.hold) }, linked)
    gate.arrived()
    local result = site.inner:plan { "new", "--target", "Something else" }
    assert.equal(0, result.exit, result.stderr)
    gate.release()
    assert.equal(0, first.wait(), first.err())
    assert.matches("^commit", first.out())
    expect_sound(site)
    expect_sound(site, linked)
  end)
end)
