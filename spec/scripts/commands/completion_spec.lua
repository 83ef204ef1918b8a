local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local OFFERED <const> = 'source "$1"; COMP_WORDS=(%s); COMP_CWORD=%d; _mighost; '
  .. 'printf "%%s\\n" "${COMPREPLY[@]}"'

--- What bash offers at the end of a line.
local function offered(script, ...)
  local words = {}
  for i, word in ipairs { "mighost", ... } do
    words[i] = sh.quote(word)
  end
  return sh.check { argv = { "bash", "-c", OFFERED:format(table.concat(words, " "), #words - 1),
    "bash", script } }
end

describe("mighost completion", function()
  it("completes commands, options and their values in bash", function()
    local dir <close> = tmp.dir()
    local result = program.run { args = { "completion", "bash" } }
    assert.equal(0, result.exit, result.stderr)
    local script = dir:write("mighost", result.stdout)
    assert.matches("^plan\n", offered(script, "pl"))
    assert.equal("list\n", offered(script, "migration", "li"))
    assert.matches("%-%-awaiting%-review\n", offered(script, "migration", "list", "--a"))
    assert.equal("medium\n", offered(script, "plan", "--effort", "me"))
  end)

  it("writes what zsh and fish take", function()
    for shell, sign in pairs { zsh = "^#compdef mighost\n", fish = "complete %-c mighost" } do
      local result = program.run { args = { "completion", shell } }
      assert.equal(0, result.exit, result.stderr)
      assert.matches(sign, result.stdout)
      assert.is_truthy(result.stdout:find("awaiting-review", 1, true))
    end
  end)

  it("refuses another shell", function()
    assert.equal(2, program.run({ args = { "completion", "csh" } }).exit)
    assert.equal(2, program.run({ args = { "completion" } }).exit)
  end)
end)
