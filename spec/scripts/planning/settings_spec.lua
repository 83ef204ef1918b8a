local project = require "spec.support.project"
local registry = require "planning.registry"
local settings = require "planning.settings"
local sys = require "host.sys"

local REPLAY <const> = { with = "replay" }

local function resolve(p, opts, config)
  local opened = p:open()
  for key, value in pairs(config or {}) do
    opened.config[key] = value
  end
  return settings.resolve(opened, registry.new(), opts)
end

local function refusal(p, opts, config)
  local resolved, message, name, fix = resolve(p, opts, config)
  assert.is_nil(resolved)
  return { name = name, message = message, fix = fix }
end

describe("planning.settings", function()
  it("has defaults for all but the agent", function()
    local p <close> = project.new()
    local found = assert(resolve(p, REPLAY))
    assert.same({ "replay", "medium", 1800, 300, "mighost", false, false },
      { found.with, found.effort, found.timeout, found.silence, found.prefix, found.strict,
        found.insists })
    assert.equal("built-in", found.pipeline.name)
    assert.matches("^# Taste", found.taste)
    local none = refusal(p, {})
    assert.same({ "EUSAGE", "no agent was chosen" }, { none.name, none.message })
    assert.matches("^mighost plan", none.fix)
  end)

  it("prefers options to the configuration", function()
    local p <close> = project.new()
    local config = { with = "replay", model = "m-1", effort = "low", timeout = 5, silence = 6,
      commit_message_prefix = "team", max_wait = 9 }
    local found = assert(resolve(p, {}, config))
    assert.same({ 9, 3 }, { found.max_wait, assert(resolve(p, { max_wait = 3 }, config)).max_wait })
    assert.same({ "replay", "m-1", "low", 5, 6, "team" },
      { found.with, found.model, found.effort, found.timeout, found.silence, found.prefix })
    found = assert(resolve(p, { with = "command", agent_command = "a", model = "m-2",
      effort = "xhigh", timeout = 7, silence_timeout = 8 }, config))
    assert.same({ "command", "m-2", "xhigh", 7, 8, "a" }, { found.with, found.model, found.effort,
      found.timeout, found.silence, found.agent_command })
  end)

  it("takes the program of --with command from the configuration, if that is asked", function()
    local p <close> = project.new()
    local config = { agent_command = "ours --fast" }
    assert.equal("ours --fast", assert(resolve(p, { with = "command" }, config)).agent_command)
    assert.equal("mine",
      assert(resolve(p, { with = "command", agent_command = "mine" }, config)).agent_command)
    assert.is_nil(assert(resolve(p, REPLAY, config)).agent_command)
  end)

  it("answers from the recording that mighost was installed with", function()
    local p <close> = project.new()
    assert.matches("^" .. sys.share():gsub("%p", "%%%0") .. "/stages/recordings/[^/]+$",
      assert(resolve(p, REPLAY)).recording)
    local shipped = assert(resolve(p, REPLAY)).recording
    assert.equal(shipped, assert(resolve(p, { with = "replay", recording = shipped })).recording)
    assert.equal(sys.cwd() .. "/stages",
      assert(resolve(p, { with = "replay", recording = "stages" })).recording)
    local none = refusal(p, { with = "replay", recording = "/no/where" })
    assert.equal("EAGENT", none.name)
    assert.matches("no recording to answer from: .*/no/where", none.message)
  end)

  it("tells of a recording that could not be kept before anybody is paid, and makes nothing",
    function()
      local p <close> = project.new()
      local file = p.repo:write("file", "")
      local none = refusal(p, { with = "replay", record = file .. "/kept" })
      assert.equal("EUSAGE", none.name)
      assert.matches("calls cannot be recorded there: .*file", none.message)
      assert.equal(p.path .. "/a/b", assert(resolve(p,
        { with = "replay", record = p.path .. "/a/b" })).record)
      assert.is_false(p.repo.dir:exists("a"))
    end)

  it("refuses options that would do nothing, and agents and efforts that are none", function()
    local p <close> = project.new()
    for line, why in pairs { [""] = "needs the program", [" "] = "needs the program",
      ["a 'b"] = "a single quote is not closed in: a 'b" } do
      local none = refusal(p,
        { with = "command", agent_command = line, command = "mighost plan x" })
      assert.same({ "EUSAGE", "mighost plan x --with command --agent-command 'PROGRAM ARGS'" },
        { none.name, none.fix })
      assert.matches(why, none.message, 1, true)
    end
    assert.equal("EUSAGE", refusal(p, { with = "command" }).name)
    for _, more in ipairs { { recording = "r" }, { strict = true } } do
      more.with, more.agent_command = "command", "a"
      assert.matches("go with %-%-with replay", refusal(p, more).message)
    end
    assert.matches("goes with %-%-with command",
      refusal(p, { with = "replay", agent_command = "a" }).message)
    assert.equal("EAGENT", refusal(p, { with = "oracle" }).name)
    assert.matches("effort utmost", refusal(p, { with = "replay", effort = "utmost" }).message)
    assert.equal("EUSAGE", refusal(p, { with = "replay", pipeline = "nowhere" }).name)
    assert.equal("ECONFIG", refusal(p, REPLAY, { taste = "missing.md" }).name)
  end)

  it("wants a model for an agent that needs one", function()
    local p <close> = project.new()
    local reg = registry.new()
    function reg.agent()
      return { needs_model = true }
    end
    local found, message, name = settings.resolve(p:open(), reg, { with = "thinker" })
    assert.same({ nil, "the agent thinker needs a model", "EUSAGE" }, { found, message, name })
    assert.equal("m", assert(settings.resolve(p:open(), reg,
      { with = "thinker", model = "m" })).model)
  end)

  it("knows which limits were asked for, and waits for nobody unless told to", function()
    local p <close> = project.new()
    local found = assert(resolve(p, { with = "replay", timeout = 7, max_wait = 60 }))
    assert.same({ 7, 7, 300, 60 },
      { found.timeout, found.timeout_given, found.silence, found.max_wait })
    assert.is_nil(found.silence_given)
    assert.equal(0, assert(resolve(p, { with = "replay" }, { timeout = 9 })).max_wait)
  end)

  it("lets the user loosen the sandbox, and a project only tighten it", function()
    local p <close> = project.new()
    local function mode(more, config)
      more.with = "replay"
      return assert(resolve(p, more, config)).sandbox
    end
    local given = os.getenv("MIGHOST_SANDBOX")
    assert.equal(given or "auto", mode {})
    assert.equal(given or "require", mode({}, { sandbox = "require" }))
    assert.equal("off", mode({ sandbox = "off" }, { sandbox = "require" }))
    local script = p.home:write("script.lua", [[
      local settings = require "planning.settings"
      local project = assert(require("mighost").open {})
      local reg = require("planning.registry").new()
      local found, message, name = settings.resolve(project, reg, { with = "replay" })
      print(found and found.sandbox, message, name)
    ]])
    assert.equal("off\tnil\tnil\n",
      p:run({ script }, { MIGHOST_SANDBOX = "off" }).stdout)
    assert.equal("nil\tMIGHOST_SANDBOX is on, not one of require, auto, off\tEUSAGE\n",
      p:run({ script }, { MIGHOST_SANDBOX = "on" }).stdout)
  end)

  it("insists on a pipeline only where it was asked for", function()
    local p <close> = project.new()
    assert.is_true(assert(resolve(p, { with = "replay", pipeline = "pipeline" })).insists)
    assert.is_false(assert(resolve(p, REPLAY, { pipeline = "pipeline" })).insists)
  end)
end)
