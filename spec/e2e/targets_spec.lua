local program = require "spec.support.program"
local project = require "spec.support.project"
local sample = require "spec.support.sample"

local AGENT <const> = { "--with", "command", "--agent-command", project.agent }

-- Every command that is about one migration; what it ends with where that can be had.
local COMMANDS <const> = {
  { words = { "migration", "show" } },
  { words = { "migration", "show", "--step", "expand" } },
  { words = { "migration", "doctor" } },
  { words = { "plan", "--dry-run" }, asks = true },
  { words = { "migration", "refine", "--message", "x" }, asks = true, changes = true },
  { words = { "migration", "review" }, asks = true, changes = true },
}

local function run(p, command, word, cwd)
  local args = table.move(command.words, 1, #command.words, 1, {})
  table.move(AGENT, 1, command.asks and #AGENT or 0, #args + 1, args)
  args[#args + 1], args[#args + 2] = "--", word
  return program.run { args = args, cwd = cwd or p.path, env = p:env() }
end

--- A project with migrations of every name that a person would rather not have.
local function make(names)
  local p = project.new()
  for _, name in ipairs(names) do
    sample.write(p.repo, "migrations", name, { steps = 3, phases = 1 })
  end
  p.repo:commit("Migrations of another tool")
  return p
end

--- Each command must refuse the word with 2 and a reason, ask nobody and change nothing.
local function expect_refused(p, word, pattern, cwd)
  local head = p.repo:head()
  for _, command in ipairs(COMMANDS) do
    local result = run(p, command, word, cwd)
    assert.equal(2, result.exit, ("%q: %s"):format(word, result.stderr))
    assert.matches(pattern, result.stderr)
    assert.equal("", result.stdout)
    assert.is_nil(result.stderr:find("traceback", 1, true))
  end
  assert.same({}, p:calls())
  assert.equal(head, p.repo:head())
end

--- Each command that only looks must take the word for this slug.
local function expect_taken(p, word, slug, cwd)
  for _, command in ipairs(COMMANDS) do
    if not command.changes then
      local result = run(p, command, word, cwd)
      assert.equal(0, result.exit, ("%q: %s"):format(word, result.stderr))
    end
  end
  local shown = run(p, COMMANDS[1], word, cwd).stdout
  assert.equal(slug, shown:sub(1, #slug))
end

describe("a target", function()
  it("is a slug, or a path to a migration from the project's root or from /", function()
    local p <close> = make { "alpha" }
    p.repo.dir:mkdir("src/deep")
    for _, word in ipairs { "alpha", "migrations/alpha", "./migrations/alpha/", "migrations//alpha",
      "migrations/./alpha", p.path .. "/migrations/alpha", p.path .. "//migrations/alpha/." } do
      expect_taken(p, word, "alpha")
      expect_taken(p, word, "alpha", p.path .. "/src/deep")
    end
  end)

  it("is nothing with '..' in it, above it or beside it", function()
    local p <close> = make { "alpha" }
    p.repo.dir:mkdir("src/alpha")
    for _, word in ipairs { "..", "../alpha", "migrations/..", "migrations/../migrations/alpha",
      "migrations/alpha/..", "/..", "/../etc", p.path .. "/../x" } do
      expect_refused(p, word, "%.%.")
    end
    for word, pattern in pairs {
      ["migrations/alpha/plan.md"] = "not directly in migrations",
      ["migrations/alpha/.planning"] = "not directly in migrations",
      ["migrations"] = "no migration", ["migrations/"] = "not directly in",
      ["."] = "hidden or internal", ["./"] = "not in migrations",
      ["src/alpha"] = "not in migrations", ["/"] = "not in migrations",
      ["/etc/passwd"] = "not in migrations", ["/migrations/alpha"] = "not in migrations",
      ["alpha/"] = "not in migrations", [""] = "empty", ["nosuch"] = "there is no migration",
      ["migrations/nosuch"] = "there is no migration",
    } do
      expect_refused(p, word, pattern)
    end
    expect_refused(p, "alpha/..", "%.%.", p.path .. "/migrations")
  end)

  it("is not a link, at whatever level", function()
    local p <close> = make { "alpha" }
    p.repo.dir:symlink("alpha", "migrations/link")
    p.repo.dir:symlink("nowhere", "migrations/dangling")
    p.repo.dir:symlink("migrations", "alias")
    expect_refused(p, "link", "not a migration but a symlink")
    expect_refused(p, "migrations/link", "not a migration but a symlink")
    expect_refused(p, p.path .. "/migrations/link", "not a migration but a symlink")
    expect_refused(p, "dangling", "not a migration but a symlink")
    expect_refused(p, "alias/alpha", "not in migrations")
    p.home:symlink(p.path, "elsewhere")
    expect_refused(p, p.home:join("elsewhere/migrations/alpha"), "not in migrations")
    expect_taken(p, "alpha", "alpha", p.home:join("elsewhere"))
    expect_taken(p, p.path .. "/migrations/alpha", "alpha", p.home:join("elsewhere"))
  end)

  it("is never changed behind a link in the live directory's place", function()
    local p <close> = make { "alpha" }
    p.repo:git("mv", "migrations", "real")
    p.repo.dir:symlink("real", "migrations")
    p.repo:commit("Moved, with a link in its place")
    for _, command in ipairs(COMMANDS) do
      if command.asks then
        local result = run(p, command, "alpha")
        assert.equal(2, result.exit)
        assert.matches("must lie in the work tree itself", result.stderr)
      end
    end
    assert.same({}, p:calls())
  end)

  it("is nothing hidden, internal, or no directory", function()
    local p <close> = make { ".hidden", "__internal", "__intentional_skips__", "_one" }
    p.repo:write("migrations/file", "x")
    p.repo.dir:mkdir("migrations/__transactions__")
    for _, word in ipairs { ".hidden", "migrations/.hidden", "__internal", "__transactions__",
      "migrations/__transactions__", "__intentional_skips__", ".", "migrations/.gitattributes" } do
      expect_refused(p, word, "hidden or internal")
    end
    expect_refused(p, "file", "not a migration but a file")
    expect_taken(p, "_one", "_one")
  end)

  it("may have a name that is hard to type", function()
    local long = ("y"):rep(180)
    local names = { "-x", "--all", "a b", "it's", "a\nb", "tab\tbed", "\u{202E}evil", "\27[31m",
      "%s", long, ("z"):rep(255), "$(touch x)", "*", "é" }
    local p <close> = make(names)
    for _, name in ipairs(names) do
      expect_taken(p, name, "")
      expect_taken(p, "migrations/" .. name, "")
    end
    for _, name in ipairs { "-x", "a b", "it's", "a\nb", "\u{202E}evil", long, "$(touch x)" } do
      local result = p:refine { "migrations/" .. name, "--message", "x" }
      assert.equal(0, result.exit, result.stderr)
      assert.is_nil(p.repo:git("log", "-1", "--format=%s"):find("[\n\27\u{202E}]"))
    end
    assert.equal(7, #p:calls())
    assert.same({}, p:problems())
    assert.is_false(p.repo.dir:exists("x"))
  end)

  it("that cannot be published is refused before anybody is asked", function()
    local p <close> = make { ("z"):rep(181), ("z"):rep(255) }
    for _, length in ipairs { 181, 255 } do
      local result = p:refine { ("z"):rep(length), "--message", "x" }
      assert.equal(2, result.exit)
    end
    expect_refused(p, ("z"):rep(256), "")
    expect_refused(p, ("z"):rep(5000), "")
    assert.same({}, p:calls())
  end)

  it("may be no text at all, and is then read as such", function()
    local p <close> = make {}
    local name = "bad\xffname"
    sample.write(p.repo, "migrations", name, {})
    local shown = run(p, COMMANDS[1], name)
    assert.equal(0, shown.exit)
    assert.matches("^bad\\xFFname +invalid%-manifest\n", shown.stdout)
    assert.matches("next      mighost migration doctor \"$(printf 'bad\\377name')\"\n",
      shown.stdout, 1, true)
    assert.equal(1, run(p, { words = { "migration", "doctor" } }, name).exit)
    expect_refused(p, "bad\xfename", "'bad\\xFEname'")
  end)

  it("is not guessed where a slug is another path as well", function()
    local p <close> = make { "README", "src", "alpha" }
    p.repo.dir:mkdir("src")
    for _, word in ipairs { "README", "src" } do
      expect_refused(p, word, "is a migration and also another path: say migrations/" .. word)
      expect_taken(p, "migrations/" .. word, word)
    end
    expect_taken(p, "alpha", "alpha", p.path .. "/src")
  end)

  it("is told from its twin by every letter", function()
    local p <close> = make { "Case", "case" }
    expect_taken(p, "Case", "Case")
    expect_taken(p, "case", "case")
    expect_refused(p, "CASE", "there is no migration 'CASE'")
    expect_refused(p, "cas\u{E9}", "'casé'")
    assert.equal(0, p:refine({ "Case", "--message", "x" }).exit)
    assert.matches("planning/Case/", p.repo:git("log", "-1", "--format=%s"))
  end)

  it("stands behind -- where it looks like an option", function()
    local p <close> = make { "-x" }
    for _, command in ipairs(COMMANDS) do
      local args = table.move(command.words, 1, #command.words, 1, {})
      args[#args + 1] = "-x"
      assert.equal(2, p:run(args).exit)
    end
    expect_taken(p, "-x", "-x")
  end)
end)
