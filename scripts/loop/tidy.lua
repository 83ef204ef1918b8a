--- Takes away what the validation or a hook left: the work tree holds just what the index does.

local fs = require "host.fs"
local tree = require "host.tree"

local command = require "loop.command"
local nested = require "loop.nested"

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

local M = {}

---@param action mighost.Action
---@return string[]|nil undone paths
---@return string? message
---@return string? NAME
function M.run(action)
  local undone, message, name = remove_repositories(action)
  if not undone then
    return nil, message, name
  end
  local changed, others, code = find(action)
  if not changed then
    return nil, others, code
  elseif changed ~= "" then
    local done, why, errno = command.run(action, { "checkout-index", "--force", "-z", "--stdin" },
      { stdin = changed })
    if not done then
      return nil, why, errno
    end
  end
  local new = command.split(others)
  local removed, why, errno = remove_untracked(action, new)
  if not removed then
    return nil, why, errno
  end
  for _, list in ipairs { command.split(changed), new } do
    table.move(list, 1, #list, #undone + 1, undone)
  end
  return undone
end

return M
