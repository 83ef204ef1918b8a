--- Repositories inside the work tree that are not submodules: git would commit only the id of one,
--- which nobody else can look up, and whoever works in its folder works in it unknowingly.  Ignored
--- ones, such as those that a build fetches, do not matter.

local command = require "loop.command"
local inventory = require "loop.inventory"

local LINK <const> = "160000" -- git's mode of a submodule
local NAME <const> = ".git"
local NONE_IGNORED <const> = 1 -- what check-ignore ends with

---Paths of submodules that a .gitmodules names, each between two ends of a line.
local function declared(action, source)
  local out = command.run(action, { "config", source[1], source[2], "-z", "--get-regexp",
    "^submodule[.].*[.]path$" }) or ""
  local paths = {}
  for path in out:gmatch("\n([^%z]*)%z") do
    paths[path] = true
  end
  return paths
end

---Whether a path is in a submodule: what is wrong there is reported with the submodule.
local function is_in_submodule(before, path)
  for index = 2, #before.states do
    local inside = before.states[index].path:sub(#before.root + 2) .. "/"
    if path:sub(1, #inside) == inside then
      return true
    end
  end
  return false
end

---Folders that have become repositories, the topmost ones.
local function find_new(action)
  local before = action.before
  local now, message, name = inventory.take(before.root, before.skip)
  if not now then
    return nil, message, name
  end
  local found, last = {}, nil
  for _, path in ipairs(inventory.paths(now.entries)) do
    local folder = path:match("^(.+)/%.git$")
    local is_beneath = last and folder and folder:sub(1, #last) == last
    if folder and not is_beneath and not before.inventory.entries[path]
      and not is_in_submodule(before, path) then
      found[#found + 1], last = folder, folder .. "/"
    end
  end
  return found
end

---Those of the folders that git would not ignore.
local function drop_ignored(action, folders)
  local kept = {}
  for _, folder in ipairs(folders) do
    local ignored, message, name, report = command.run(action,
      { "--no-literal-pathspecs", "check-ignore", "--quiet", "-z", "--stdin" },
      { stdin = ("./%s\0"):format(folder) })
    if not ignored and report and report.exit == NONE_IGNORED then
      kept[#kept + 1] = folder
    elseif not ignored then
      return nil, message, name
    end
  end
  return kept
end

local M = {}

---Folders that became repositories since the action began.
---@param action mighost.Action
---@return string[]|nil folders relative to the work tree
---@return string? message
---@return string? NAME
function M.find(action)
  local folders, message, name = find_new(action)
  if not folders or #folders == 0 then
    return folders, message, name
  end
  local submodules, others = declared(action, { "--file", ".gitmodules" }), {}
  for _, folder in ipairs(folders) do
    others[#others + 1] = not submodules[folder] and folder or nil
  end
  return drop_ignored(action, others)
end

---Repositories that a tree of git's names and that it does not declare.
---@param action mighost.Action
---@param id string git's id of the tree
---@return string[]|nil paths
---@return string? message
---@return string? NAME
function M.linked(action, id)
  local out, message, name = command.run(action,
    { "diff-tree", "-r", "-z", "--no-renames", action.head, id })
  if not out then
    return nil, message, name
  end
  local submodules, found = declared(action, { "--blob", id .. ":.gitmodules" }), {}
  for old, new, path in out:gmatch(":(%d+) (%d+) %x+ %x+ %a\0([^%z]*)\0") do
    if new == LINK and old ~= LINK and not submodules[path] then
      found[#found + 1] = path
    end
  end
  return found
end

---What makes a folder a repository.
---@param folder string
---@return string path
function M.marker(folder)
  return ("%s/%s"):format(folder, NAME)
end

return M
