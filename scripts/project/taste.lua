--- The taste: what a team or a person wants plans to be like.  Every stage's prompt ends with it.

local fs = require "host.fs"

local folders = require "project.folder"
local homes = require "project.homes"

local NAME <const> = "taste.md"
local MAX <const> = 256 * 1024
local READ <const> = { max = MAX, links = "inside" }
local MARK <const> = "^<!%-%- taste%-version: (%d+) %-%->[ \t\r]*\n"

-- Grows by one when a taste written from the text below should be revised.
local VERSION <const> = 1
local HEAD <const> = ("<!-- taste-version: %d -->\n"):format(VERSION)
local DEFAULT <const> = [[
# Taste

What a good change looks like here. Every planning prompt ends with this text; make it yours.

- Prefer deleting code to adding it, and plain functions to new layers.
- Keep behaviour unless the plan says which behaviour changes and why.
- Every phase leaves the project building and its tests passing, and can be reverted on its own.
- Tests pin down what users see before anything beneath it moves.
- Names say what a thing is for; comments say why.
]]

--- A text without the line that says which version it was written for, and that version; 0 when
--- no line says it.
local function split(text)
  local version = text:match(MARK)
  return (text:gsub(MARK, "", 1)), version and math.tointeger(tonumber(version)) or 0
end

local M = {}

--- The text that a taste starts from.
M.default_text = HEAD .. DEFAULT

--- Where a project keeps its taste when it is asked to keep one in the repository.
M.default_path = ".mighost/" .. NAME

---@class mighost.Taste
---@field folder string    the file is `name` beneath it
---@field name string
---@field path string      both together
---@field exists boolean
---@field raw string       what the file holds
---@field text string      what prompts end with: the default where nobody wrote one
---@field version integer  what it was written for; 0 when it does not say
---@field is_stale boolean whether that is older than what mighost brings along

--- The file in use: the repository's if the configuration names one, else the user's own.
---@param root string
---@param config {taste?: string}
---@return string folder, string name   the file is `name` beneath `folder`
function M.locate(root, config)
  if config.taste then
    return root, config.taste
  end
  return homes.config(), NAME
end

--- Reads the taste in use.
---@param root string
---@param config {taste?: string}   empty: the user's own
---@param may_lack? boolean   also one that the configuration names and nobody wrote yet
---@return mighost.Taste? taste, string? message, string? name
function M.load(root, config, may_lack)
  local folder, name = M.locate(root, config)
  local dir <close>, message, errno = fs.open_dir(folder)
  local raw
  if dir then
    raw, message, errno = dir:read(name, READ)
  end
  if not raw and (errno ~= "ENOENT" or config.taste and not may_lack) then
    return nil, "cannot read the taste: " .. message, "ECONFIG"
  end
  local text, version = split(raw or M.default_text)
  return { folder = folder, name = name, path = folder .. "/" .. name, exists = raw ~= nil,
    raw = raw or M.default_text, text = text, version = version, is_stale = version < VERSION }
end

--- The text in use; the default if nobody wrote one.
---@param root string
---@param config {taste?: string}
---@return string? text, string? message, string? name
function M.read(root, config)
  local taste, message, name = M.load(root, config)
  return taste and taste.text, message, name
end

--- Why a text cannot be a taste, nil when it can.
---@param text string
---@return string?
function M.problem(text)
  if not split(text):find("%S") then
    return "it is empty"
  elseif #text > MAX then
    return ("it has %d bytes; a taste has at most %d"):format(#text, MAX)
  elseif not utf8.len(text) then
    return "it is not valid UTF-8"
  elseif text:find("[\0-\8\14-\31\127]") then
    return "it holds control characters"
  end
end

--- The file as it is now, false where there is none; links are not followed, so that nothing else
--- is written in its place.
local function read_again(dir, taste)
  local found = dir:stat(taste.name)
  if found and found.kind ~= "file" then
    return nil, taste.path .. " is not a regular file, so it is not replaced", "EINVAL"
  elseif not found then
    return false
  end
  return dir:read(taste.name, READ)
end

--- Writes a text in place of a taste, which is kept beside it as `<name>.bak`.
---@param taste mighost.Taste   as it was read
---@param text string
---@return string|false|nil backup, string? message, string? name   path; false: nothing was there
function M.replace(taste, text)
  local dir <close>, message, name = folders.open(taste.folder)
  local old
  if dir then
    old, message, name = read_again(dir, taste)
  end
  if old == nil then
    return nil, message, name
  elseif old ~= (taste.exists and taste.raw) then
    return nil, taste.path .. " was changed meanwhile", "ESTALE"
  end
  local ok, why, errno = true, nil, nil
  if old then
    ok, why, errno = dir:write(taste.name .. ".bak", old)
  end
  if ok then
    ok, why, errno = dir:write(taste.name, HEAD .. (split(text)))
  end
  if not ok then
    return nil, ("cannot write the taste %s: %s"):format(taste.path, why), errno
  end
  return old and taste.path .. ".bak" or false
end

return M
