local plan_files = require "lib.plan_files"
local stage = require "spec.support.stage"

describe("plan_files.approaches", function()
  it("are the Markdown files right in approaches/", function()
    assert.same({ "a", "b c" }, plan_files.approaches {
      "approaches/b c.md", "approaches/a.md", "approaches/notes.txt", "approaches/deep/x.md",
      "a.md",
      "approaches/.md", "old/approaches/x.md",
    })
    assert.same({}, plan_files.approaches {})
  end)
end)

describe("plan_files.phases", function()
  it("are named by number and name", function()
    assert.same({ "phase-01-x.md", "phase-2-a-b.md" }, plan_files.phases {
      "phase-2-a-b.md", "phase-01-x.md", "phase-x.md", "phase-1.md", "phase-1-.md", "phases-1-x.md",
      "sub/phase-1-x.md", "phase-1-x.txt", "plan.md",
    })
  end)
end)

describe("plan_files.missing_headings", function()
  local function missing(text)
    return table.concat(plan_files.missing_headings(text), ",")
  end

  it("accepts any letter case, blanks and line end", function()
    assert.equal("", missing "## Precondition\nx\n## Definition of Done\ny\n")
    assert.equal("", missing "##\tPRECONDITION \t\r\n##  definition OF done")
    assert.equal("", missing "## Definition of Done\r## Precondition")
    assert.equal("", missing "```\n## Precondition\n```\n## Definition of Done\n")
  end)

  it("wants a line of its own, at the second level", function()
    assert.equal("Precondition,Definition of Done", missing "")
    for _, heading in ipairs {
      "# Precondition", "### Precondition", "##Precondition", " ## Precondition",
      "## Precondition:",
      "## Preconditions", "## The Precondition", "Precondition", "**Precondition**",
    } do
      assert.equal("Precondition", missing(heading .. "\n## Definition of Done\n"), heading)
    end
  end)

  it("takes linear time on hostile text", function()
    local started = os.clock()
    plan_files.missing_headings("##" .. (" "):rep(1 << 20) .. "x\n" .. ("## "):rep(1 << 19))
    assert.is_true(os.clock() - started < 5)
  end)
end)

describe("plan_files.check", function()
  local function check(change)
    local texts = stage.plan()
    change(texts)
    return plan_files.check(stage.context(texts))
  end

  it("counts the phases of a good plan", function()
    assert.equal(2, check(function() end))
  end)

  it("names what is not there", function()
    for message, change in pairs {
      ["plan.md was not written"] = function(texts)
        texts["plan.md"] = nil
      end,
      ["no phase-<n>-<name>.md was written"] = function(texts)
        texts["phase-1-one.md"], texts["phase-2-two.md"] = nil, nil
      end,
      ['phase-2-two.md lacks the heading "## Definition of Done"'] = function(texts)
        texts["phase-2-two.md"] = "## Precondition\n"
      end,
      ['phase-1-one.md lacks the heading "## Precondition" and "## Definition of Done"'] =
      function(texts)
        texts["phase-1-one.md"] = "\0\255"
      end,
    } do
      local count, why = check(change)
      assert.is_nil(count)
      assert.equal(message, why)
    end
  end)

  it("refuses a file that looks like a phase and is none", function()
    for _, name in ipairs { "phase-one.md", "phase-3.md", "phase-2b-x.md", "phase-.md" } do
      local count, why = check(function(texts)
        texts[name] = stage.PHASE
      end)
      assert.is_nil(count, name)
      assert.matches(name, why, 1, true)
    end
  end)

  it("says why a phase file cannot be read", function()
    local ctx = stage.context(stage.plan())
    function ctx.read()
      return nil, "it has 2 GiB"
    end
    local count, why = plan_files.check(ctx)
    assert.is_nil(count)
    assert.equal("cannot read phase-1-one.md: it has 2 GiB", why)
  end)
end)

describe("plan_files.show", function()
  it("gives one harmless line of not too many names", function()
    assert.equal("", plan_files.show {})
    assert.equal("a, b\\u{1B} c", plan_files.show { "a", "b\27\nc" })
    local names = {}
    for index = 1, 12 do
      names[index] = "n" .. index
    end
    assert.matches("n10, and 2 more$", plan_files.show(names))
  end)
end)

describe("plan_files.PHASE_GUIDE", function()
  it("names every heading that is checked or read later", function()
    for _, name in ipairs { "Precondition", "Definition of Done", "Required Effort",
      "Effort Reason" } do
      assert.matches("`" .. name .. "`", plan_files.PHASE_GUIDE, 1, true)
    end
  end)
end)
