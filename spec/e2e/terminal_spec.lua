local program = require "spec.support.program"
local project = require "spec.support.project"
local sample = require "spec.support.sample"
local sh = require "spec.support.sh"

-- Titles, colours, cursor moves, line ends of every kind, bells, reordering, what is not seen.
local EVIL <const> = "A\27]0;title\7\27[31m\27[2J\r\n\tB\8\0\11\12\127\u{9B}31m\u{85}"
  .. "\u{2028}\u{202E}\u{2066}\u{200B}\u{FEFF}\u{E0041}Z"
local NEVER <const> = { "\u{9B}", "\u{85}", "\u{2028}", "\u{202E}", "\u{2066}", "\u{200B}",
  "\u{FEFF}", "\u{E0041}" }

--- Nothing of what a terminal obeys, but line ends, the tabs of tab-separated values, the live
--- line's way back, and the colours of `show`.
local function expect_harmless(shown, may_color)
  local plain = shown:gsub("\r\n", "\n"):gsub("\r\27%[K", "")
  plain = may_color and plain:gsub("\27%[%d+m", "") or plain
  assert.is_nil(plain:find("[\0-\8\11-\31\127]"), ("%q"):format(plain))
  for _, char in ipairs(NEVER) do
    assert.is_nil(plain:find(char, 1, true), ("%q"):format(char))
  end
end

