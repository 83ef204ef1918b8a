local config = require "project.config"
local tmp = require "spec.support.tmp"

--- What a file with this text is taken for.
local function load_text(text)
  local dir <close> = tmp.dir()
  dir:write(config.path, text)
  local value, programs, name = config.load(dir.path)
  if value then
    return value, programs
  end
  return nil, (programs:gsub(dir.path:gsub("%p", "%%%0"), "<root>")), name
end

local MINIMAL <const> = '{"schema_version": 1, "live_migrations_dir": "m"}'

describe("project.config.load", function()
  it("gives the fields; null is absent, paths are plain", function()
    assert.same({ schema_version = 1, live_migrations_dir = "m" }, (load_text(MINIMAL)))
    assert.same({
      schema_version = 1, live_migrations_dir = "a/b", taste = "t.md", with = "replay",
      model = "m", effort = "high", pipeline = "short", commit_message_prefix = "plan",
      timeout = 60, silence = 5, sandbox = "require",
      script_memory = 64, script_seconds = 3, script_instructions = 10000000,
    }, (load_text [[{
      "schema_version": 1, "live_migrations_dir": "./a//b/", "taste": "./t.md", "with": "replay",
      "model": "m", "effort": "high", "pipeline": "short", "commit_message_prefix": "plan",
      "timeout": 60, "silence": 5, "sandbox": "require", "agent_command": null,
      "script_memory": 64, "script_seconds": 3, "script_instructions": 10000000
    }]]))
  end)

  it("keeps the keys that name programs apart, for project.trust", function()
    local value, programs = load_text [[{
      "schema_version": 1, "live_migrations_dir": "m", "agent_command": "x",
      "agent_env": {"A": "b"}, "validation_command": "make"}]]
    assert.same({ schema_version = 1, live_migrations_dir = "m" }, value)
    assert.same({ "x", "b", "make" },
      { programs.agent_command, programs.agent_env.A, programs.validation_command })
    assert.same({}, (select(2, load_text(MINIMAL))))
  end)

  it("holds the limits of runs to their types", function()
    local value = load_text(MINIMAL:sub(1, -2) .. [[, "max_wait": 0, "validation_timeout": 9,
      "default_effort": "low", "max_allowed_effort": "xhigh", "max_attempts": 3,
      "max_consecutive_failures": 2}]])
    assert.same({ 0, 9, "low", "xhigh", 3, 2 }, { value.max_wait, value.validation_timeout,
      value.default_effort, value.max_allowed_effort, value.max_attempts,
      value.max_consecutive_failures })
    for _, text in ipairs { '"max_wait": -1', '"validation_timeout": 0', '"default_effort": "most"',
      '"commit_message_prefix": ""', '"commit_message_prefix": "a\\nb"',
      '"max_allowed_effort": 1', '"max_attempts": 0', '"max_consecutive_failures": "2"' } do
      local refused, message = load_text(MINIMAL:sub(1, -2) .. ", " .. text .. "}")
      assert.is_nil(refused)
      assert.matches(text:match('"([%a_]+)"') .. " must be ", message, 1, true)
    end
  end)

  it("holds these keys to their types, trusted or not", function()
    for _, text in ipairs { '"agent_command": ""', '"agent_command": ["x"]',
      '"validation_command": 1', '"agent_env": []', '"agent_env": "x"', '"agent_env": {"A": 1}',
      '"agent_env": {"A B": "x"}', '"agent_env": {"A": "\\u0000"}', '"hooks": {}' } do
      local value, message, name = load_text(MINIMAL:sub(1, -2) .. ", " .. text .. "}")
      assert.is_nil(value, text)
      assert.matches("config.json: .*" .. text:match('"([%a_]+)"'), message)
      assert.equal("ECONFIG", name)
    end
  end)

  it("names the file and the field of what is wrong", function()
    local refused = {
      ['{"schema_version": 1, "live_migrations_dir": "m", "liev": 1}'] = "unknown field liev",
      ['{"schema_version": 1, "live_migrations_dir": "m", "x": null}'] = "unknown field x",
      ['{"live_migrations_dir": "m"}'] = "schema_version is missing",
      ['{"schema_version": 1}'] = "live_migrations_dir is missing",
      ['{"schema_version": 2, "live_migrations_dir": "m"}'] =
        "schema_version must be 1, the version this mighost knows",
      ['{"schema_version": "1", "live_migrations_dir": "m"}'] =
        "schema_version must be 1, the version this mighost knows",
      ['{"schema_version": 1, "live_migrations_dir": "../m"}'] =
        "live_migrations_dir must be a path relative to the project's root; it has ..",
      ['{"schema_version": 1, "live_migrations_dir": "/m"}'] =
        "live_migrations_dir must be a path relative to the project's root; it is absolute",
      ['{"schema_version": 1, "live_migrations_dir": 5}'] =
        "live_migrations_dir must be a path relative to the project's root",
      ['{"schema_version": 1, "live_migrations_dir": "m", "with": ""}'] =
        "with must be a non-empty string",
      ['{"schema_version": 1, "live_migrations_dir": "m", "timeout": 1.5}'] =
        "timeout must be a whole number of seconds from 1 to 1000000000",
      ['{"schema_version": 1, "live_migrations_dir": "m", "silence": 0}'] =
        "silence must be a whole number of seconds from 1 to 1000000000",
      ['{"schema_version": 1, "live_migrations_dir": "m", "timeout": 1000000001}'] =
        "timeout must be a whole number of seconds from 1 to 1000000000",
      ['{"schema_version": 1, "live_migrations_dir": "m", "script_memory": 7}'] =
        "script_memory must be a whole number of MiB from 8 to 65536",
      ['{"schema_version": 1, "live_migrations_dir": "m", "script_seconds": "9"}'] =
        "script_seconds must be a whole number of seconds from 1 to 3600",
      ['{"schema_version": 1, "live_migrations_dir": "m", "script_instructions": 1e9}'] =
        "script_instructions must be a whole number of instructions from 1000000 to 1000000000000",
      ['{"schema_version": 1, "live_migrations_dir": "m", "sandbox": "off"}'] =
        "sandbox must be auto or require; only --sandbox and MIGHOST_SANDBOX can switch it off",
      ["[]"] = "it must hold an object, not array",
      ["null"] = "it must hold an object, not null",
    }
    for text, why in pairs(refused) do
      local value, message, name = load_text(text)
      assert.is_nil(value)
      assert.equal("<root>/.mighost/config.json: " .. why, message)
      assert.equal("ECONFIG", name)
    end
  end)

  it("refuses what is not JSON, in one line", function()
    for _, text in ipairs { "", "{", "\239\187\191{}", "{} x", '{"a": "\255"}',
      ("["):rep(100000) } do
      local value, message, name = load_text(text)
      assert.is_nil(value)
      assert.matches("^cannot read the configuration: <root>/.mighost/config.json: [^\n]+$",
        message)
      assert.equal("ECONFIG", name)
    end
  end)

  it("refuses what is not a file, or too large, and never waits for a FIFO", function()
    local dir <close> = tmp.dir()
    local function expect()
      local value, message, name = config.load(dir.path)
      assert.is_nil(value)
      assert.matches("^cannot read the configuration: ", message)
      assert.equal("ECONFIG", name)
    end
    expect()
    dir:mkdir(config.path)
    expect()
    tmp.remove(dir:join(config.path))
    os.execute("mkfifo " .. dir:join(config.path))
    expect()
    tmp.remove(dir:join(config.path))
    dir:write(config.path, MINIMAL .. (" "):rep(2 * 1024 * 1024))
    expect()
    tmp.remove(dir:join(config.path))
    dir:symlink("/dev/zero", config.path)
    expect()
  end)

  it("is unreadable by permission for an ordinary user", function()
    local dir <close> = tmp.dir()
    dir:write(config.path, MINIMAL)
    os.execute("chmod 000 " .. dir:join(config.path))
    local value, message = config.load(dir.path)
    if require("host.sys").user().uid == 0 then
      assert.is_table(value) -- root reads everything
    else
      assert.matches("Permission denied", message)
    end
  end)
