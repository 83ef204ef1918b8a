--- Nothing is without its spec, its stub or its line in README.md, and no list names what is gone.

local lfs = require "lfs"
local mutations = require "spec.crash.mutations"
local program = require "spec.support.program"
local source = require "spec.support.source"

local at = source.at

--- Modules: what is loaded by name.  Stubs are for editors.
local function modules()
  local files = {}
  for _, path in ipairs(source.paths({ "scripts", "stages" }, "%.lua$")) do
    -- What `init --example` writes is tested where it is used: spec/e2e/examples_spec.lua.
    local is_module = not path:find("^scripts/meta/") and not path:find("^stages/recordings/")
      and not path:find("^scripts/examples/[^/]+/")
    if is_module then
      table.insert(files, source.read(path))
    end
  end
  return files
end

local function exists(path)
  return lfs.attributes(program.root .. "/" .. path, "mode") ~= nil
end

--- Whether spec/<folder> holds <name>_spec.lua or <name>_<words>_spec.lua.
local function has_spec(folder, name)
  local prefix = name:gsub("%-", "%%-")
  for entry in lfs.dir(program.root .. "/spec/" .. (exists("spec/" .. folder) and folder or "")) do
    if entry == name .. "_spec.lua" or entry:find("^" .. prefix .. "_[%w_-]+_spec%.lua$") then
      return true
    end
  end
  return false
end

--- The words of every command, as a user types them: "migration list".
local function commands()
  local found = {}
  for _, path in ipairs(source.paths({ "scripts/commands" }, "%.lua$")) do
    table.insert(found, (path:match("^scripts/commands/(.*)%.lua$"):gsub("/", " ")))
  end
  return found
end

local function readme()
  return source.read("README.md")
end

--- The functions that a C file registers, with their lines: { name, line }.
local function registered(file)
  local found, inside = {}, false
  for number, line in ipairs(file.code) do
    inside = inside or line:find("luaL_Reg%s+[%w_]+%[%]") ~= nil
    for name in (inside and line or ""):gmatch('{%s*"([%w_]+)"%s*,') do
      if not name:find("^__") then
        table.insert(found, { name = name, line = number })
      end
    end
    inside = inside and not line:find("{NULL", 1, true)
  end
  return found
end

--- The functions that a stub describes, by name: their line.
local function described(file)
  local found = {}
  for number, line in ipairs(file.bare) do
    local name = line:match("^function [%w_]+[.:]([%w_]+)%s*%(")
    if name then
      found[name] = number
    end
  end
  return found
end

describe("every Lua module", function()
  it("has a spec of its name, in the folder that mirrors its own", function()
    source.check(modules(), function(file, report)
      local folder, name = file.path:match("^(.*)/([^/]+)%.lua$")
      if not has_spec(folder, name) then
        report(1, "no spec/%s/%s_spec.lua", folder, name)
      end
    end)
  end)

  it("says in its first line what it is for", function()
    source.check(modules(), function(file, report)
      if not file.lines[1]:find("^%-%-%-") then
        report(1, "does not start with a --- line")
      end
    end)
  end)

  it("describes each of its public functions", function()
    source.check(modules(), function(file, report)
      for number, line in ipairs(file.bare) do
        if line:find("^function M[.:]") and not file.lines[number - 1]:find("^%-%-%-") then
          report(number, "no annotation: %s", line)
        end
      end
    end)
  end)
end)

describe("every C file", function()
  it("of bindings has a spec and a stub of its module's name", function()
    source.check(source.files({ "host" }, "^lib_[a-z]+%.c$"), function(file, report)
      local name = file.path:match("lib_([a-z]+)%.c$")
      if not has_spec("host", name) then
        report(1, "no spec/host/%s_spec.lua", name)
      end
      if not exists(("scripts/meta/host_%s.lua"):format(name)) then
        report(1, "no scripts/meta/host_%s.lua", name)
      end
    end)
  end)

  it("includes its own header first", function()
    source.check(source.files({ "host" }, "%.c$"), function(file, report)
      local own = file.path:match("([^/]+)%.c$") .. ".h"
      local first
      for number, line in ipairs(file.code) do
        local header = line:match('^#include%s+["<]([^">]+)[">]')
        first = first or header and { header = header, line = number }
      end
      if exists("host/" .. own) and first.header ~= own then
        report(first.line, "includes %s before %s", first.header, own)
      end
    end)
  end)
end)

