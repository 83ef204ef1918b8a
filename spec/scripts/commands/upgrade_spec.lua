local project = require "spec.support.project"
local schema = require "spec.support.schema"
local strict = require "lib.strict"

local PATH <const> = ".mighost/config.json"

describe("mighost upgrade", function()
  it("leaves a configuration alone that is as it should be", function()
    local p <close> = project.new()
    local before = p.repo:read(PATH)
    local result = p:run { "upgrade" }
    assert.equal(0, result.exit, result.stderr)
    assert.equal(("%s/%s is up to date (version 1)\n"):format(p.path, PATH), result.stdout)
    assert.equal(before, p.repo:read(PATH))
  end)

  it("adds the version, sorts and indents, and keeps what the file says", function()
    local p <close> = project.new()
    p.repo:write(PATH, '{"with":"replay","live_migrations_dir":"migrations"}')
    assert.equal(2, p:run({ "migration", "list" }).exit)
    local dry = p:run { "upgrade", "--dry-run" }
    assert.matches("would be rewritten", dry.stdout)
    assert.equal('{"with":"replay","live_migrations_dir":"migrations"}', p.repo:read(PATH))
    assert.matches("was rewritten %(version 1%)", p:run({ "upgrade" }).stdout)
    assert.equal('{\n  "live_migrations_dir": "migrations",\n  "schema_version": 1,\n'
      .. '  "with": "replay"\n}\n', p.repo:read(PATH))
    assert.equal(0, p:run({ "migration", "list" }).exit)
  end)

  it("refuses what it does not understand and writes nothing", function()
    local p <close> = project.new()
    for text, why in pairs {
      ['{"schema_version": 2, "live_migrations_dir": "m"}'] = "written by a newer mighost",
      ['{"schema_version": "1", "live_migrations_dir": "m"}'] = "schema_version must be 1",
      ['{"live_migrations_dir": "m", "colour": 1}'] = "unknown field colour",
      ['{"live_migrations_dir": "../m"}'] = "live_migrations_dir",
      ["{"] = "config%.json", ["[]"] = "object",
    } do
      p.repo:write(PATH, text)
      local result = p:run { "upgrade" }
      assert.equal(2, result.exit)
      assert.matches(why, result.stderr)
      assert.equal(text, p.repo:read(PATH))
    end
  end)

  it("answers in JSON, and says of a taste that is out of date", function()
    local p <close> = project.new()
    p.home:write("config/mighost/taste.md", "- mine\n")
    local result = p:run { "upgrade", "--json" }
    local answer = schema.expect("upgrade", result.stdout)
    assert.same({ p.path .. "/" .. PATH, 1, 1, false }, { answer.data.path, answer.data.from,
      answer.data.to, answer.data.changed })
    assert.matches("taste%.md is out of date; mighost taste %-%-upgrade", result.stderr)
    p.repo:write(PATH, "{}")
    schema.expect("upgrade", p:run({ "upgrade", "--json" }).stdout)
    assert.is_nil(strict.decode(p.repo:read(PATH)).schema_version)
  end)
end)
