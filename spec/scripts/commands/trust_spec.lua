local brought = require "spec.support.brought"
local program = require "spec.support.program"
local schema = require "spec.support.schema"
local tmp = require "spec.support.tmp"

local RULE <const> = ".mighost/rules/own.lua"

local function answer(theirs, exit, ...)
  local result = theirs:run { "trust", "--json", ... }
  assert.equal(exit, result.exit, result.stdout .. result.stderr)
  return schema.expect("trust", result.stdout)
end

describe("mighost trust", function()
  it("has nothing to do where nothing has to be trusted", function()
    local theirs <close> = brought.new()
    for _, option in ipairs { "--yes", "--show", "--digest", "-q" } do
      local result = theirs:run { "trust", option }
      assert.same({ 0, "" }, { result.exit, result.stdout })
    end
    assert.matches("nothing that must be trusted", theirs:run({ "trust" }).stderr)
    assert.matches("nothing in this project was trusted",
      theirs:run({ "trust", "--revoke" }).stderr)
  end)

  it("shows everything, asks only on a terminal, and takes --yes for an answer", function()
    local theirs <close> = brought.new({ [RULE] = "one\n\ttwo\n" }, { agent_command = "run me" })
    local shown = "added: " .. RULE .. "\n  +one\n  +  two\n"
      .. "added: agent_command in .mighost/config.json\n  +\"run me\"\n"
    for _, args in ipairs { { "trust" }, { "trust", "--show" } } do
      local result = theirs:run(args, { stdin = "yes\n" })
      assert.same({ 10, shown }, { result.exit, result.stdout })
      assert.matches("have not trusted: " .. RULE .. ", agent_command in .mighost/config.json\n",
        result.stderr, 1, true)
    end
    assert.matches("next: mighost trust --yes\n", theirs:run({ "trust" }).stderr, 1, true)
    assert.matches("next: mighost trust\n", theirs:run({ "trust", "--show" }).stderr, 1, true)
    local result = theirs:run { "trust", "--yes" }
    assert.same({ 0, shown }, { result.exit, result.stdout })
    assert.matches("trusted until any of it changes", result.stderr)
    result = theirs:run { "trust" }
    assert.same({ 0, "trusted: " .. RULE .. "\ntrusted: agent_command in .mighost/config.json\n" },
      { result.exit, result.stdout })
    assert.matches("trusted on %d%d%d%d%-%d%d%-%d%d", result.stderr)
  end)

  it("shows what changed since", function()
    local theirs <close> = brought.new {
      [RULE] = "1\n2\n3\n4\n5\n6\n", [".mighost/lib/a.lua"] = "a",
    }
    theirs:run { "trust", "--yes" }
    theirs.repo:write(RULE, "1\n2\n3\n4\n5\nsix\n")
    os.remove(theirs.path .. "/.mighost/lib/a.lua")
    local result = theirs:run { "trust", "--show" }
    assert.equal(10, result.exit)
    assert.equal("removed: .mighost/lib/a.lua\n  -a\nchanged: " .. RULE
      .. "\n  ...\n   4\n   5\n  -6\n  +six\n", result.stdout)
    theirs.repo:write(RULE, "1\r\n2\n3\n4\n5\n6\n")
    assert.matches("changed: " .. RULE .. "\n  only ends of lines differ\n",
      theirs:run({ "trust", "--show" }).stdout, 1, true)
  end)

  it("lets nothing hide in what it shows", function()
    local theirs <close> = brought.new {
      [RULE] = "-- \27[2K\27[1A fine\n--\r os.exit()\n-- \u{202E}evil\u{200B}\n\255\0",
      [".mighost/lib/\27[2J.lua"] = "",
    }
    local result = theirs:run { "trust", "--show" }
    assert.equal([[
added: .mighost/lib/\u{1B}[2J.lua
added: .mighost/rules/own.lua
  +-- \u{1B}[2K\u{1B}[1A fine
  +--
  + os.exit()
  +-- \u{202E}evil\u{200B}
  +\xFF\u{0}
]], result.stdout)
    assert.is_nil(result.stderr:find("\27", 1, true))
  end)

  it("prints the digest that MIGHOST_TRUST wants", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    local result = theirs:run { "trust", "--digest" }
    assert.same({ 0, "" }, { result.exit, result.stderr })
    local digest = result.stdout:match("^(%x+)\n$")
    assert.equal(64, #digest)
    assert.equal(0, theirs:run({ "trust", "--show" }, { env = { MIGHOST_TRUST = digest } }).exit)
    local other <close> = brought.new { [RULE] = "text" }
    assert.equal(result.stdout, other:run({ "trust", "--digest" }).stdout)
  end)

  it("takes it back", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    theirs:run { "trust", "--yes" }
    local result = theirs:run { "trust", "--revoke" }
    assert.same({ 0, "mighost: nothing in this project is trusted any more\n" },
      { result.exit, result.stderr })
    assert.equal(10, theirs:run({ "trust", "--show" }).exit)
  end)

  it("names everything that cannot be trusted", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    theirs.repo.dir:symlink("own.lua", ".mighost/rules/a.lua")
    theirs.repo.dir:symlink("/", ".mighost/stages")
    for _, option in ipairs { "--yes", "--show", "--digest", "-q" } do
      local result = theirs:run { "trust", option }
      assert.equal(10, result.exit)
      assert.is_nil(result.stderr:find("next:", 1, true))
      local shown = ("refused: %s/.mighost/rules/a.lua is a symbolic link\nrefused: %s/.mighost/"
        .. "stages is a symbolic link\n"):format(theirs.path, theirs.path)
      assert.equal(option ~= "--digest", result.stdout:find(shown, 1, true) ~= nil)
    end
    assert.equal(10, theirs:run({ "plan" }).exit)
  end)

  it("fails where it can record nothing", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    theirs.home:write("state/mighost", "a file")
    local result = theirs:run { "trust", "--yes" }
    assert.equal(1, result.exit)
    assert.matches("Not a directory", result.stderr)
    assert.equal(1, theirs:run({ "trust", "--revoke" }).exit)
    assert.equal(2, theirs:run({ "trust", "--yes", "--show" }).exit)
    local dir <close> = tmp.dir()
    assert.equal(2, program.run({ args = { "trust" }, cwd = dir.path }).exit)
  end)

  it("is never the project's or the user's own", function()
    local theirs <close> = brought.new { [".mighost/scripts/trust.lua"] = "print 'pwned' return 0" }
    assert.equal(10, theirs:run({ "trust" }).exit)
    assert.equal(0, theirs:run({ "trust", "--yes" }).exit)
    assert.is_nil(theirs:run({ "trust" }).stdout:find("^pwned"))
  end)

  it("answers as its schema says", function()
    local theirs <close> = brought.new { [RULE] = "text" }
    local data = answer(theirs, 10).data
    assert.same({ "new", theirs.path, { RULE } }, { data.state, data.root, data.names })
    assert.same({ { what = RULE, change = "added", diff = "+text" } }, data.changes)
    assert.equal(data.digest, answer(theirs, 0, "--digest").data.digest)
    assert.same({ "trusted", "record" }, { answer(theirs, 0, "--yes").data.state,
      answer(theirs, 0, "--show").data.by })
    theirs.repo:write(RULE, "other")
    assert.equal("changed", answer(theirs, 10, "--show").data.state)
    theirs.repo.dir:symlink("/", ".mighost/stages")
    assert.equal(1, #answer(theirs, 10, "--digest").data.problems)
    answer(theirs, 0, "--revoke")
    answer(theirs, 2, "--nosuch")
    local empty <close> = brought.new()
    assert.equal("empty", answer(empty, 0).data.state)
  end)
end)
