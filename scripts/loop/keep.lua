--- The bytes of a work tree's files, kept so that they can be put back exactly: whatever filters,
--- line ends and attributes say, the very bytes that were there.
---
--- What git's own object store has (most tracked files) is not kept again; the rest goes into an
--- object store beside it.  Tracked files are always kept.  Of all others (ignored ones, those in
--- submodules) the smallest, up to a limit: what is beyond it is only known to have been touched.

local fs = require "host.fs"
local tree = require "host.tree"

local git = require "planning.git"

local LIMIT <const> = 1 << 30          -- bytes of untracked files that are kept
local WIPE_ABOVE <const> = 4 << 30     -- bytes that may ever have been added before it starts anew
local BATCH <const> = 32 << 20         -- bytes of files that are read back at once
local SETTLED <const> = 2              -- seconds after which a change must have another time
local ESCAPES <const> = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n", ["\r"] = "\\r" }
local QUICK <const> = { "-c", "core.looseCompression=0", "-c", "core.fsync=none" }

---@class mighost.Keep
---@field root string        the work tree
---@field place string       absolute: where things are kept
---@field env table<string, string>
local Keep <const> = {}
Keep.__index = Keep

---A line as `--stdin-paths` reads it.
local function as_line(path)
  if path:find('["\\%c]') then
    return '"' .. path:gsub('[\\"\n\r]', ESCAPES) .. '"\n'
  end
  return path .. "\n"
end

---A folder in a list that is separated by colons.
local function as_entry(path)
  return '"' .. path:gsub('[\\"]', "\\%0") .. '"'
end

