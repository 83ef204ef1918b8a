--- Trees kept for a person, where no later step looks for them: listed, and removed when asked to.
---
--- <place>/set-aside/<slug>@<token>      what could be neither published nor thrown away
--- <place>/set-aside/<slug>@<token>.why  one line: why
---
--- A name that is taken gets a number after it.  host.publish keeps trees in the same way.

local tree = require "host.tree"

local acceptance = require "planning.acceptance"
local folder = require "project.folder"
local text = require "lib.text"

local ASIDE <const> = "set-aside"
local REASON <const> = ".why"
local NAMES_TRIED <const> = 1000
local REASON_LIMIT <const> = 4096

---@class mighost.Aside
---@field slug string
---@field token string
---@field time number when it was kept, seconds since 1970
---@field why string|nil where that is known
---@field path string absolute
---@field has_answer boolean an accepted answer that was never published is in it

local function open_folder(place)
  return folder.open_if_there(("%s/%s"):format(place, ASIDE))
end

local function read_reason(dir, name)
  local line = dir:read(name .. REASON, { max = REASON_LIMIT })
  return line and text.printable(line:match("^[^\n]*")) or nil
end

local function describe(dir, place, name)
  local info = dir:stat(name)
  if not info then
    return nil
  end
  local reason = dir:stat(name .. REASON)
  local slug, token = name:match("^(.*)@([^@]+)$")
  return {
    slug = slug or name, token = token or name,
    time = (reason or info).mtime,
    why = reason and read_reason(dir, name),
    path = ("%s/%s/%s"):format(place, ASIDE, name),
    has_answer = dir:stat(name .. "/" .. acceptance.ACCEPTED) ~= nil,
  }
end

local function by_age(a, b)
  if a.time ~= b.time then
    return a.time > b.time
  end
  return a.path < b.path
end

local M = {}

---The project's folder in the state directory, found without making anything; false where nothing
---was ever published.
---@param project mighost.Project
---@return string|false|nil place
---@return string? message
---@return string? NAME
function M.place(project)
  local home <close>, message, name = folder.open_if_there(project.common .. "/mighost")
  if not home then
    return home, message, name
  end
  local id, why, code = home:read("id", { max = REASON_LIMIT })
  if not id and code == "ENOENT" then
    return false
  elseif not id then
    return nil, why, code
  end
  return ("%s/projects/%s"):format(project.state_home, id)
end

---What is kept, the newest first.
---@param place string the project's folder in the state directory
---@return mighost.Aside[]|nil
---@return string? message
---@return string? NAME
function M.list(place)
  local dir <close>, message, name = open_folder(place)
  if not dir then
    return dir == false and {} or nil, message, name
  end
  local entries, why, code = dir:list()
  if not entries then
    return nil, why, code
  end
  local found = {}
  for _, entry in ipairs(entries) do
    local is_reason = entry.kind == "file" and entry.name:sub(-#REASON) == REASON
    local is_hidden = entry.name:sub(1, 1) == "." -- a copy that is not whole yet
    if not is_reason and not is_hidden then
      found[#found + 1] = describe(dir, place, entry.name)
    end
  end
  table.sort(found, by_age)
  return found
end

---Removes one of them for good.
---@param aside mighost.Aside
---@return true|nil
---@return string? message
---@return string? NAME
function M.remove(aside)
  local removed, message, name = tree.remove(aside.path)
  if not removed then
    return nil, message, name
  end
  return tree.remove(aside.path .. REASON)
end

---The kept tree that a person names by its token, or by slug and token.
---@param place string
---@param word string
---@return mighost.Aside|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.find(place, word)
  local entries, message, name = M.list(place)
  if not entries then
    return nil, message, name
  end
  local found = {}
  for _, aside in ipairs(entries) do
    if aside.token == word or aside.path:match("[^/]*$") == word then
      found[#found + 1] = aside
    end
  end
  if #found == 1 then
    return found[1]
  elseif #found > 1 then
    return nil, ("%d kept trees have the token %s: say slug@token"):format(#found, word), "EUSAGE",
      "mighost migration doctor --set-aside"
  end
  return nil, ("nothing is kept under the token %s"):format(word), "EUSAGE",
    "mighost migration doctor --set-aside"
end

---Moves a folder of the project's to where it is kept.
---@param place string
---@param from string relative to `place`
---@param label string `<slug>@<token>`
---@param why string
---@return string|nil path where it is now
---@return string? message
---@return string? NAME
function M.keep(place, from, label, why)
  local dir <close>, message, name = folder.open(place)
  if not dir then
    return nil, message, name
  end
  local made, problem, errno = dir:mkdir(ASIDE)
  if not made then
    return nil, problem, errno
  end
  for number = 1, NAMES_TRIED do
    local target = ("%s/%s%s"):format(ASIDE, label, number == 1 and "" or "-" .. number)
    local moved, trouble, code = dir:rename(from, target)
    if moved then
      -- A tree without its reason is kept all the same.
      dir:write(target .. REASON, why:gsub("\n", " ") .. "\n", { durable = false })
      return place .. "/" .. target
    elseif code ~= "EEXIST" then
      return nil, trouble, code
    end
  end
  return nil, ("too many trees are kept of %s"):format(label), "EEXIST"
end

return M
