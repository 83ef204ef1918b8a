local json = require "lib.json"
local keys = require "planning.witness_keys"
local tmp = require "spec.support.tmp"

local KEYS <const> = { { "mcpServers" }, { "projects", "*", "mcpServers" } }
local BEFORE <const> = '{"mcpServers": {"a": {"command": "x"}}, "count": 12345678901234567890, '
  .. '"projects": {"/p": {"mcpServers": {"b": {}}, "seen": 1}, "/q": {}}}'

local function take(dir)
  return keys.take { { path = dir:join "state.json", keys = KEYS } }
end

describe("planning.witness_keys", function()
  it("lets alone what the program writes for itself", function()
    local dir <close> = tmp.dir()
    for _, after in ipairs { BEFORE, (BEFORE:gsub('"seen": 1', '"seen": 2')),
      (BEFORE:gsub('"/q": {}', '"/q": {"mcpServers": {}}, "/r": {"mcpServers": {}, "x": 1}')) } do
      dir:write("state.json", BEFORE)
      local kept = take(dir)
      dir:write("state.json", after)
      assert.same({}, kept:restore())
      assert.equal(after, dir:read "state.json")
    end
  end)

  it("puts settings back and nothing else", function()
    local dir <close> = tmp.dir()
    for from, to in pairs {
      ['"command": "x"'] = '"command": "evil"',
      ['{"a": {"command": "x"}}'] = "{}",
      ['"b": {}'] = '"b": {}, "evil": {}',
      ['"/q": {}'] = '"/q": {"mcpServers": {"evil": {"command": "y"}}}',
    } do
      dir:write("state.json", BEFORE)
      local kept = take(dir)
      local after = BEFORE:gsub(from:gsub("%p", "%%%0"), to):gsub('"seen": 1', '"seen": 2')
      dir:write("state.json", after)
      local found = kept:restore()
      assert.equal(1, #found)
      assert.is_true(found[1].restored)
      local now = json.decode(dir:read "state.json")
      assert.equal("x", now.mcpServers.a.command)
      assert.same({ b = {} }, now.projects["/p"].mcpServers)
      assert.is_nil((now.projects["/q"].mcpServers or {}).evil)
      assert.equal(2, now.projects["/p"].seen)
      assert.is_truthy(dir:read("state.json"):find("12345678901234567890", 1, true))
    end
  end)

  it("puts back a file that was removed or damaged", function()
    local dir <close> = tmp.dir()
    for _, damage in ipairs { "gone", "{", "[]", "" } do
      dir:write("state.json", BEFORE)
      local kept = take(dir)
      dir:write("state.json", damage)
      if damage == "gone" then
        assert(os.remove(dir:join "state.json"))
      end
      assert.is_true(kept:restore()[1].restored)
      assert.equal("x", json.decode(dir:read "state.json").mcpServers.a.command)
    end
  end)

  it("takes out settings that appear, also with their file", function()
    local dir <close> = tmp.dir()
    local kept = take(dir)
    assert.same({}, kept:restore())
    dir:write("state.json", '{"firstStart": 1}')
    assert.same({}, kept:restore())
    dir:write("state.json", '{"firstStart": 1, "mcpServers": {"evil": {}}}')
    assert.is_true(kept:restore()[1].restored)
    assert.same({ firstStart = 1 }, json.decode(dir:read "state.json"))
  end)
end)
