--- Puts the files of a work tree back: what is new goes, what is missing or was changed is made as
--- it was, permissions last.  Nobody else may work in the work tree meanwhile.

local fs = require "host.fs"
local proc = require "host.proc"
local tree = require "host.tree"

local inventory = require "loop.inventory"

local CHUNK <const> = 200   -- paths of one chmod
local OWNER <const> = 448   -- 0700
local ROUNDS <const> = 50   -- of opening up folders that deny their owner

---Runs a program on many paths of the work tree, some at a time.
local function run_on(before, words, paths)
  for first = 1, #paths, CHUNK do
    local argv = table.move(words, 1, #words, 1, {})
    for index = first, math.min(first + CHUNK - 1, #paths) do
      argv[#argv + 1] = "./" .. paths[index]
    end
    local report, message, name =
      proc.run { argv = argv, cwd = before.root, finishing = true }
    if not report then
      return nil, message, name
    end
  end
  return true
end

---Makes folders accessible that deny their owner access, level by level; those that did so before
---are left alone.
local function open_up(before)
  local now, message, name
  for _ = 1, ROUNDS do
    now, message, name = inventory.take(before.root, before.skip)
    local closed = {}
    for path, entry in pairs(now and now.entries or {}) do
      local was = before.inventory.entries[path]
      local is_denied = entry.kind == "directory" and (entry.mode & OWNER) ~= OWNER
      if is_denied and was and was.kind == "directory" and not was.is_closed
        and (entry.is_closed or entry.mode ~= was.mode) then
        closed[#closed + 1] = path
      end
    end
    if not now or #closed == 0 then
      return now, message, name
    end
    local done, why, code = run_on(before, { "chmod", "u+rwx", "--" }, closed)
    if not done then
      return nil, why, code
    end
  end
  return now
end

local function is_beneath(path, above)
  return above ~= nil and path:sub(1, #above + 1) == above .. "/"
end

---Removes what is new or was something else before.  What is in a folder that could not be
---read before is left alone.
local function remove_new(before, now)
  local gone, closed
  for _, path in ipairs(inventory.paths(now.entries)) do
    local was, is = before.inventory.entries[path], now.entries[path]
    if is_beneath(path, gone) or is_beneath(path, closed) then
      now.entries[path] = nil
    elseif not was or was.kind ~= is.kind then
      local removed, message, name = tree.remove(before.root .. "/" .. path)
      if not removed then
        return nil, message, name
      end
      gone, now.entries[path] = path, nil
    elseif was.is_closed and was.kind == "directory" then
      closed = path
    end
  end
  return true
end

---Makes what is not a file with a program, in the place of whatever has its name.
local function make_with(before, dir, path, argv)
  local removed, message, name = dir:remove(path)
  if not removed then
    return nil, message, name
  end
  argv[#argv + 1] = "./" .. path
  local report, why, code = proc.run { argv = argv, cwd = before.root, finishing = true }
  return report and true, why, code
end

---Makes folders, links and FIFOs that are missing.
local function make_missing(before, now, dir)
  for _, path in ipairs(inventory.paths(before.inventory.entries)) do
    local was, is = before.inventory.entries[path], now.entries[path]
    local made, message, name = true, nil, nil
    if was.kind == "directory" and not is then
      made, message, name = dir:mkdir(path)
    elseif was.kind == "symlink" and not (is and is.target == was.target) then
      made, message, name = make_with(before, dir, path, { "ln", "-s", "--", was.target })
    elseif was.kind == "fifo" and not is then
      made, message, name = make_with(before, dir, path, { "mkfifo", "--" })
    end
    if not made then
      return nil, message, name
    end
  end
  return true
end

---The files that must be written again, and those that were changed but are not kept.
local function find_damaged(before, now)
  local missing, touched, lost = {}, {}, {}
  for path, was in pairs(before.inventory.entries) do
    local is = now.entries[path]
    if was.kind == "file" and not (is and inventory.is_same(was, is)) then
      if was.oid then
        table.insert(is and touched or missing, path)
      elseif not is then
        lost[#lost + 1] = path .. " is gone"
      elseif was.changed ~= is.changed or was.inode ~= is.inode then
        lost[#lost + 1] = path .. " was touched"
      end
    elseif was.kind == "other" and not is then
      lost[#lost + 1] = path .. " is gone"
    end
  end
  return missing, touched, lost
end

local function restore_contents(before, now, lost)
  local missing, touched, unknown = find_damaged(before, now)
  table.move(unknown, 1, #unknown, #lost + 1, lost)
  local unreadable = {}
  for _, path in ipairs(touched) do
    if now.entries[path].is_closed then
      unreadable[#unreadable + 1] = path
    end
  end
  local readable, message, name = run_on(before, { "chmod", "u+rw", "--" }, unreadable)
  local changed
  if readable then
    changed, message, name = before.keep:changed(before.inventory, touched)
  end
  if not changed then
    return nil, message, name
  end
  table.move(changed, 1, #changed, #missing + 1, missing)
  local failed, why, code = before.keep:restore(before.inventory, missing)
  if not failed then
    return nil, why, code
  end
  for _, path in ipairs(failed) do
    lost[#lost + 1] = path .. " could not be written"
  end
  return true
end

---Permissions come last: with its old ones a folder may not allow the changes in it.
local function restore_modes(before)
  local now, message, name = inventory.take(before.root, before.skip)
  if not now then
    return nil, message, name
  end
  local by_mode = {}
  local paths = inventory.paths(before.inventory.entries)
  for index = #paths, 1, -1 do
    local was, is = before.inventory.entries[paths[index]], now.entries[paths[index]]
    if is and was.kind ~= "symlink" and was.mode ~= is.mode then
      by_mode[was.mode] = by_mode[was.mode] or {}
      table.insert(by_mode[was.mode], paths[index])
    end
  end
  for mode, changed in pairs(by_mode) do
    local done, why, code = run_on(before, { "chmod", ("%05o"):format(mode), "--" }, changed)
    if not done then
      return nil, why, code
    end
  end
  return true
end

---What is still not as it was: nothing, unless something failed silently.
local function check(before, lost)
  local now, message, name = inventory.take(before.root, before.skip)
  if not now then
    return nil, message, name
  end
  for path, was in pairs(before.inventory.entries) do
    local is = now.entries[path]
    if not is then
      lost[#lost + 1] = path .. " is gone"
    elseif is.kind ~= was.kind or is.mode ~= was.mode or is.target ~= was.target
      or was.kind == "file" and was.oid and is.size ~= was.size then
      lost[#lost + 1] = path .. " is not as it was"
    end
  end
  for path in pairs(now.entries) do
    if not before.inventory.entries[path] then
      lost[#lost + 1] = path .. " was not there"
    end
  end
  return true
end

local M = {}

---Restores everything in the work tree.  It runs even after a signal to end.
---@param before mighost.Before
---@param lost string[] gets what could not be put back
---@return true|nil
---@return string? message
---@return string? NAME
function M.run(before, lost)
  local now, message, name = open_up(before)
  if not now then
    return nil, message, name
  end
  local dir <close>, why, code = fs.open_dir(before.root)
  if not dir then
    return nil, why, code
  end
  for _, step in ipairs {
    function() return remove_new(before, now) end,
    function() return make_missing(before, now, dir) end,
    function() return restore_contents(before, now, lost) end,
    function() return restore_modes(before) end,
    function() return check(before, lost) end,
  } do
    local done, problem, errno = step()
    if not done then
      return nil, problem, errno
    end
  end
  return true
end

return M
