local prompts = require "planning.taste_prompt"

describe("planning.taste_prompt", function()
  it("names the file, in every mode", function()
    for _, mode in ipairs { "interview", "refine", "upgrade" } do
      local text = prompts.assemble(mode, "/there/taste.md", "# Taste\n\n- one 100%\n")
      assert.is_truthy(text:find("\nFile: /there/taste.md\n", 1, true), mode)
      assert.is_nil(text:find("%s", 1, true))
    end
  end)

  it("shows today's text to whoever brings an old one up to date, and to nobody else", function()
    local default = "# Taste\n\n- one 100%\n"
    assert.is_truthy(prompts.assemble("upgrade", "p", default)
      :find("    # Taste\n\n    - one 100%\n", 1, true))
    assert.is_nil(prompts.assemble("refine", "p", default):find("one 100", 1, true))
  end)
end)
