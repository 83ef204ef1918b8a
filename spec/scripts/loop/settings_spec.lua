local settings = require "loop.settings"
local tmp = require "spec.support.tmp"

local CHOSEN <const> = { with = "command", prefix = "mighost", timeout = 1800, silence = 300,
  taste = "t" }

local function resolve(opts, config)
  local all = { command = "run", validation_command = "make 'a b'", focus = true }
  for name, value in pairs(opts or {}) do
    all[name] = value ~= "nil" and value or nil
  end
  return settings.resolve(all, config or {}, CHOSEN)
end

local function refused(pattern, opts, config)
  local found, message, name = resolve(opts, config)
  assert.is_nil(found)
  assert.matches(pattern, message)
  assert.equal("EUSAGE", name)
end

describe("loop.settings", function()
  it("has the defaults of each command", function()
    local run = assert(resolve())
    assert.same({ "make", "a b" }, run.validation)
    assert.equal("make 'a b'", run.validation_text)
    assert.same({ "low", "xhigh", "low", 1, 0, 3, 0, 1800, "mighost", "t" }, {
      run.default_effort, run.max_allowed_effort, run.effort, run.max_attempts, run.max_refactors,
      run.max_failures, run.sleep, run.timeout, run.prefix, run.taste })
    assert.is_nil(run.validation_timeout)
    local once = assert(resolve { command = "run-once", focus = "nil", paths = "a" })
    assert.equal(900, once.timeout)
    assert.equal(1, once.max_attempts)
    for _, case in ipairs { { 3, 3, 2 }, { 1, nil, 2 }, { 0, 0 } } do
      once = assert(resolve({ command = "run-once", focus = "nil", paths = "a",
        max_attempts = case[2] }, { max_attempts = case[3] }))
      assert.equal(case[1], once.max_attempts)
    end
  end)

  it("takes options before the configuration", function()
    local found = assert(resolve({ validation_command = "nil" },
      { validation_command = "ninja test", timeout = 7 }))
    assert.same({ "ninja", "test" }, found.validation)
    assert.equal(7, found.timeout)
    found = assert(resolve({ timeout = 5, default_effort = "medium", max_allowed_effort = "medium",
      commit_message_prefix = "bot", max_attempts = 0, max_refactors = 9, sleep = 3,
      max_consecutive_failures = 1, validation_timeout = 60 },
      { validation_command = "ninja test", timeout = 7 }))
    assert.same({ "make", "medium", "medium", "bot", 0, 9, 3, 1, 60, 5 }, {
      found.validation[1], found.effort, found.max_allowed_effort, found.prefix,
      found.max_attempts, found.max_refactors, found.sleep, found.max_failures,
      found.validation_timeout, found.timeout })
  end)

  it("takes the limits of a run from the configuration, where no option says otherwise", function()
    local config = { validation_timeout = 60, default_effort = "medium",
      max_allowed_effort = "high", max_attempts = 4, max_consecutive_failures = 5 }
    local found = assert(resolve({}, config))
    assert.same({ 60, "medium", "high", 4, 5 }, { found.validation_timeout, found.effort,
      found.max_allowed_effort, found.max_attempts, found.max_failures })
    found = assert(resolve({ max_attempts = 1, default_effort = "low" }, config))
    assert.same({ 1, "low" }, { found.max_attempts, found.effort })
    local once = { command = "run-once", focus = "nil", paths = "a" }
    assert.equal(1, assert(resolve(once, config)).max_attempts)
    refused("is below", { default_effort = "xhigh" }, config)
  end)

  it("needs a validation command that can be read", function()
    refused("prefix must be one line of text, not", { commit_message_prefix = "a\nb" })
    refused("prefix must be one line of text, not ''", { commit_message_prefix = "" })
    refused("no validation command was given", { validation_command = "nil" })
    refused("it is empty", { validation_command = " " })
    refused("a single quote is not closed", { validation_command = "make 'x" })
  end)

  it("needs to know what to work on, and when to end", function()
    refused("nothing says what to work on", { focus = "nil" })
    refused("nothing says when to end", { focus = "nil", globs = "*" })
    assert(resolve { focus = "nil", globs = "*", max_refactors = 0 })
    assert(resolve { focus = "nil", targets = "list" })
    assert(resolve { command = "run-once", focus = "nil", globs = "*" })
    refused("takes no targets", { scope_instruction = "x" })
  end)

  it("has no maximum below the default", function()
    refused("%-%-max%-allowed%-effort low is below %-%-default%-effort high",
      { default_effort = "high", max_allowed_effort = "low" })
  end)

  it("reads the texts of prompt files", function()
    local dir <close> = tmp.dir()
    local path = dir:write("prompt.md", "Do it.\n")
    local found = assert(resolve { refactoring_prompt = path, fix_prompt = path })
    assert.equal("Do it.\n", found.refactoring_prompt)
    assert.equal("Do it.\n", found.fix_prompt)
    refused("cannot use the prompt .*No such file", { fix_prompt = dir:join("none") })
    refused("cannot use the prompt .*it is not UTF%-8 text",
      { fix_prompt = dir:write("b", "\xFF") })
    refused("cannot use the prompt", { refactoring_prompt = dir:write("e", " \n") })
    refused("cannot use the prompt", { refactoring_prompt = dir.path })
  end)
end)
