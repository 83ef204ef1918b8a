local pages = require "cli.page"
local program = require "spec.support.program"
local tmp = require "spec.support.tmp"

--- What a page prints on which Lua text was put.
local function print_page(body)
  local dir <close> = tmp.dir()
  local script = dir:write("page.lua", ([[
    local page = require("cli.page").new {}
    %s
    page:write()
  ]]):format(body))
  local result = program.run { args = { script } }
  assert.equal(0, result.exit, result.stderr)
  return result.stdout
end

describe("cli.page", function()
  it("puts fields, headings and texts beneath each other, in 80 columns", function()
    local first = ("word "):rep(14):sub(1, -2)
    assert.equal("name      " .. first .. "\n          word\n\nHeading\n  a   b\n", print_page [[
        page:add_field("name", ("word "):rep(15))
        page:add_heading("Heading")
        page:add("  a", "   ", "b", "   ")
      ]])
  end)

  it("cuts a text after so many lines", function()
    local words = ("word "):rep(15)
    assert.equal(("    %s\n    %s…\n"):format(words:sub(1, -2), words),
      print_page [[page:add_text("    ", ("word "):rep(40), 2)]])
    assert.equal("  short\n", print_page [[page:add_text("  ", "short", 2)]])
  end)

  it("lets no control character through, and has no colour but on a terminal", function()
    assert.equal("\\u{1B}[1m\\u{202E}\n",
      print_page [[page:add_text("", "\27[1m\u{202E}", 1, "red")]])
    assert.equal("\\u{7}      x", pages.column("\7", 11) .. "x")
    assert.equal("plain\n", print_page [[page:add(page:paint("plain", "bold"))]])
  end)

  it("shortens a time that it knows and leaves others", function()
    assert.equal("2026-05-05 05:06", pages.brief_time "2026-05-05T05:06:07.000+00:00")
    assert.equal("last week\\u{7}", pages.brief_time "last week\7")
  end)

  it("says what was spent, the cost where it is known", function()
    assert.equal("7 tokens in 1 call", pages.spending { tokens = 7, calls = 1 })
    assert.equal("$0.50, 70 tokens in 2 calls",
      pages.spending { tokens = 70, calls = 2, cost_usd = 0.5 })
  end)
end)
