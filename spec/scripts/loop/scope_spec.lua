local scope = require "loop.scope"
local tables = require "lib.tables"

local FILES <const> = {
  ["README.md"] = "see src/parser.lua",
  ["src/parser.lua"] = 'local lexer = require "lexer"\n',
  ["src/lexer.lua"] = "return {}\n",
  ["src/printer.lua"] = "-- nothing of the sort\n",
  ["src/parser_help.lua"] = "return { parsers = 1 }\n",
  ["app/main.lua"] = 'require("src.parser")\n',
  ["spec/parser_spec.lua"] = "describe(1)\n",
}

local function candidates(more)
  local files = more and more.files or FILES
  local input = tables.copy({ seed = "src/parser.lua", together = {},
    tracked = tables.sorted_keys(files),
    read = function(path)
      return files[path]
    end }, more)
  local by_kind, list = {}, scope.candidates(input)
  for _, candidate in ipairs(list) do
    by_kind[candidate.kind] = candidate
  end
  return by_kind, list
end

local function member(candidate, path)
  for _, file in ipairs(candidate.members) do
    if file.path == path then
      return file
    end
  end
end

describe("loop.scope", function()
  it("adds up a test's pairing, mentions either way, and commits together", function()
    local found = candidates { together = { ["src/lexer.lua"] = 2, ["README.md"] = 19 } }
    local far = found["cross-cluster"]
    assert.equal(50, member(far, "spec/parser_spec.lua").score)
    assert.equal(40, member(far, "src/lexer.lua").score)
    assert.equal(30, member(far, "app/main.lua").score)
    assert.equal(55, member(far, "README.md").score)
    assert.is_nil(member(far, "src/printer.lua"))
    assert.is_nil(member(far, "src/parser_help.lua"))
    assert.same({ "one names the other", "changed together in 2 commits" },
      member(far, "src/lexer.lua").signs)
    assert.same({ "src/parser.lua", "README.md", "spec/parser_spec.lua", "src/lexer.lua",
      "app/main.lua" }, far.files)
  end)

  it("keeps the local cluster in the folder of the seed, with its test", function()
    local found, list = candidates()
    assert.same({ "src/parser.lua", "spec/parser_spec.lua", "src/lexer.lua" },
      found["local-cluster"].files)
    assert.same({ "src/parser.lua" }, found.seed.files)
    assert.equal(3, #list)
    assert.equal("seed", list[1].kind)
  end)

  it("has only what differs", function()
    local _, list = candidates { files = { ["src/parser.lua"] = "x" } }
    assert.equal(1, #list)
    local found = candidates { files = { ["src/parser.lua"] = '"lexer"', ["src/lexer.lua"] = "" } }
    assert.is_nil(found["cross-cluster"])
    assert.equal(2, #found["local-cluster"].files)
    found = candidates { files = { ["src/parser.lua"] = "", ["a/x.lua"] = "'parser'" } }
    assert.is_nil(found["local-cluster"])
    assert.equal(2, #found["cross-cluster"].files)
  end)

  it("takes eight files at most, the strongest, of equal ones by name", function()
    local files = { ["src/parser.lua"] = "" }
    for number = 10, 30 do
      files[("src/u%d.lua"):format(number)] = 'require "parser"'
    end
    local found = candidates { files = files, together = { ["src/u30.lua"] = 1 } }
    local chosen = found["local-cluster"].files
    assert.equal(8, #chosen)
    assert.equal("src/u30.lua", chosen[2])
    assert.equal("src/u10.lua", chosen[3])
    assert.is_nil(found["cross-cluster"])
  end)

  it("knows a file and its test by their names", function()
    local pairs_of = {
      { "a/parser.lua", "a/parser_spec.lua" }, { "a/parser.c", "test/parser.c" },
      { "a/parser.py", "tests/test_parser.py" }, { "a/parser.ts", "a/parser.test.ts" },
      { "a/parser.js", "a/__tests__/parser.js" }, { "a/Parser.java", "b/ParserTest.java" },
      { "a/parser.go", "a/parser_test.go" }, { "a/parser.rb", "spec/parser_spec.rb" },
      { "a/parser", "a/parser-tests.sh" },
    }
    for _, pair in ipairs(pairs_of) do
      for _, seed in ipairs(pair) do
        local found = candidates { seed = seed,
          files = { [pair[1]] = "", [pair[2]] = "", ["z/other_test.c"] = "" } }
        local other = seed == pair[1] and pair[2] or pair[1]
        assert.same({ seed, other }, found["local-cluster"].files)
      end
    end
  end)

  it("knows the ways in which a module is named", function()
    for _, line in ipairs { "import parser", "from parser import x", "use parser;",
      "#include \"parser.lua\"", "#include <lib/parser.lua>", "require('./parser')",
      "import x from '../src/parser'", "src.parser.run()", "parser.lua" } do
      local found = candidates { files = { ["src/parser.lua"] = "", ["b/x"] = line } }
      assert.equal(line:find("%.run") and 1 or 2,
        found["cross-cluster"] and #found["cross-cluster"].files or 1, line)
    end
    local found = candidates { seed = "a/io.c", files = { ["a/io.c"] = "", ["b/x"] = '"io"' } }
    assert.is_nil(found["cross-cluster"])
  end)

  it("goes on without what cannot be read, and takes names as they are", function()
    local found = candidates { seed = "a/%d+[x].lua",
      files = { ["a/%d+[x].lua"] = "", ["b/y"] = "'%d+[x]'", ["b/z"] = "'12[x]'" },
      read = function(path)
        return path == "b/y" and "'%d+[x]'" or nil
      end }
    assert.same({ "a/%d+[x].lua", "b/y" }, found["cross-cluster"].files)
  end)

  it("asks for one of the candidates", function()
    local _, list = candidates()
    local prompt =
      scope.prompt({ description = "Split\nit", files = {}, scoping = "```only" }, list)
    assert.matches("\n\nTarget: Split it\n\n", prompt)
    assert.is_truthy(prompt:find("````\n```only\n````", 1, true))
    assert.matches("## Candidate local%-cluster\n\n%- `src/parser.lua` %(where the work begins%)\n"
      .. "%- `spec/parser_spec.lua` %(one tests the other%)\n", prompt)
    assert.matches("^%u", prompt)
    local picked, why = scope.parse(prompt, list)
    assert.is_nil(picked, why) -- an echo of the prompt picks nothing
  end)

  it("takes the last line that picks one", function()
    local _, list = candidates()
    local picked, reason = scope.parse(
      "selected-candidate: seed\nno:\n**Selected-candidate:** `local-cluster` — both change\n",
      list)
    assert.equal("local-cluster", picked.kind)
    assert.equal("both change", reason)
    assert.equal("no reason is given", select(2, scope.parse("selected-candidate: seed", list)))
    for _, answer in ipairs { "", "seed", "selected-candidate: everything",
      "selected-candidate: seed, or perhaps not", "\0\xFF" } do
      local none, why = scope.parse(answer, list)
      assert.is_nil(none, answer)
      assert.is_string(why)
    end
    local _, few = candidates { files = { ["src/parser.lua"] = "x" } }
    local none, why = scope.parse("selected-candidate: cross-cluster", few)
    assert.is_nil(none)
    assert.matches("not one of: seed$", why)
  end)
end)