end)

describe("project.config.write", function()
  it("makes the file, and later changes only what it is told", function()
    local dir <close> = tmp.dir()
    assert.is_true(config.write(dir.path, { live_migrations_dir = "m" }))
    assert.equal('{\n  "live_migrations_dir": "m",\n  "schema_version": 1\n}\n',
      dir:read(config.path))
    dir:write(config.path, [[{"schema_version": 1, "live_migrations_dir": "m", "with": "replay",
      "agent_env": {"A": "b"}}]])
    assert.is_true(config.write(dir.path, { live_migrations_dir = "n", taste = "t.md" }))
    local value, programs = config.load(dir.path)
    assert.same({ "n", "t.md", "replay", "b" },
      { value.live_migrations_dir, value.taste, value.with, programs.agent_env.A })
  end)

  it("does not replace what it cannot read", function()
    local dir <close> = tmp.dir()
    dir:write(config.path, "{")
    local ok, _, name = config.write(dir.path, { live_migrations_dir = "m" })
    assert.is_nil(ok)
    assert.equal("ECONFIG", name)
    assert.equal("{", dir:read(config.path))
    local missing, message = config.write(dir:join "nowhere", { live_migrations_dir = "m" })
    assert.is_nil(missing)
    assert.is_string(message)
  end)
end)
