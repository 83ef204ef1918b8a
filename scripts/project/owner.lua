--- Whether nobody else can write to the user's own folders: what others could have put there must
--- neither run as the user's nor say what the user trusts.

local fs = require "host.fs"
local sys = require "host.sys"

local quote = require "lib.quote"

local ROOT <const> = 0
local GROUP_WRITES <const> = 16  -- 0020
local OTHERS_WRITE <const> = 2   -- 0002
local FOLLOW <const> = { links = "follow" }

local M = {}

--- Why others than the user and root could have written something; nil when nobody could.  A group
--- of the user's own number is the private group that systems give each user.
---@param found host.fs.Properties
---@param path string
---@return string? message, string? fix
function M.problem(found, path)
  local uid = sys.user().uid
  if found.uid ~= uid and found.uid ~= ROOT then
    return ("%s belongs to another user (%d)"):format(path, found.uid),
      "ls -ld " .. quote.word(path)
  elseif found.mode & OTHERS_WRITE ~= 0 then
    return path .. " may be written by everyone", "chmod o-w " .. quote.word(path)
  elseif found.mode & GROUP_WRITES ~= 0 and found.gid ~= uid then
    return ("%s may be written by a group (%d)"):format(path, found.gid),
      "chmod g-w " .. quote.word(path)
  end
end

--- The same of a whole path beneath one of the user's folders, the folder included; links are
--- followed, since people keep such files elsewhere.  What is missing is nobody's.
---@param folder string   absolute
---@param rel string
---@return string? message, string? fix
function M.problem_beneath(folder, rel)
  local dir <close> = fs.open_dir(folder)
  local way = ""
  for segment in ("/" .. rel):gmatch("[^/]*") do
    way = way == "" and segment or way .. "/" .. segment
    local found = dir and dir:stat(way, FOLLOW)
    if not found then
      return nil
    end
    local message, fix = M.problem(found, way == "" and folder or folder .. "/" .. way)
    if message then
      return message, fix
    end
  end
end

return M
