local generate = require "spec.support.generate"
local sh = require "spec.support.sh"
local text = require "lib.text"

describe("lib.text.printable", function()
  it("leaves ordinary text alone", function()
    assert.equal("plan.md: Größe 日本 😀 [x]", text.printable("plan.md: Größe 日本 😀 [x]"))
  end)

  it("puts everything on one line", function()
    assert.equal("a b c d e", text.printable("a\nb\r\nc\rd\te"))
  end)

  it("shows control, direction and hidden characters instead of sending them", function()
    assert.equal("\\u{1B}[2J\\u{7F}\\u{9B}", text.printable("\27[2J\127\u{9B}"))
    assert.equal("\\u{202E}gnp.exe\\u{200B}", text.printable("\u{202E}gnp.exe\u{200B}"))
    assert.equal("\\u{0}\\u{FEFF}\\u{2028}", text.printable("\0\u{FEFF}\u{2028}"))
  end)

  it("shows bytes that are not UTF-8", function()
    assert.equal("a\\xFFb\\xC3", text.printable("a\xffb\xc3"))
    assert.equal("\\xED\\xA0\\x80", text.printable("\xED\xA0\x80"))
  end)

  it("gives text that is harmless and stays as it is when printed again", function()
    for seed = 1, 300 do
      local random = generate.random(seed)
      local shown = text.printable(generate.text(random) .. string.char(random(256) - 1))
      assert.is_truthy(utf8.len(shown))
      assert.is_nil(shown:find("%c"))
      assert.equal(shown, text.printable(shown))
    end
  end)
end)

describe("lib.text.to_utf8", function()
  it("replaces what is not UTF-8, byte by byte, and nothing else", function()
    assert.equal("aé\n", text.to_utf8("aé\n"))
    assert.equal("a\u{FFFD}\u{FFFD}b", text.to_utf8("a\xc3\xffb"))
    assert.equal("\u{FFFD}", text.to_utf8("\x80"))
  end)

  it("always gives UTF-8", function()
    for seed = 1, 300 do
      local random = generate.random(seed)
      local bytes = {}
      for index = 1, random(12) do
        bytes[index] = string.char(random(256) - 1)
      end
      assert.is_truthy(utf8.len(text.to_utf8(table.concat(bytes))))
    end
  end)
end)

describe("lib.text.lines", function()
  it("ends lines at LF, CRLF and a lone CR", function()
    assert.same({ "a", "b", "c", "", "d" }, text.lines("a\nb\r\nc\r\rd"))
    assert.same({ "a" }, text.lines("a\n"))
    assert.same({ "" }, text.lines("\n"))
    assert.same({}, text.lines(""))
  end)
end)

