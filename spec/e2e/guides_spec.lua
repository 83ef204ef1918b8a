--- The guides for script authors, typed word for word.

local document = require "spec.support.document"
local git = require "spec.support.git"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local source = require "spec.support.source"
local tmp = require "spec.support.tmp"

local GUIDES <const> = { "stages/README.md", "scripts/rules/README.md", "scripts/agents/README.md" }

describe("the guide", function()
  for _, path in ipairs(GUIDES) do
    it(path .. " prints what it says that commands print", function()
      local home <close> = tmp.dir()
      local repo <close> = git.repo()
      sh.check { argv = { "ln", "-s", program.root, home:join("mighost") } }
      local text = table.concat(source.read(path).lines, "\n") .. "\n"
      assert.is_true(#document.parse(text) > 0)
      local found = document.run(text, { cwd = repo.path, home = home })
      assert.equal("", table.concat(found, "\n"))
    end)
  end
end)