---git's ids of the bytes of these files; with `write` they are kept.
local function hash(keep, paths, write)
  if #paths == 0 then
    return {}
  end
  local lines = {}
  for index, path in ipairs(paths) do
    lines[index] = as_line(path)
  end
  local words = table.move(QUICK, 1, #QUICK, 1, {})
  for _, word in ipairs { "hash-object", "--no-filters", "--stdin-paths" } do
    words[#words + 1] = word
  end
  words[#words + 1] = write and "-w" or nil
  local out, message, name = git.call(keep.root, words, { stdin = table.concat(lines),
    env = keep.env, finishing = true, keep = LIMIT })
  if not out then
    return nil, message, name
  end
  local ids = {}
  for oid in out:gmatch("%x+") do
    ids[#ids + 1] = oid
  end
  if #ids ~= #paths then
    return nil, ("git hash-object answered for %d files of %d"):format(#ids, #paths), "EGIT"
  end
  return ids
end

---The paths that git tracks in the work tree itself.
local function tracked_paths(root)
  local out, message, name =
    git.call(root, { "ls-files", "-z" }, { finishing = true, keep = LIMIT })
  if not out then
    return nil, message, name
  end
  local tracked = {}
  for path in out:gmatch("[^%z]+") do
    tracked[path] = true
  end
  return tracked
end

---The files that are kept, and how many bytes there are beyond the limit.
local function choose(inventory, tracked, limit)
  local chosen, others, left, passed = {}, {}, limit, 0
  for path, entry in pairs(inventory.entries) do
    if entry.kind == "file" and not entry.is_closed then
      table.insert(tracked[path] and chosen or others, path)
    end
  end
  table.sort(others, function(a, b)
    local first, second = inventory.entries[a].size, inventory.entries[b].size
    if first ~= second then
      return first < second
    end
    return a < b
  end)
  for _, path in ipairs(others) do
    left = left - inventory.entries[path].size
    if left >= 0 then
      chosen[#chosen + 1] = path
    else
      passed = passed + 1
    end
  end
  return chosen, passed
end

---Takes over what is known from an earlier list: files that were not touched since.
local function reuse(inventory, earlier, paths)
  local rest = {}
  for _, path in ipairs(paths) do
    local now, then_ = inventory.entries[path], earlier and earlier.entries[path]
    local is_known = then_ and then_.oid and then_.changed == now.changed
      and then_.inode == now.inode and then_.size == now.size
      and tonumber(now.changed) < earlier.taken - SETTLED
    if is_known then
      now.oid = then_.oid
    else
      rest[#rest + 1] = path
    end
  end
  return rest
end

---Starts anew once much has been added: what is no longer needed has to go some time.
local function limit_growth(keep, added)
  local dir <close>, message, name = fs.open_dir(keep.place)
  if not dir then
    return nil, message, name
  end
  local total = (tonumber(dir:read("added") or "") or 0) + added
  return dir:write("added", ("%d"):format(total), { durable = false })
end

---Keeps the bytes of all files that it can, noting their ids in the list.
---@param inventory mighost.Inventory
---@param earlier mighost.Inventory|nil of which everything is still kept
---@return integer|nil passed how many files are not kept
---@return string? message
---@return string? NAME
function Keep:save(inventory, earlier)
  local tracked, why, code = tracked_paths(self.root)
  if not tracked then
    return nil, why, code
  end
  local paths, passed = choose(inventory, tracked, self.limit)
  local rest = reuse(inventory, earlier, paths)
  local ids, message, name = hash(self, rest, true)
  if not ids then
    return nil, message, name
  end
  local added = 0
  for index, path in ipairs(rest) do
    inventory.entries[path].oid = ids[index]
    added = added + inventory.entries[path].size
  end
  local noted, problem, errno = limit_growth(self, added)
  return noted and passed, problem, errno
end

---Which of these files no longer have the bytes that were kept.
---@param inventory mighost.Inventory
---@param paths string[] all of them are there, can be read and were kept
---@return string[]|nil
---@return string? message
---@return string? NAME
function Keep:changed(inventory, paths)
  local ids, message, name = hash(self, paths, false)
  if not ids then
    return nil, message, name
  end
  local changed = {}
  for index, path in ipairs(paths) do
    if ids[index] ~= inventory.entries[path].oid then
      changed[#changed + 1] = path
    end
  end
  return changed
end

---Writes a batch of files from what `git cat-file --batch` prints.
local function write_batch(dir, inventory, paths, out)
  local at, failed = 1, {}
  for _, path in ipairs(paths) do
    local size, start = out:match("^%x+ blob (%d+)\n()", at)
    if size then
      local written = dir:write(path, out:sub(start, start + size - 1),
        { durable = false, mode = inventory.entries[path].mode & 511 })
      at = start + size + 1
      failed[#failed + 1] = not written and path or nil
    else -- "<id> missing"
      failed[#failed + 1] = path
      at = out:match("^[^\n]*\n()", at) or at
    end
  end
  return failed
end

local function read_batch(keep, dir, inventory, paths)
  local lines = {}
  for index, path in ipairs(paths) do
    lines[index] = inventory.entries[path].oid .. "\n"
  end
  local out, message, name = git.call(keep.root, { "cat-file", "--batch" }, {
    stdin = table.concat(lines), env = keep.env, finishing = true, keep = 2 * LIMIT,
  })
  if not out then
    return nil, message, name
  end
  return write_batch(dir, inventory, paths, out)
end

---A file that is too large for memory goes from git's pipe to the disk.
local function read_large(keep, dir, inventory, path)
  local entry = inventory.entries[path]
  local removed = dir:remove(path)
  local done = removed and git.call(keep.root, { "cat-file", "blob", entry.oid }, {
    stdout = ("%s/%s"):format(keep.root, path), cap = entry.size + 1, keep = 0, env = keep.env,
    finishing = true,
  })
  local found = done and dir:stat(path)
  return found and found.size == entry.size
end

---Writes files as they were; their permissions are left to the caller.
---@param inventory mighost.Inventory
---@param paths string[] of files that were kept
---@return string[]|nil failed paths that could not be written
---@return string? message
---@return string? NAME
function Keep:restore(inventory, paths)
  local dir <close>, message, name = fs.open_dir(self.root)
  if not dir then
    return nil, message, name
  end
  local failed, batch, size = {}, {}, 0
  local function flush()
    local missing, why, code = read_batch(self, dir, inventory, batch)
    if not missing then
      return nil, why, code
    end
    table.move(missing, 1, #missing, #failed + 1, failed)
    batch, size = {}, 0
    return true
  end
  for _, path in ipairs(paths) do
    local entry = inventory.entries[path]
    if entry.size > BATCH then
      failed[#failed + 1] = not read_large(self, dir, inventory, path) and path or nil
    else
      batch[#batch + 1], size = path, size + entry.size
      if size > BATCH then
        local done, why, code = flush()
        if not done then
          return nil, why, code
        end
      end
    end
  end
  if #batch > 0 then
    local done, why, code = flush()
    if not done then
      return nil, why, code
    end
  end
  return failed
end

local M = { LIMIT = LIMIT }

---Where there is so much that what nobody needs any more must go, everything is removed first.
local function make_place(place)
  local dir <close> = fs.open_dir(place)
  if dir and (tonumber(dir:read("added") or "") or 0) > WIPE_ABOVE then
    local removed, message, name = tree.remove(place)
    if not removed then
      return nil, message, name
    end
  end
  local made <close>, message, name = require("project.folder").open(place .. "/objects")
  return made and true, message, name
end

---@param where { root: string, gitdir: string, common: string } a work tree, its git directory and
---  the one that all its work trees share; absolute
---@param place string absolute path of the folder for what is kept; made where it is missing
---@param limit? integer bytes of untracked files
---@return mighost.Keep|nil
---@return string? message
---@return string? NAME
function M.open(where, place, limit)
  local made, message, name = make_place(place)
  if not made then
    return nil, message, name
  end
  return setmetatable({
    root = where.root, place = place, limit = limit or LIMIT,
    env = {
      GIT_DIR = where.gitdir, -- even where the work tree's own way to it is gone
      GIT_OBJECT_DIRECTORY = place .. "/objects",
      GIT_ALTERNATE_OBJECT_DIRECTORIES = as_entry(where.common .. "/objects"),
    },
  }, Keep)
end

return M
