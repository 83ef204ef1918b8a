local project = require "spec.support.project"
local schema = require "spec.support.schema"
local sh = require "spec.support.sh"

local MARK <const> = "<!-- taste-version: 1 -->\n"

--- Runs `mighost taste` with a shell script as the agent, in the folder with the draft.
local function taste(p, body, ...)
  local agent = p.home:write("agent.sh", "#!/bin/sh\nset -eu\n" .. body .. "\n")
  sh.check { argv = { "chmod", "+x", agent } }
  return p:run { "taste", "--with", "command", "--agent-command", agent, ... }
end

local function own(p)
  return p.home:read("config/mighost/taste.md")
end

describe("mighost taste", function()
  it("prints the path of the taste that counts", function()
    local p <close> = project.new()
    assert.equal(p.home:join("config/mighost/taste.md") .. "\n", p:run({ "taste" }).stdout)
    p:run { "init", "--in-repo-taste" }
    assert.equal(p.path .. "/.mighost/taste.md\n", p:run({ "taste" }).stdout)
    assert.equal(p.home:join("config/mighost/taste.md") .. "\n",
      p:run({ "taste", "--global" }).stdout)
  end)

  it("answers in JSON", function()
    local p <close> = project.new()
    local result = p:run { "taste", "--json" }
    local answer = schema.expect("taste", result.stdout)
    assert.same({ true, 1, false }, { answer.data.exists, answer.data.version,
      answer.data.is_stale })
    local failure = p:run { "taste", "--json", "--force" }
    assert.equal(2, failure.exit)
    schema.expect("taste", failure.stdout)
  end)

  it("says when nobody wrote one, and when it is out of date", function()
    local p <close> = project.new()
    p.home:write("config/mighost/taste.md", "- mine\n")
    local result = p:run { "taste" }
    assert.equal(0, result.exit)
    assert.matches("warning: .* version 0 .*mighost taste %-%-upgrade", result.stderr)
    os.remove(p.home:join("config/mighost/taste.md"))
    assert.matches("does not exist; prompts end with the text that came with mighost",
      p:run({ "taste" }).stderr)
  end)

  it("has it written anew, from the text that mighost brings along", function()
    local p <close> = project.new()
    local result = taste(p, "cat \"$MIGHOST_PROMPT\" >\"$HOME/asked\"; pwd >\"$HOME/where\"\n"
      .. "echo '- short' >>taste.md", "--interview")
    assert.equal(0, result.exit, result.stderr)
    local before = require("project.taste").default_text
    assert.equal(before .. "- short\n", own(p))
    assert.equal(before, p.home:read("config/mighost/taste.md.bak"))
    local where = p.home:read("where"):gsub("\n", "")
    assert.is_truthy(p.home:read("asked"):find("File: " .. where .. "/taste.md", 1, true))
    assert.equal("", p.repo:status())
  end)

  it("does not replace what somebody wrote, unless told to", function()
    local p <close> = project.new()
    p.home:write("config/mighost/taste.md", MARK .. "- mine\n")
    local result = taste(p, "echo >\"$HOME/called\"; echo '- theirs' >taste.md", "--interview")
    assert.equal(2, result.exit)
    assert.matches("holds a taste that somebody wrote\n  next: mighost taste %-%-refine",
      result.stderr)
    assert.is_nil(p.home:read("called"))
    assert.equal(0, taste(p, "grep -q mine taste.md; echo '- theirs' >taste.md", "--interview",
      "--force").exit)
    assert.equal(MARK .. "- theirs\n", own(p))
  end)

  it("has some of it changed", function()
    local p <close> = project.new()
    p.home:write("config/mighost/taste.md", MARK .. "- mine\n")
    assert.equal(0, taste(p, "sed -i s/mine/ours/ taste.md", "--refine").exit)
    assert.equal(MARK .. "- ours\n", own(p))
    local same = taste(p, ":", "--refine")
    assert.equal(0, same.exit)
    assert.matches("stays as it was", same.stderr)
    os.remove(p.home:join("config/mighost/taste.md"))
    local none = taste(p, ":", "--refine")
    assert.equal(2, none.exit)
    assert.matches("next: mighost taste %-%-interview", none.stderr)
  end)

  it("brings an old one up to date, and leaves a new one alone", function()
    local p <close> = project.new()
    p.home:write("config/mighost/taste.md", "- mine\n")
    assert.equal(0, taste(p, "echo '- and names' >>taste.md", "--upgrade").exit)
    assert.equal(MARK .. "- mine\n- and names\n", own(p))
    local again = taste(p, "echo >\"$HOME/called\"", "--upgrade")
    assert.equal(0, again.exit)
    assert.matches("at version 1, the newest", again.stderr)
    assert.is_nil(p.home:read("called"))
  end)

  it("keeps a draft that cannot be one, and the taste as it was", function()
    local p <close> = project.new()
    local before = own(p)
    for body, why in pairs { ["rm taste.md"] = "cannot be read", [":>taste.md"] = "it is empty",
      ["printf '\\377' >taste.md"] = "UTF%-8", ["ln -sf /etc/hostname taste.md"] = "cannot be read",
      ["exit 3"] = "exited with status 3" } do
      local result = taste(p, body, "--interview")
      assert.equal(1, result.exit, result.stderr)
      assert.matches(why, result.stderr)
      assert.matches("next: mighost taste %-%-interview", result.stderr)
      assert.equal(before, own(p))
    end
  end)

  it("believes no agent that writes the taste itself, and puts it back", function()
    local p <close> = project.new()
    local before = own(p)
    local result = taste(p, "echo - quick >\"$XDG_CONFIG_HOME/mighost/taste.md\"; "
      .. "echo '- slow' >taste.md", "--refine")
    assert.equal(1, result.exit)
    assert.matches("taste%.md", result.stderr)
    assert.equal(before, own(p))
  end)

  it("opens the draft itself in a person's editor", function()
    local p <close> = project.new()
    local result = p:run({ "taste", "--interview", "--with", "human" },
      { VISUAL = "sh -c 'echo - by hand >$0'" })
    assert.equal(0, result.exit, result.stderr)
    assert.equal(MARK .. "- by hand\n", own(p))
  end)

  it("needs no repository for one's own", function()
    local p <close> = project.new()
    local env = p:env()
    local exe = require("spec.support.program")
    assert.equal(p.home:join("config/mighost/taste.md") .. "\n",
      exe.run({ args = { "taste", "--global" }, cwd = "/", env = env }).stdout)
    assert.equal(2, exe.run({ args = { "taste" }, cwd = "/", env = env }).exit)
  end)

  it("writes a team's where the configuration names one that is not there yet", function()
    local p <close> = project.new()
    p:run { "init", "--in-repo-taste", "docs/taste.md" }
    os.remove(p.path .. "/docs/taste.md")
    assert.matches("next: mighost taste %-%-interview", p:run({ "taste" }).stderr)
    assert.equal(0, taste(p, ":", "--interview").exit)
    assert.equal(require("project.taste").default_text, p.repo:read("docs/taste.md"))
  end)

  it("refuses two modes at once, an agent without a terminal, and no agent", function()
    local p <close> = project.new()
    assert.equal(2, p:run({ "taste", "--refine", "--upgrade" }).exit)
    assert.matches("no interactive form",
      p:run({ "taste", "--interview", "--with", "replay" }).stderr)
    local result = p:run { "taste", "--interview" }
    assert.equal(2, result.exit)
    assert.matches("no agent was chosen\n  next: mighost taste %-%-interview %-%-with",
      result.stderr)
  end)
end)
