--- What a person did to the index while a step was under way: seen alike whoever is asked, libgit2
--- or git's own program.

local generate = require "spec.support.generate"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local site_support = require "spec.support.site"

local FILES <const> = { "plan.md", "kept.md", "sub/deep.md" }
local LIVE <const> = "migrations/m"

local function blob(site, text)
  return sh.check { argv = { "git", "-C", site.path, "hash-object", "-w", "--stdin" },
    stdin = text }:match("%x+")
end

local function stage(site, mode, path, text)
  site.repo:git("update-index", "--add", "--cacheinfo",
    ("%s,%s,%s/%s"):format(mode, blob(site, text), LIVE, path))
end

--- What git leaves of a merge that met another one: an entry for each side.
local function leave_conflict(site, path)
  local lines = { ("0 %s\t%s/%s"):format(("0"):rep(40), LIVE, path) }
  for side = 1, 3 do
    lines[side + 1] = ("100644 %s %d\t%s/%s"):format(blob(site, side .. "\n"), side, LIVE, path)
  end
  sh.check { argv = { "git", "-C", site.path, "update-index", "--index-info" },
    stdin = table.concat(lines, "\n") .. "\n" }
end

--- What somebody may do to one file of the migration.
local DEEDS <const> = {
  function(site, path) stage(site, "100644", path, "mine\n") end,
  function(site, path) stage(site, "100755", path, "mine\n") end,
  function(site, path) stage(site, "120000", path, "plan.md") end,
  function(site) stage(site, "100644", "another.md", "mine\n") end,
  function(site, path) site.repo:git("update-index", "--force-remove", LIVE .. "/" .. path) end,
  function(site, path) site.repo:git("update-index", "--chmod=+x", LIVE .. "/" .. path) end,
  function(site, path) site.repo:git("update-index", "--assume-unchanged", LIVE .. "/" .. path) end,
  function(site, path) site.repo:git("update-index", "--skip-worktree", LIVE .. "/" .. path) end,
  function(site, path) leave_conflict(site, path) end,
  function(site)
    site.repo:write(LIVE .. "/announced.md", "x\n")
    site.repo:git("add", "-N", LIVE .. "/announced.md")
    assert(os.remove(site.repo.path .. "/" .. LIVE .. "/announced.md"))
  end,
  function(site) site.repo:git("rm", "-q", "-r", "--cached", LIVE) end,
  function(site) -- a file where the directory was
    site.repo:git("rm", "-q", "-r", "--cached", LIVE)
    site.repo:git("update-index", "--add", "--cacheinfo", ("100644,%s,%s"):format(
      blob(site, "mine\n"), LIVE))
  end,
}

--- What somebody may do elsewhere, and to the form of the index.
local ELSEWHERE <const> = {
  function() end,
  function(site)
    site.repo:write("other.txt", "mine\n")
    site.repo:git("add", "other.txt")
  end,
  function(site) site.repo:git("update-index", "--split-index") end,
  function(site) site.repo:git("update-index", "--index-version", "4") end,
  function(site) site.repo:git("update-index", "--untracked-cache") end,
}

local function staged_elsewhere(site)
  return site.repo:git("ls-files", "--stage", "--", ":(exclude)" .. LIVE)
end

describe("the index in a publish", function()
  it("is brought up to the commit where nobody staged anything, and else left alone", function()
    local seen = { EDIRTY = 0, published = 0 }
    for seed = 1, 24 do
      local random = generate.random(seed)
      local site <close> = site_support.new()
      site:publish("m", { ["plan.md"] = "one\n", ["kept.md"] = "kept\n", ["sub/deep.md"] = "1\n" })
      local base = site.repo:head()
      generate.pick(random, ELSEWHERE)(site)
      local step = site:begin("m", { ["plan.md"] = "two\n", ["new.md"] = "new\n",
        ["sub/deep.md"] = false })
      assert(step.tx:exchange())
      for _ = 1, random(3) - 1 do
        generate.pick(random, DEEDS)(site, generate.pick(random, FILES))
      end
      local staged = site.repo:git("diff-index", "--cached", "--raw", base, "--", LIVE)
      local entries = site.repo:git("ls-files", "--stage", "--debug", "--", LIVE)
      local others = staged_elsewhere(site)
      local oid, message, name = step.tx:commit()
      if staged == "" then
        assert(oid, message)
        assert.equal("", site.repo:git("diff-index", "--cached", "--raw", oid, "--", LIVE))
        assert(step.tx:finish())
      else
        assert.equal("EDIRTY", name, staged)
        assert.equal(entries, site.repo:git("ls-files", "--stage", "--debug", "--", LIVE))
        assert(step.tx:rollback())
      end
      step.lease:drop()
      assert.equal(others, staged_elsewhere(site))
      seen[name or "published"] = seen[name or "published"] + 1
    end
    assert.is_true(seen.EDIRTY >= 5 and seen.published >= 5)
  end)

  --- The commands that a publish runs.
  local function commands(site)
    local real = sh.check { argv = { "sh", "-c", "command -v git" } }:gsub("\n", "")
    local log = site.state:join("log")
    local git = site.state:write("bin/git", ('#!/bin/sh\necho "$*" >>%s\nexec %s "$@"\n'):format(
      sh.quote(log), sh.quote(real)))
    sh.check { argv = { "chmod", "+x", git } }
    local script = site.state:write("publish.lua", ([[
      package.path = %q .. "/?.lua;" .. package.path
      local site = require("spec.support.site").attach(%q, %q)
      site:publish("m", { ["plan.md"] = %q })
      return 0
    ]]):format(program.root, site.path, site.state.path, git))
    local run = program.run { args = { script }, cwd = site.path,
      env = { PATH = git:match("^(.*)/") .. ":" .. os.getenv("PATH") } }
    assert.equal(0, run.exit, run.stderr)
    local file <close> = assert(io.open(log, "rb"))
    return file:read("a")
  end

  it("is looked at without git, unless libgit2 may see it otherwise", function()
    for _, case in ipairs {
      { "--refresh", false }, { "--split-index", true },
      { "--skip-worktree", true, LIVE .. "/kept.md" },
    } do
      local site <close> = site_support.new()
      site:publish("m", { ["plan.md"] = "one\n", ["kept.md"] = "kept\n" })
      site.repo:git("update-index", case[1], case[3])
      assert.equal(case[2], commands(site):find("diff-index", 1, true) ~= nil, case[1])
    end
  end)
end)
