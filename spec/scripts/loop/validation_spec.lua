local loop = require "spec.support.loop"
local program = require "spec.support.program"
local tmp = require "spec.support.tmp"
local validation = require "loop.validation"

local function run(site, body, settings)
  local ctx = site:context { validation = body, settings = settings }
  return validation.run(ctx, { role = "baseline", folder = assert(ctx.run:folder("baseline")) })
end

describe("the validation command", function()
  it("is green when it ends with 0, in the project's root", function()
    local site <close> = loop.new()
    local verdict = assert(run(site, "pwd; echo note >&2"))
    assert.is_true(verdict.green)
    assert.equal("green", verdict.summary)
    assert.equal(site.path .. "\nnote", verdict.excerpt)
    local file <close> = assert(io.open(verdict.folder .. "/stdout.log"))
    assert.equal(site.path .. "\n", file:read("a"))
  end)

  it("is red with its last words, by exit code or signal", function()
    local site <close> = loop.new()
    local verdict = assert(run(site,
      "echo out; echo '\27[31mtest 3 failed\27[0m' >&2; echo >&2; exit 2"))
    assert.same({ false, 2 }, { verdict.green, verdict.exit })
    assert.matches("^ended with 2: .*test 3 failed", verdict.summary)
    assert.is_falsy(verdict.summary:find("\27", 1, true) or verdict.excerpt:find("\27", 1, true))
    verdict = assert(run(site, "kill -SEGV $$"))
    assert.same({ false, 11 }, { verdict.green, verdict.signal })
    assert.equal("was ended by signal 11", verdict.summary)
  end)

  it("that cannot say whether it is green is a failure of its own", function()
    local site <close> = loop.new()
    local cases = {
      { "sleep 20", { validation_timeout = 0.3 }, "ETIMEOUT", "did not finish within 0.3 s" },
      { "true", { validation = { "/nowhere/check" } }, "EVALIDATION", "cannot be run" },
      { "no-such-program", {}, "EVALIDATION", "could not be run: .*no%-such%-program" },
      { "exit 126", {}, "EVALIDATION", "ended with 126" },
    }
    for _, case in ipairs(cases) do
      local verdict, message, name, kind = run(site, case[1], case[2])
      assert.is_nil(verdict)
      assert.matches(case[4], message)
      assert.same({ case[3], "validation-infra-failure" }, { name, kind })
    end
  end)

  it("gets its words as they are, through no shell, and the caller's environment", function()
    local site <close> = loop.new()
    local verdict = assert(run(site, nil, { validation = { "printf", "%s|", "a b", "$HOME", "" } }))
    assert.equal("a b|$HOME||", verdict.excerpt)
    assert.equal(os.getenv("PATH"), assert(run(site, 'printf %s "$PATH"')).excerpt)
  end)

  it("shows the end of much output, from the beginning of a line", function()
    local site <close> = loop.new()
    local verdict = assert(run(site,
      "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done"))
    assert.is_true(#verdict.excerpt <= 4000)
    assert.matches("^line %d+\n", verdict.excerpt)
    assert.matches("line 1999$", verdict.excerpt)
  end)

  it("keeps values of secret variables out of logs and words", function()
    local dir <close> = tmp.dir()
    local script = dir:write("run.lua", ([[
      local project = { root = %q, worktree = %q, state_home = %q .. "/state" }
      local verdict = assert(require("loop.validation").run({ project = project,
        report = function() end,
        settings = { validation = { "sh", "-c", 'echo "the key is $SPEC_API_KEY"; exit 1' } },
      }, { role = "baseline", folder = project.root }))
      io.write(verdict.summary, "\n", verdict.excerpt, "\n")
    ]]):format(dir.path, dir.path, dir.path))
    local result = program.run { args = { script }, env = { SPEC_API_KEY = "hunter2hunter2" } }
    assert.equal("ended with 1: the key is <redacted:SPEC_API_KEY>\n"
      .. "the key is <redacted:SPEC_API_KEY>\n", result.stdout)
    assert.equal("the key is <redacted:SPEC_API_KEY>\n", dir:read("stdout.log"))
  end)
end)
