local program = require "spec.support.program"
local project = require "spec.support.project"
local registry = require "planning.registry"
local sh = require "spec.support.sh"

local PTY <const> = program.exe:gsub("/bin/[^/]+$", "/spec/pty")

--- Runs mighost plan on a terminal of its own, with an editor that is a shell script: $1 is the
--- answer's file, $2 the prompt's.
local function plan(p, body)
  local editor = p.home:write("an editor.sh", "#!/bin/sh\n" .. body .. "\n")
  sh.check { argv = { "chmod", "+x", editor } }
  local result = sh.run {
    argv = { PTY, "80", "sh", "-c", 'stty -g >"$HOME/before"; "$@"; code=$?; '
      .. 'stty -g >"$HOME/after"; exit $code', "sh", program.exe, "plan", "alpha", "--target", "T",
      "--with", "human" },
    cwd = p.path,
    env = p:env { VISUAL = false, EDITOR = sh.quote(editor) .. " --wait", TERM = "xterm" },
  }
  assert.equal(p.home:read("before"), p.home:read("after"))
  return result
end

local FILES <const> = [[test "$1" = --wait; shift
mkdir approaches; echo one >approaches/a.md; echo two >approaches/b.md
]]

describe("the agent human", function()
  it("opens the editor on the answer, with the prompt beside it, in the work dir", function()
    local agent = assert(registry.new():agent "human")
    local spec = agent.command { work_dir = "/w", artifacts = "/a", prompt_file = "/a/prompt.md" }
    assert.same({ "/a/your-answer.md", "/a/prompt.md" }, { spec.argv[5], spec.argv[6] })
    assert.same({ answer = "/a/your-answer.md" }, spec.files)
    assert.is_false(agent.needs_model)
    assert.is_true(agent.attached)
  end)

  it("takes what the editor left as the answer", function()
    local p <close> = project.new()
    local result = plan(p, FILES .. 'test -t 0 && test -t 1 && grep -q "^Stage: approaches" "$2"\n'
      .. 'echo "Two ways, $?." >"$1"')
    assert.equal(0, result.exit, result.stdout)
    assert.equal("Two ways, 0.\n", p:read("alpha/.planning/stages/approaches.stdout.md"))
    assert.equal("two\n", p:read("alpha/approaches/b.md"))
    assert.same({}, p:problems())
  end)

  it("puts the terminal back, whatever the editor did to it and however it ended", function()
    local p <close> = project.new()
    local result = plan(p, "stty raw -echo; printf '\\033[?1047h'; kill -9 $$")
    assert.equal(1, result.exit, result.stdout)
    assert.matches("was ended by signal 9", result.stdout)
    assert.is_truthy(result.stdout:find("\27[?1047l", 1, true))
    result = plan(p, "stty -icanon -isig; exit 3")
    assert.matches("exited with status 3", result.stdout)
  end)

  it("fails the step without an answer", function()
    local p <close> = project.new()
    for _, body in ipairs { "true", 'shift; echo " " >"$1"', 'shift; mkfifo "$1"' } do
      local result = plan(p, body)
      assert.equal(1, result.exit, result.stdout)
      assert.matches("wrote no answer", result.stdout)
    end
  end)

  it("needs a terminal", function()
    local p <close> = project.new()
    local result = p:run { "plan", "alpha", "--target", "T", "--with", "human" }
    assert.equal(2, result.exit)
    assert.matches("the agent human for approaches needs a terminal", result.stderr)
  end)
end)
