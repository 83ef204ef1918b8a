local brought = require "spec.support.brought"
local sh = require "spec.support.sh"
local trust = require "project.trust"

local RULE <const> = ".mighost/rules/own.lua"

local function state(theirs, path)
  return trust.standing(theirs:open(path)).state
end

local function accept(theirs)
  assert(trust.accept(theirs:open()))
end

describe("project.trust", function()
  it("has nothing against a project that brings no scripts", function()
    local theirs <close> = brought.new({ [".mighost/taste.md"] = "words" }, { with = "replay" })
    local project = theirs:open()
    assert.equal("empty", trust.standing(project).state)
    assert.is_true(trust.check(project))
    assert.is_nil(trust.explain(project))
    assert.is_nil(trust.digest(project))
    assert.is_false(trust.is_trusted(project))
    assert.same({ {}, {}, {} }, { trust.names(project), trust.changes(project),
      trust.problems(project) })
    assert.is_true(trust.check { root = theirs.path, config = {} })
  end)

  it("refuses each folder of scripts, and each key that names a program", function()
    local cases = { { {}, { agent_command = "x" } }, { {}, { validation_command = "x" } },
      { {}, { agent_env = { A = "b" } } } }
    for _, folder in ipairs { "agents", "lib", "rules", "scripts", "stages" } do
      table.insert(cases, { { [(".mighost/%s/x.lua"):format(folder)] = "" } })
    end
    for _, case in ipairs(cases) do
      local theirs <close> = brought.new(table.unpack(case))
      local ok, message, name, fix = trust.check(theirs:open())
      assert.is_nil(ok)
      assert.same({ "EUNTRUSTED", "mighost trust -C " .. theirs.path }, { name, fix })
      local what = next(case[1]) or next(case[2]) .. " in .mighost/config.json"
      assert.equal("this project has scripts or settings that you have not trusted: " .. what,
        message)
    end
  end)

  it("puts keys that name programs into the configuration only once they are trusted", function()
    local theirs <close> = brought.new({}, { agent_command = "run me", with = "command" })
    local project = theirs:open()
    assert.same({ "command" }, { project.config.with, project.config.agent_command })
    accept(theirs)
    assert.equal("run me", theirs:open().config.agent_command)
    assert(trust.accept(project))
    assert.equal("run me", project.config.agent_command)
    assert(trust.revoke(project))
    trust.settle(project)
    assert.is_nil(project.config.agent_command)
  end)

  it("trusts exactly what was trusted", function()
    local theirs <close> = brought.new { [RULE] = "one\ntwo\n", [".mighost/lib/a.lua"] = "a" }
    accept(theirs)
    local standing = trust.standing(theirs:open())
    assert.same({ "trusted", "record" }, { standing.state, standing.by })
    theirs.repo:write(RULE, "one\nTWO\n")
    theirs.repo:write(".mighost/stages/new.lua", "new")
    os.remove(theirs.path .. "/.mighost/lib/a.lua")
    local project = theirs:open()
    assert.equal("changed", trust.standing(project).state)
    assert.same({
      { what = ".mighost/lib/a.lua", change = "removed", before = "a", after = "" },
      { what = RULE, change = "changed", before = "one\ntwo\n", after = "one\nTWO\n" },
      { what = ".mighost/stages/new.lua", change = "added", before = "", after = "new" },
    }, trust.changes(project))
    assert.matches("^this project's scripts or settings are not what you trusted on %d+%-%d+%-%d+: "
      .. ".mighost/lib/a.lua %(removed%), " .. RULE .. " %(changed%), "
      .. ".mighost/stages/new.lua %(added%)$", trust.explain(project))
    theirs.repo:write(RULE, "one\ntwo\n")
    theirs.repo:write(".mighost/lib/a.lua", "a")
    os.remove(theirs.path .. "/.mighost/stages/new.lua")
    assert.equal("trusted", state(theirs))
  end)

  it("asks again for any byte and any name", function()
    local theirs <close> = brought.new({ [RULE] = "text\n" }, { agent_command = "x" })
    accept(theirs)
    for _, text in ipairs { "text", "text\r\n", "Text\n", "text\n\n", "" } do
      theirs.repo:write(RULE, text)
      assert.equal("changed", state(theirs))
    end
    theirs.repo:write(RULE, "text\n")
    assert.equal("trusted", state(theirs))
    assert(os.rename(theirs.path .. "/" .. RULE, theirs.path .. "/.mighost/rules/owm.lua"))
    assert.equal("changed", state(theirs))
    assert(os.rename(theirs.path .. "/.mighost/rules/owm.lua", theirs.path .. "/" .. RULE))
    local settings = theirs.repo:read(".mighost/config.json")
    theirs.repo:write(".mighost/config.json", (settings:gsub('"x"', '"y"')))
    assert.equal("changed", state(theirs))
    theirs.repo:write(".mighost/config.json", (settings:gsub("^{", '{"with": "claude",')))
    assert.equal("trusted", state(theirs))
  end)

  it("records what it has shown, not what is there meanwhile", function()
    local theirs <close> = brought.new { [RULE] = "shown" }
    local project = theirs:open()
    theirs.repo:write(RULE, "swapped")
    assert(trust.accept(project))
    assert.is_true(trust.is_trusted(project))
    assert.equal("shown", project.team.items[RULE])
    assert.equal("changed", state(theirs))
  end)

  it("counts for linked work trees of the repository, and for no clone", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    theirs.repo:commit("Bring a rule")
    accept(theirs)
    local linked, cloned = theirs.home:join("linked"), theirs.home:join("cloned")
    theirs.repo:git("worktree", "add", "-q", linked)
    theirs.repo:git("clone", "-q", theirs.path, cloned)
    assert.equal("trusted", state(theirs, linked))
    assert.equal("new", state(theirs, cloned))
    theirs.home:write("linked/" .. RULE, "other")
    assert.equal("changed", state(theirs, linked))
    assert.equal("trusted", state(theirs))
  end)

  it("tells projects of one repository apart", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    theirs.repo:write("sub/.mighost/config.json", theirs.repo:read(".mighost/config.json"))
    theirs.repo:write("sub/" .. RULE, "text")
    accept(theirs)
    assert.equal("new", state(theirs, theirs.path .. "/sub"))
  end)

  it("trusts what MIGHOST_TRUST names, and nothing else", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    local digest = assert(trust.digest(theirs:open()))
    assert.matches("^" .. ("%x"):rep(64) .. "$", digest)
    local function show(value)
      return theirs:run({ "trust", "--show" }, { env = { MIGHOST_TRUST = value } })
    end
    local result = show(digest)
    assert.same({ 0, "mighost: trusted as MIGHOST_TRUST says\n" }, { result.exit, result.stderr })
    for _, value in ipairs { "", "x", digest:upper(), digest .. "0", digest:sub(1, 32) } do
      assert.equal(10, show(value).exit)
    end
    assert.matches("MIGHOST_TRUST is another digest", show("x").stderr, 1, true)
    theirs.repo:write(RULE, "other")
    assert.equal(10, show(digest).exit)
  end)

  it("trusts nothing of what cannot be trusted, whoever says so", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    accept(theirs)
    theirs.repo.dir:symlink("own.lua", ".mighost/rules/link.lua")
    local project = theirs:open()
    local ok, message, name, fix = trust.check(project)
    assert.is_nil(ok)
    assert.equal(("no scripts or settings of this project can be used: %s/.mighost/rules/"
      .. "link.lua is a symbolic link"):format(theirs.path), message)
    assert.same({ "EUNTRUSTED", ("mighost trust -C %s --show"):format(theirs.path) }, { name, fix })
    assert.is_nil(trust.digest(project))
    assert.equal("EUNTRUSTED", select(3, trust.accept(project)))
    assert.equal("refused", state(theirs))
  end)

  it("says why a record does not count, and what to do", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    accept(theirs)
    sh.check { argv = { "chmod", "o+w", theirs.home:join("state/mighost/trust") } }
    local ok, message, name, fix = trust.check(theirs:open())
    assert.is_nil(ok)
    assert.matches("others could change the record of what you trust: ", message, 1, true)
    assert.same({ "EUNTRUSTED", "chmod o-w " .. theirs.home:join("state/mighost/trust") },
      { name, fix })
    assert.equal("EUNTRUSTED", select(3, trust.accept(theirs:open())))
  end)

  it("names the first few things, and the command without -C from inside", function()
    local theirs <close> = brought.new { [".mighost/lib/a.lua"] = "", [".mighost/lib/b.lua"] = "",
      [".mighost/lib/c.lua"] = "", [".mighost/lib/d.lua"] = "", [".mighost/lib/e.lua"] = "" }
    local message = trust.refusal(theirs:open())
    assert.matches("a.lua, .mighost/lib/b.lua, .mighost/lib/c.lua and 2 more", message, 1, true)
    local result = theirs:run({ "plan", "--target", "x", "--with", "replay" })
    assert.equal(10, result.exit)
    assert.matches("\n  next: mighost trust\n$", result.stderr)
  end)

  it("names each thing in one line, fit to be shown, whatever it is called", function()
    local theirs <close> = brought.new { [".mighost/lib/a\27[2J\nmighost: all is well.lua"] = "" }
    local message = trust.refusal(theirs:open())
    assert.is_nil(message:find("%c"))
    assert.matches("a\\u{1B}[2J mighost: all is well.lua", message, 1, true)
  end)

  it("says how revoking went", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    assert.is_false(trust.revoke(theirs:open()))
    accept(theirs)
    assert.is_true(trust.revoke(theirs:open()))
    assert.equal("new", state(theirs))
    assert.is_false(trust.revoke(theirs:open()))
  end)
end)
