local program = require "spec.support.program"
local project = require "spec.support.project"
local schema = require "spec.support.schema"

local DEAD <const> = 77

describe("mighost migration doctor", function()
  local p

  before_each(function()
    p = project.new()
  end)

  after_each(function()
    p:close()
  end)

  local function doctor(...)
    return p:run { "migration", "doctor", ... }
  end

  local function die(point, slug)
    local script = program.root .. "/spec/support/crash_plan.lua"
    assert.equal(DEAD, p:run({ script, point, slug, "T" }).exit)
  end

  describe("--repair", function()
    it("prints one line a thing done and ends with 0", function()
      local result = doctor "--repair"
      assert.same({ 0, "", "mighost: nothing is left to repair\n" },
        { result.exit, result.stdout, result.stderr })
      die("exchange done", "alpha")
      die("accept done", "beta")
      result = doctor("--repair", "-n")
      assert.equal(0, result.exit)
      assert.equal(4, select(2, result.stdout:gsub("[^\n]+\twould\t[^\n]+\n", "")))
      result = doctor "--repair"
      assert.equal(0, result.exit, result.stderr)
      assert.matches("^alpha\tfinished\t[^\n]+\nbeta\tpublished\t[^\n]+ was published as %x+\n$",
        result.stdout)
      assert.same({}, p:problems())
    end)

    it("ends with the code of what is left", function()
      die("exchange done", "alpha")
      p.repo:write("migrations/alpha/manifest.json", "edited")
      local result = doctor("--repair", "alpha")
      assert.equal(6, result.exit)
      assert.matches("^alpha\tleft\t", result.stdout)
      assert.matches("git stash push", result.stderr, 1, true)
      result = doctor("--repair", "--json")
      local answer = schema.expect("doctor-repair", result.stdout)
      assert.same({ false, 6 }, { answer.ok, answer.code })
      assert.same({ "alpha", "left" }, { answer.data.done[1].slug, answer.data.done[1].action })
    end)

    it("takes a migration that live lacks, and refuses what is none", function()
      p.repo:write("migrations/__transactions__/x/rollback/manifest.json", '{"name": "gone"}')
      assert.matches("^gone\trestored\t", doctor("--repair", "gone").stdout)
      for _, word in ipairs { "../x", ".hidden", "__transactions__", "a/b" } do
        assert.equal(2, doctor("--repair", word).exit)
      end
    end)
  end)

  describe("--set-aside", function()
    local function keep()
      p:plan { "alpha", "--target", "T" }
      local script = program.root .. "/spec/support/crash_plan.lua"
      assert.equal(DEAD, p:run({ script, "accept done", "alpha" }).exit)
      p.repo:write("migrations/alpha/note.md", "mine\n")
      p.repo:commit("By hand")
      assert.equal(0, doctor("--repair").exit)
    end

    it("lists what is kept, and removes one by its token", function()
      assert.same({ exit = 0, stdout = "", stderr = "" }, doctor "--set-aside")
      keep()
      local result = doctor "--set-aside"
      local token, why, path = result.stdout:match(
        "^alpha\t(%x+)\t%d%d%d%d%-[%d:T.+-]+\t([^\t]+)\t([^\t\n]+)\n$")
      assert.matches("^the migration is no longer what ", why)
      local answer = schema.expect("doctor-set-aside", doctor("--set-aside", "--json").stdout)
      assert.same({ "alpha", token, path },
        { answer.data.kept[1].slug, answer.data.kept[1].token, answer.data.kept[1].path })
      result = doctor("--set-aside", "--remove", token, "-n")
      assert.same({ 0, "mighost: would remove " .. path .. "\n" }, { result.exit, result.stderr })
      result = doctor("--set-aside", "--remove", token)
      assert.same({ 0, "mighost: removed " .. path .. "\n" }, { result.exit, result.stderr })
      assert.equal("", doctor("--set-aside").stdout)
      schema.expect("doctor-set-aside", doctor("--set-aside", "--remove", token, "--json").stdout)
      assert.equal(2, doctor("--set-aside", "--remove", token).exit)
    end)

    it("makes nothing", function()
      doctor "--set-aside"
      assert.is_false(p.repo.dir:exists ".git/mighost")
    end)
  end)

  it("refuses options that say nothing together", function()
    for _, args in ipairs {
      { "--remove", "x" }, { "--set-aside", "alpha" }, { "--set-aside", "--all" }, {},
      { "--repair", "--set-aside" }, { "-n", "--all" }, { "-n", "--set-aside" },
    } do
      local result = doctor(table.unpack(args))
      assert.equal(2, result.exit, table.concat(args, " "))
    end
  end)
end)
