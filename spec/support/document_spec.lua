local document = require "spec.support.document"
local tmp = require "spec.support.tmp"

--- Runs a document in a folder of its own.
local function run(text)
  local dir <close> = tmp.dir()
  local home <close> = tmp.dir()
  return document.run(text, { cwd = dir.path, home = home })
end

describe("spec.support.document", function()
  it("finds files and consoles, and nothing else", function()
    local examples = document.parse("a\n```lua\nx\n```\n```lua a/b.lua\nreturn 1\n```\n"
      .. "```console\n$ one \\\n    two\nanswer\n$ three\n```\n")
    assert.equal(2, #examples)
    assert.same({ "file", "a/b.lua", "return 1\n" },
      { examples[1].kind, examples[1].path, examples[1].text })
    assert.same({ { command = "one \\\n    two", expected = "answer\n", line = 9 },
      { command = "three", expected = "", line = 12 } }, examples[2].steps)
  end)

  it("runs them in one shell, in order", function()
    assert.same({}, run("```sh d/x.sh\necho here\n```\n"
      .. "```console\n$ cd d\n$ A=1; sh x.sh\nhere\n```\n"
      .. "```console\n$ echo $A; false\n1\n$ echo $?\n1\n```\n"))
  end)

  it("lets differ what differs in every run", function()
    assert.same({}, run("```console\n$ echo $HOME $(date -Is) 0123456789abcdef $$\n"
      .. "~ 2026-01-02T03:04:05+00:00 fedcba98 …\n"
      .. "$ date '+%F %R  0.1 s'\n2001-02-03 04:05  17.0 s\n```\n"))
  end)

  it("tells where an answer is another, is missing, or is one too many", function()
    local found = run("```console\n$ echo yes\nno\n$ true\nmore\n$ echo more\n```\n")
    assert.equal(3, #found)
    assert.equal("line 2: $ echo yes\n  expected: no\n  printed:  yes", found[1])
    assert.matches("^line 4: .*printed:  %(nothing more%)$", found[2])
    assert.matches("^line 6: .*expected: %(nothing more%)", found[3])
  end)
end)
