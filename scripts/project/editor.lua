--- What an editor's Lua language server needs to know to complete and check a team's scripts: a
--- `.luarc.json` in `.mighost/`, which leads to the types that came with mighost.  Where those are
--- differs from machine to machine, so git ignores the file.

local fs = require "host.fs"
local sys = require "host.sys"

local json = require "lib.json"
local tables = require "lib.tables"

local FOLDER <const> = ".mighost"
local SETTINGS <const> = ".luarc.json"
local IGNORE <const> = ".gitignore"
local IGNORED <const> = "/" .. SETTINGS .. "\n"

local function settings_text()
  return json.encode({
    ["runtime.version"] = "Lua 5.4",
    ["runtime.path"] = json.array { "?.lua" },
    ["workspace.library"] = json.array { sys.share() .. "/scripts" },
    ["workspace.checkThirdParty"] = false,
  }) .. "\n"
end

--- Whether nothing has to be written.  What people put into either file stays.
local function is_settled(dir)
  local found = json.read_table(dir, FOLDER .. "/" .. SETTINGS)
  local library = found and found["workspace.library"]
  return type(library) == "table" and tables.contains(library, sys.share() .. "/scripts")
end

local M = {}

--- Where the lines for git are, relative to the root.
M.ignore_file = FOLDER .. "/" .. IGNORE

--- Whether the language server would find the types.
---@param root string
---@return boolean
function M.is_ready(root)
  local dir <close> = fs.open_dir(root)
  return dir ~= nil and dir:stat(M.ignore_file) ~= nil and is_settled(dir)
end

--- Writes what is missing; a file that somebody changed to their liking is replaced only where it
--- leads to types that are not there.
---@param root string
---@return true? ok, string? message, string? name
function M.write(root)
  local dir <close>, message, name = fs.open_dir(root)
  if not dir then
    return nil, message, name
  end
  local ok, why, errno = dir:mkdir(FOLDER)
  if ok and not dir:stat(M.ignore_file) then
    ok, why, errno = dir:write(M.ignore_file, IGNORED)
  end
  if ok and not is_settled(dir) then
    ok, why, errno = dir:write(FOLDER .. "/" .. SETTINGS, settings_text())
  end
  return ok, why, errno
end

return M
