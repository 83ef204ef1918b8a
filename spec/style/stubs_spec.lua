--- The stubs for editors take the parameters that the bindings take: each one is given a value of
--- the wrong type, which the binding must refuse by the number that it has in the stub, and no
--- binding looks at an argument that its stub does not have.

local fs = require "host.fs"
local lock = require "host.lock"
local publish_site = require "spec.support.site"
local source = require "spec.support.source"
local tmp = require "spec.support.tmp"
local tree = require "host.tree"

local STUBS <const> = "scripts/meta"
local WRONG <const> = coroutine.create(function() end) -- what no parameter may be
local LOOKS <const> = { -- besides luaL_check… and luaL_opt…
  luaL_argerror = true, luaL_testudata = true, lua_isnoneornil = true, lua_toboolean = true,
  lua_type = true, lua_isnone = true,
}
local UNCHECKED <const> = { boolean = true, any = true } -- takes whatever there is

--- The functions of a stub: { module, class (nil for the module's own), name, params, line }.
local function stubs_of(file)
  local module = file.lines[1]:match("^%-%-%-@meta (%S+)")
  local classes, params, pending, found = {}, {}, nil, {}
  for number, line in ipairs(file.lines) do
    local class = line:match("^%-%-%-@class (%S+)")
    local variable = line:match("^local ([%w_]+) = {}")
    local name, optional, kind = line:match("^%-%-%-@param ([%w_.]+)(%??) (%S+)")
    local owner, sign, func, names = line:match("^function ([%w_]+)([.:])([%w_]+)%((.-)%) end")
    if class then
      pending = class
    elseif variable then
      classes[variable] = pending
    elseif name then
      table.insert(params, { name = name, kind = kind, optional = optional == "?" })
    elseif owner then
      table.insert(found, { module = module, class = sign == ":" and classes[owner] or nil,
        name = func, params = params, names = names, line = number, file = file })
      params = {}
    end
  end
  return found
end

local function all_stubs()
  local found = {}
  for _, file in ipairs(source.files({ STUBS }, "^host_[a-z]+%.lua$")) do
    table.move(stubs_of(file), 1, #stubs_of(file), #found + 1, found)
  end
  return found
end

--- One object of every class that has methods, by the class's name.
local function make_objects(scratch, site)
  local dir = assert(fs.open_dir(scratch.path))
  local handle = site:open()
  local lease = assert(handle:lease("alpha", "plan"))
  local snapshot = assert(handle:snapshot(lease))
  return {
    ["host.fs.Dir"] = dir,
    ["host.tree.Marks"] = assert(tree.marks(scratch.path)),
    ["host.tree.Snapshot"] = assert(tree.snapshot(scratch.path)),
    ["host.lock.Lock"] = assert(lock.take(dir, "lock", "text")),
    ["host.repo.Repo"] = site.handle,
    ["host.publish.Site"] = handle,
    ["host.publish.Lease"] = lease,
    ["host.publish.Snapshot"] = snapshot,
    ["host.publish.Tx"] = site:begin("beta", { ["plan.md"] = "x" }).tx,
  }
end

--- A value that a parameter of this type takes, as far as its type goes.
local function sample(kind, objects)
  local base = kind:match("^[%w_.]+")
  if objects[base] then
    return objects[base]
  elseif kind:find("%[%]$") then
    return { "x" }
  end
  return ({ string = "x", integer = 1, number = 1.0, boolean = true })[base]
    or base == "fun" and print or {}
end

--- What a binding says that it expects for a type.
local function expected(kind)
  local base = kind:match("^[%w_.]+")
  local words = { string = "string", integer = "number", number = "number" }
  return words[base] and not kind:find("%[%]$") and words[base] .. " expected"
end

--- What a wrong value at a place is answered with; nil where the binding takes it.
local function refusal(stub, place, objects)
  local self = stub.class and objects[stub.class]
  local func = self and self[stub.name] or require(stub.module)[stub.name]
  local args = { self }
  for i, param in ipairs(stub.params) do
    args[#args + 1] = i == place and WRONG or sample(param.kind, objects)
  end
  local ok, message = pcall(func, table.unpack(args, 1, #args))
  return not ok and tostring(message) or nil
end

local function check(stub, objects, findings)
  for place, param in ipairs(stub.params) do
    if not UNCHECKED[param.kind] then
      local message = refusal(stub, place, objects)
      local number = stub.class and place + 1 or place -- the object comes first
      local is_refused = message and message:find(("#%d "):format(number), 1, true)
        and message:find(expected(param.kind) or "", 1, true)
      if not is_refused then
        table.insert(findings, source.at(stub.file, stub.line, "%s: a wrong %s is answered with %s",
          stub.name, param.name, message or "no error"))
      end
    end
  end
end

--- The names of the C functions that a file registers, by the name that Lua sees.
local function bindings_of(file)
  local found, bodies, current = {}, {}, nil
  for _, line in ipairs(file.code) do
    local lua_name, c_name = line:match('{%s*"([%w]+)"%s*,%s*([%w_]+)%s*}')
    if lua_name then
      found[lua_name] = c_name
    end
    current = line:match("^static int ([%w_]+)%(lua_State") or current
    if current then
      bodies[current] = (bodies[current] or "") .. line .. "\n"
    end
    current = line ~= "}" and current or nil
  end
  return found, bodies
end

--- The highest argument that a C function looks at by its number.
local function highest_argument(body)
  local highest = 0
  for func, number in body:gmatch("([%w_]+)%(L, (%d+)") do
    local is_of_lua = func:find("^luaL?_")
    if not is_of_lua or LOOKS[func] or func:find("^luaL_check") or func:find("^luaL_opt") then
      highest = math.max(highest, math.tointeger(tonumber(number)))
    end
  end
  return highest
end

describe("stubs for editors", function()
  it("name in their annotations the parameters that their functions have", function()
    local findings = {}
    for _, stub in ipairs(all_stubs()) do
      local names = {}
      for i, param in ipairs(stub.params) do
        names[i] = param.name
      end
      if table.concat(names, ", ") ~= stub.names then
        table.insert(findings, source.at(stub.file, stub.line, "annotates (%s), not (%s)",
          table.concat(names, ", "), stub.names))
      end
    end
    source.expect_none(findings)
  end)

  it("have every parameter where the binding has it, of the binding's type", function()
    local scratch <close> = tmp.dir()
    local site <close> = publish_site.new()
    local objects = make_objects(scratch, site)
    local findings, checked = {}, 0
    for _, stub in ipairs(all_stubs()) do
      if not stub.class or objects[stub.class] then
        check(stub, objects, findings)
        checked = checked + #stub.params
      else
        assert.same({}, stub.params, stub.class .. ":" .. stub.name .. " is of no class made here")
      end
    end
    for _, object in pairs(objects) do
      local close = (getmetatable(object) or {}).__close
      if close then
        close(object)
      end
    end
    source.expect_none(findings)
    assert.is_true(checked > 50)
  end)

  it("lack no argument that a binding looks at", function()
    local params = {}
    for _, stub in ipairs(all_stubs()) do
      local module = stub.module:match("host%.(.*)")
      local key = module .. "." .. stub.name
      params[key] = math.max(params[key] or 0, #stub.params + (stub.class and 1 or 0))
    end
    local findings = {}
    for _, file in ipairs(source.files({ "host" }, "^lib_[a-z_]+%.c$")) do
      local module = file.path:match("lib_([a-z]+)")
      local names, bodies = bindings_of(file)
      for lua_name, c_name in pairs(names) do
        local known = params[module .. "." .. lua_name]
        if known and bodies[c_name] and highest_argument(bodies[c_name]) > known then
          table.insert(findings, ("%s: %s looks at argument %d, its stub has %d"):format(file.path,
            c_name, highest_argument(bodies[c_name]), known))
        end
      end
    end
    source.expect_none(findings)
  end)
end)
