--- Takes away what the validation or a hook left: the work tree holds just what the index does.

local fs = require "host.fs"
local tree = require "host.tree"

local changes = require "loop.changes"
local command = require "loop.command"
local nested = require "loop.nested"

local PATCH <const> = "undone.patch"

---Removes untracked files, and new folders that contained them.
local function remove_untracked(action, paths)
  for _, path in ipairs(paths) do
    local whole = path:gsub("/$", "")
    local removed, message, name = tree.remove(("%s/%s"):format(action.before.root, whole))
    if not removed then
      return nil, message, name
    end
    local dir <close> = fs.open_dir(action.before.root)
    local above = whole:match("^(.*)/")
    while dir and above and not action.before.inventory.entries[above]
      and dir:remove(above) do -- goes only when it is empty
      above = above:match("^(.*)/")
    end
  end
  return true
end

---Makes folders that became repositories mere folders again; git looks into them only then.
local function remove_repositories(action)
  local folders, message, name = nested.find(action)
  local markers = {}
  for index, folder in ipairs(folders or {}) do
    markers[index] = nested.marker(folder)
  end
  local removed, why, code
  if folders then
    removed, why, code = remove_untracked(action, markers)
  end
  return removed and markers, message or why, name or code
end

---What differs from the index, and what is not in it.
local function find(action)
  local changed, message, name = command.run(action,
    { "diff-files", "--name-only", "-z", "--ignore-submodules=dirty" })
  local others
  if changed then
    others, message, name =
      command.run(action, { "ls-files", "--others", "--exclude-standard", "-z" })
  end
  return others and changed, others or message, name
end

---The tree of the index, from which what is taken away differs.
local function index_tree(action)
  local out, message, name = command.run(action, { "write-tree" })
  return out and out:match("%x+"), message, name
end

---Keeps it first: it may be what a person did meanwhile.
local function keep(action, folder)
  local id, message, name = index_tree(action)
  if not id then
    return nil, message, name
  end
  return action:keep_patch(folder, PATCH, id) or false
end

---Undoes it all; gives what is told of it.
local function undo(action, folder)
  local undone, message, name = remove_repositories(action)
  if not undone then
    return nil, message, name
  end
  local changed, others, code = find(action)
  if not changed then
    return nil, others, code
  elseif changed == "" and others == "" then
    return { paths = undone }
  end
  local patch, trouble, number = keep(action, folder)
  local done = patch
  if patch ~= nil and changed ~= "" then
    done, trouble, number = command.run(action, { "checkout-index", "--force", "-z", "--stdin" },
      { stdin = changed })
  end
  local new = command.split(others)
  if done ~= nil then
    done, trouble, number = remove_untracked(action, new)
  end
  if not done then
    return nil, trouble, number
  end
  for _, list in ipairs { command.split(changed), new } do
    table.move(list, 1, #list, #undone + 1, undone)
  end
  return { paths = undone, patch = patch or nil }
end

local M = {}

---@class mighost.Tidied
---@field paths string[] that were undone
---@field patch string|nil where what was undone is kept

---@param action mighost.Action
---@param folder string where what is undone is kept as a patch
---@param words string for people, in front of what was undone
---@return mighost.Tidied|nil
---@return string? message
---@return string? NAME
function M.run(action, folder, words)
  local undone, message, name = undo(action, folder)
  if undone and #undone.paths > 0 then
    local kept = undone.patch and ("; it is kept in " .. undone.patch) or ""
    action.ctx.report { kind = "warning", text = words .. changes.some(undone.paths) .. kept }
  end
  return undone, message, name
end

return M