describe("every header", function()
  it("says what it is for", function()
    source.check(source.files({ "host" }, "%.h$"), function(file, report)
      if not file.lines[1]:find("^/%*") then
        report(1, "does not start with a comment")
      end
    end)
  end)
end)

describe("stubs for editors", function()
  it("describe every function that a binding registers, and no other", function()
    local findings = {}
    local names, stubs = {}, {}
    for _, file in ipairs(source.files({ "host" }, "^lib_[a-z_]+%.c$")) do
      local module = file.path:match("lib_([a-z]+)")
      local path = ("scripts/meta/host_%s.lua"):format(module)
      stubs[path] = stubs[path] or exists(path) and described(source.read(path)) or {}
      names[path] = names[path] or {}
      for _, entry in ipairs(registered(file)) do
        names[path][entry.name] = true
        if not stubs[path][entry.name] then
          table.insert(findings, at(file, entry.line, "%s is not in %s", entry.name, path))
        end
      end
    end
    for path, stub in pairs(stubs) do
      for name, line in pairs(stub) do
        if not names[path][name] then
          table.insert(findings, ("%s:%d: no binding registers %s"):format(path, line, name))
        end
      end
    end
    assert.is_true(next(names) ~= nil)
    source.expect_none(findings)
  end)
end)

describe("README.md", function()
  it("names every command", function()
    local text = table.concat(readme().lines, "\n")
    local findings = {}
    for _, command in ipairs(commands()) do
      if not text:find("mighost " .. command, 1, true) then
        table.insert(findings, ("README.md: does not name mighost %s"):format(command))
      end
    end
    source.expect_none(findings)
  end)

  it("names every long option", function()
    local text = table.concat(readme().lines, "\n")
    local findings, seen = {}, {}
    local files = source.files({ "scripts/commands", "scripts/cli" }, "%.lua$")
    table.insert(files, source.read("scripts/cli.lua"))
    for _, file in ipairs(files) do
      for number, line in ipairs(file.code) do
        for option in line:gmatch("[\"' ](%-%-[a-z][a-z-]+)%f[^a-z-]") do
          if not seen[option] and not text:find(option:gsub("%-", "%%-") .. "%f[^a-z-]") then
            table.insert(findings, at(file, number, "README.md does not name %s", option))
          end
          seen[option] = true
        end
      end
    end
    assert.is_true(next(seen) ~= nil)
    source.expect_none(findings)
  end)

  it("says of each exit code what the manual page says", function()
    local manual = table.concat(source.read("scripts/cli/manual.h2m").lines, "\n")
    local table_of_codes = table.concat(readme().lines, "\n"):match("\n| exit | means |\n(.-)\n\n")
    local findings, count = {}, 0
    for code, meaning in table_of_codes:gmatch("\n| ([%d, ]+) | ([^\n]*) |") do
      count = count + 1
      if not manual:find((".TP\n%s\n%s\n"):format(code, meaning), 1, true) then
        table.insert(findings, "scripts/cli/manual.h2m:1: not as in README.md: exit code " .. code)
      end
    end
    assert.is_true(count > 10)
    source.expect_none(findings)
  end)

  it("calls no command that does not exist", function()
    local known = {}
    for _, command in ipairs(commands()) do
      known[command] = true
      known[command:match("^%S+")] = true
    end
    local findings, fenced = {}, false
    local file = readme()
    for number, line in ipairs(file.lines) do
      fenced = fenced ~= (line:find("^%s*```") ~= nil)
      local words = fenced and line:match("^%s*%$?%s*mighost%s+([%w][%w ._-]*)")
      if words then
        local first, second = words:match("^([%w_-]+)%.?l?u?a?%s*([%w-]*)")
        if not known[first] or first == "migration" and not known[first .. " " .. second] then
          table.insert(findings, at(file, number, "no such command: %s", line))
        end
      end
    end
    source.expect_none(findings)
  end)
end)

describe("every way to break the sources on purpose", function()
  it("still finds what it breaks, once", function()
    local findings = {}
    for _, mutation in ipairs(mutations) do
      local text = table.concat(source.read(mutation.file).lines, "\n")
      local _, stop = text:find(mutation.old, 1, true)
      if not stop or text:find(mutation.old, stop + 1, true) then
        table.insert(findings, ("%s:1: spec/crash/mutations.lua finds it %s, to break it so: %s")
          :format(mutation.file, stop and "twice" or "nowhere", mutation.what))
      end
    end
    assert.is_true(#mutations > 0)
    source.expect_none(findings)
  end)
end)
