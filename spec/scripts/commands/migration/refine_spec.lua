local project = require "spec.support.project"

describe("mighost migration refine", function()
  it("shows each of its options and an example with --help", function()
    local p <close> = project.new()
    local result = p:run { "migration", "refine", "--help" }
    assert.equal(0, result.exit)
    for _, words in ipairs { "--message TEXT", "--file PATH", "--with NAME", "--recording DIR",
      "$ mighost migration refine retire-the-old-parser" } do
      assert.is_truthy(result.stdout:find(words, 1, true), words)
    end
    assert.is_nil(result.stdout:find("--effort", 1, true))
  end)

  it("names the file that cannot be read", function()
    local p <close> = project.new()
    for file, why in pairs { ["/no/where"] = "No such file or directory",
      ["/etc"] = "Is a directory" } do
      local result = p:run { "migration", "refine", "alpha", "--file", file }
      assert.equal(2, result.exit)
      assert.equal(("mighost: cannot read the feedback: %s: %s\n"):format(file, why), result.stderr)
    end
  end)

  it("says what comes next on stderr, the step on stdout", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local result = p:refine { "alpha", "--message", "x" }
    assert.matches("^pick%-best +completed +%x+ +[%d.]+ s  chosen: in%-place\n$", result.stdout)
    assert.matches("\nmighost: next: mighost plan alpha\n$", result.stderr)
    assert.equal("", p:refine({ "alpha", "--message", "x", "--quiet" }).stderr)
  end)
end)