describe("lib.text.slug", function()
  it("makes names of free text", function()
    assert.equal("src-my-module-parser-py", text.slug("src/my_module/parser.py", 40))
    assert.equal("split-the-parser", text.slug("  Split: the PARSER!  ", 40))
  end)

  it("keeps to the limit and does not end in a dash", function()
    assert.equal("src-continuous-refactoring-commit-messag",
      text.slug("src/continuous_refactoring/commit_messages.py", 40))
    assert.equal("abc", text.slug("abc def", 4))
  end)

  it("has a name for what has no letters", function()
    assert.equal("migration", text.slug("日本語", 40))
    assert.equal("mig", text.slug("", 3))
  end)

  it("always gives a plain file name within the limit", function()
    for seed = 1, 300 do
      local random = generate.random(seed)
      local limit = random(20)
      local slug = text.slug(generate.text(random) .. generate.text(random), limit)
      assert.is_truthy(slug:find("^[a-z0-9][a-z0-9-]*$"))
      assert.is_true(#slug <= limit)
      assert.is_nil(slug:find("%-$"))
    end
  end)
end)

describe("lib.text.glob", function()
  local cases = {
    { "approaches/*.md", { "approaches/a.md", "approaches/.md" }, { "approaches/b/a.md", "a.md" } },
    { "approaches/*.md", { "approaches/b.c.md" }, { "approaches/a.mdx", "x/approaches/a.md" } },
    { "phase-*.md", { "phase-1-x.md", "phase-.md" }, { "phase.md", "x/phase-1.md" } },
    { "plan.md", { "plan.md" }, { "planxmd", "plan.md/", "/plan.md" } },
    { "**/*.c", { "a.c", "x/y/a.c" }, { "a.h", "x/a.c/b" } },
    { "src/**/t", { "src/t", "src/a/b/t" }, { "src/tt", "t" } },
    { "src/**", { "src/a", "src/a/b" }, { "srcx/a" } },
    { "a?c", { "abc", "aéc" }, { "ac", "a/c", "abbc" } },
    { "[a]%d", { "[a]%d" }, { "a1" } },
    { "*", { "", "a" }, { "a/b" } },
    { "a*b*", { "ab", "axbx", "abb" }, { "ba", "a", "xab" } },
    { "*ab", { "ab", "abab", "aab" }, { "aba" } },
    { "*?x", { "éx", "xx" }, { "x" } },
    { "a**b", { "ab", "axb" }, { "a/b" } },
    { "**/a/**/b", { "a/b", "x/a/y/a/z/b" }, { "a", "b/a", "x/b" } },
    { "a$^", { "a$^" }, { "a" } },
  }
  for _, case in ipairs(cases) do
    it("matches " .. case[1], function()
      local matches = text.glob(case[1])
      for _, path in ipairs(case[2]) do
        assert.is_true(matches(path), path)
      end
      for _, path in ipairs(case[3]) do
        assert.is_false(matches(path), path)
      end
    end)
  end
end)

describe("lib.text.glob", function()
  it("takes no longer for many stars than for one", function()
    local began = os.clock()
    assert.is_false(text.glob(("*a"):rep(30) .. "*b")(("a"):rep(4000)))
    assert.is_false(text.glob(("**/"):rep(30) .. "b")(("a/"):rep(2000)))
    assert.is_true(os.clock() - began < 5)
  end)
end)

describe("lib.text.shell_split", function()
  it("splits words as a shell does", function()
    assert.same({ "a", "b c", 'd"e$f\\g', "h i", "jk", "" },
      text.shell_split([[a 'b c' "d\"e\$f\g" h\ i j""k '']]))
    assert.same({}, text.shell_split("  \t\n "))
    assert.same({ "ab" }, text.shell_split("a\\\nb"))
  end)

  it("expands nothing", function()
    assert.same({ "$HOME", "*", "~", "`x`", ";", "#y" }, text.shell_split("$HOME * ~ `x` ; #y"))
  end)

  it("says what is not closed", function()
    for line, why in pairs {
      ["a 'b"] = "a single quote is not closed in: a 'b",
      ['a "b'] = 'a double quote is not closed in: a "b',
      ['"\\'] = 'a double quote is not closed in: "\\',
      ["a\\"] = "a backslash stands at the end in: a\\",
    } do
      local words, message = text.shell_split(line)
      assert.is_nil(words)
      assert.equal(why, message)
    end
  end)

  it("agrees with sh on generated quoting", function()
    local pieces = { "a", " ", "'b c'", '"d e"', "\\ ", "\\\\", '"\\""', "''", '"\\x"', "'\\'" }
    for seed = 1, 40 do
      local random = generate.random(seed)
      local line = {}
      for index = 1, random(8) do
        line[index] = generate.pick(random, pieces)
      end
      line = table.concat(line)
      local expected = sh.check { argv = { "sh", "-c", "printf '<%s>' x " .. line } }
      local words = assert(text.shell_split("x " .. line))
      assert.equal(expected, "<" .. table.concat(words, "><") .. ">", line)
    end
  end)
end)

describe("lib.text.is_line", function()
  it("takes what one line shows and that is not blank", function()
    for _, line in ipairs { "a", "a b", " [x]: Größe 日本" } do
      assert.is_true(text.is_line(line), line)
    end
    for _, other in ipairs { "", " ", "\n", "a\nb", "a\tb", "\27[2J", "\xFF" } do
      assert.is_false(text.is_line(other), other)
    end
  end)
end)