--- What a command shows on a terminal, on both of its outputs.
local function on_terminal(p, args)
  local words = { sh.quote(program.exe) }
  for _, word in ipairs(args) do
    words[#words + 1] = sh.quote(word)
  end
  return sh.run({ argv = { "script", "-qec", table.concat(words, " "), "/dev/null" },
    cwd = p.path, env = p:env { TERM = "xterm", NO_COLOR = false } }).stdout
end

local function encoded(text)
  return (text:gsub("[%c\"\\]", function(byte)
    return ("\\u%04x"):format(byte:byte())
  end))
end

--- Puts EVIL into the value of one key, wherever that value is a string.
local function poison(text, key)
  return text:gsub(('("%s": ")[^"]*'):format(key), function(before)
    return before .. (encoded(EVIL):gsub("%%", "%%%%"))
  end)
end

local MANIFEST_KEYS <const> = {
  "name", "status", "created_at", "last_touch", "human_review_reason", "cooldown_until",
  "wake_up_on", "current_phase", "file", "precondition", "effort_reason", "required_effort",
}
local STATE_KEYS <const> = {
  "target", "next_step", "started_at", "name", "completed_at", "outcome", "stdout", "agent",
  "model", "effort", "text", "received_at", "source", "review_findings", "final_reason",
  "final_decision",
}

--- A project with a migration for each key, poisoned in that key's values.
local function make()
  local p = project.new()
  local slugs = {}
  local function add(prefix, key, file, text)
    local slug = prefix .. key
    sample.write(p.repo, "migrations", slug, { steps = 7, phases = 2, reason = "look",
      cooldown = "2026-01-01T00:00:00Z" })
    local poisoned, count = poison(text(slug), key)
    assert(count > 0, key)
    p.repo:write(("migrations/%s/%s"):format(slug, file), poisoned)
    slugs[#slugs + 1] = slug
  end
  for _, key in ipairs(MANIFEST_KEYS) do
    add("m-", key, "manifest.json", function(slug)
      return (sample.manifest(slug, { phases = 2, reason = "look",
        cooldown = "2026-01-01T00:00:00Z" }):gsub("null", '"x"'))
    end)
  end
  for _, key in ipairs(STATE_KEYS) do
    add("s-", key, ".planning/state.json", function(slug)
      return sample.state("migrations", slug, { steps = 7 })
    end)
  end
  return p, slugs
end

describe("a terminal", function()
  it("obeys nothing that stands in a manifest or a state", function()
    local p <close>, slugs = make()
    expect_harmless(on_terminal(p, { "migration", "list" }))
    expect_harmless(on_terminal(p, { "migration", "doctor", "--all" }))
    for _, slug in ipairs(slugs) do
      expect_harmless(on_terminal(p, { "migration", "show", slug }), true)
      expect_harmless(on_terminal(p, { "plan", "--with", "replay", "-n", slug }))
    end
  end)

  it("obeys nothing that stands in a name", function()
    local p <close> = project.new()
    local name = EVIL:gsub("\0", "")
    sample.write(p.repo, "migrations", name, { steps = 3, phases = 1 })
    p.repo:write(("migrations/%s/phase-1-%s.md"):format(name, name), "x")
    p.repo:write(("migrations/%s/phase-1-x.md"):format(name), "x")
    p.repo.dir:mkdir("migrations/__transactions__/" .. name)
    for _, args in ipairs { { "list" }, { "doctor", "--all" }, { "doctor", "--", name },
      { "show", "--", name }, { "show", "--", "no" .. name },
      { "refine", "--message", "x", "--with", "replay", "--", name },
      { "review", "--with", "replay", "--", name } } do
      expect_harmless(on_terminal(p, { "migration", table.unpack(args) }), true)
    end
    expect_harmless(on_terminal(p, { "plan", "--with", "replay", "--", name }))
    expect_harmless(on_terminal(p, { name }))
    expect_harmless(on_terminal(p, { "./" .. name }))
    expect_harmless(on_terminal(p, { "-C", name, "migration", "list" }))
    expect_harmless(on_terminal(p, { "migration", "list", "--" .. name }))
  end)

  it("obeys nothing that an agent prints or writes", function()
    local p <close> = project.new()
    p.home:write("evil", EVIL .. "\n")
    local agent = p:script([[
      cat "$HOME/evil" "$HOME/evil" >&2
      cat "$HOME/evil"
      cd $MIGHOST_WORK_DIR; mkdir -p approaches
      for n in one two; do cat "$HOME/evil" >approaches/$n.md; done
      test $MIGHOST_STAGE = approaches]])
    p.home:write("evil", (EVIL:gsub("\0", "")) .. "\n")
    local words = { "plan", "alpha", "--with", "command", "--agent-command", agent,
      "--show-agent-logs", "--verbose" }
    local first = table.move(words, 1, #words, 1, {})
    table.move({ "--target", (EVIL:gsub("\0", "")) }, 1, 2, #first + 1, first)
    local shown = on_terminal(p, first)
    assert.matches("approaches +completed", shown)
    expect_harmless(shown)
    local failed = on_terminal(p, words)
    assert.matches("pick%-best failed", failed)
    expect_harmless(failed)
    expect_harmless(on_terminal(p, { "migration", "show", "alpha" }), true)
    expect_harmless(on_terminal(p, { "migration", "show", "alpha", "--step", "1" }))
    expect_harmless(p.repo:git("log", "--format=%B"))
  end)

  it("obeys nothing that a person said or that stands in a plan", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--steps", "3" }
    local words = EVIL:gsub("\0", "")
    local said = p.home:write("said", words)
    local agent = p:script('cat "$HOME/said" >$MIGHOST_WORK_DIR/plan.md; cat "$HOME/said"')
    local shown = on_terminal(p, { "migration", "refine", "alpha", "--file", said, "--with",
      "command", "--agent-command", agent })
    assert.matches("revise +completed", shown)
    expect_harmless(shown)
    for _, args in ipairs { {}, { "--step", "revise" }, { "--diff", "expand", "revise" },
      { "--step", words }, { "--diff", words, words } } do
      expect_harmless(on_terminal(p, { "migration", "show", "alpha", table.unpack(args) }), true)
    end
  end)
end)

describe("a row of tab-separated values", function()
  it("is one line with all its columns, whatever is in it", function()
    local p <close>, slugs = make()
    sample.write(p.repo, "migrations", (EVIL:gsub("\0", "")), { steps = 3 })
    local listed = p:run { "migration", "list", "--no-headers" }
    assert.equal(0, listed.exit)
    local rows = 0
    for line in listed.stdout:gmatch("([^\n]*)\n") do
      assert.equal(6, select(2, line:gsub("\t", "")), line)
      assert.is_nil(line:find("\r", 1, true))
      rows = rows + 1
    end
    assert.equal(#slugs + 1, rows)
    local found = p:run { "migration", "doctor", "--all" }
    assert.equal(1, found.exit)
    for line in found.stdout:gmatch("([^\n]*)\n") do
      assert.equal(4, select(2, line:gsub("\t", "")), line)
    end
    expect_harmless(found.stderr .. listed.stderr)
  end)
end)
