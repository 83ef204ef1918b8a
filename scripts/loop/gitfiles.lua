--- The files in git's own directories that steer it or are a work tree's state: configuration,
--- hooks, info/, the index, the stash's log, operations under way.  Kept and put back as bytes.

local fs = require "host.fs"
local proc = require "host.proc"
local tree = require "host.tree"

local folder = require "project.folder"
local json = require "lib.json"

local STASH_LOG <const> = "logs/refs/stash"
local LARGEST <const> = 1 << 30
local QUICK <const> = { durable = false }

-- What git leaves in its folder while an operation is under way.
local OPERATIONS <const> = {
  "MERGE_HEAD", "MERGE_MODE", "MERGE_MSG", "MERGE_AUTOSTASH", "SQUASH_MSG", "AUTO_MERGE",
  "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "rebase-merge", "rebase-apply", "sequencer",
  "BISECT_LOG", "BISECT_START", "BISECT_NAMES", "BISECT_RUN", "BISECT_TERMS",
  "BISECT_EXPECTED_REV", "BISECT_ANCESTORS_OK",
}

---Adds the files in a folder of git's.
local function add_folder(files, dir, name)
  for _, entry in ipairs(dir:list(name) or {}) do
    if entry.kind == "file" then
      files[#files + 1] = ("%s/%s"):format(name, entry.name)
    end
  end
end

---What steers git: programs that it starts, what it ignores, how it changes files.  Looked at
---before any git is started after an agent.
local function list_steering(dir)
  local files = { "config", "config.worktree" }
  add_folder(files, dir, "hooks")
  add_folder(files, dir, "info")
  return files
end

local function list_indexes(dir)
  local files = { "index" }
  for _, entry in ipairs(dir:list() or {}) do
    if entry.kind == "file" and entry.name:find("^sharedindex%.") then
      files[#files + 1] = entry.name
    end
  end
  return files
end

local function copy_file(from, from_name, to, to_name)
  local bytes, message, name = from:read(from_name, { max = LARGEST })
  if not bytes and name == "ENOENT" then
    return false
  elseif not bytes then
    return nil, message, name
  end
  local above = to_name:match("^(.*)/")
  if above then
    to:mkdir(above)
  end
  local info = from:stat(from_name)
  return to:write(to_name, bytes, { durable = false, mode = info and info.mode & 511 })
end

---Copies those of the files that are there; gives their names.
local function copy_files(dir, files, kept, folder_name)
  local copied = {}
  for _, file in ipairs(files) do
    local done, why, code = copy_file(dir, file, kept, ("%s/%s"):format(folder_name, file))
    if done == nil then
      return nil, why, code
    end
    copied[#copied + 1] = done and file or nil
  end
  return json.array(copied)
end

local function is_same_file(kept, kept_name, dir, file)
  local was, is = kept:stat(kept_name), dir:stat(file)
  return was ~= nil and is ~= nil and is.kind == "file" and was.mode == is.mode
    and kept:read(kept_name, { max = LARGEST }) == dir:read(file, { max = LARGEST })
end

---Gives a copy of the index the time of when it was kept: git tells by it which entries may have
---been changed in the second that they were noted in.  A younger index would hide such changes.
---@param from string absolute
---@param to string absolute
---@return true|nil
---@return string? message
---@return string? NAME
local function take_time(from, to)
  local report, message, name =
    proc.run { argv = { "touch", "-r", from, to }, finishing = true }
  if report and report.exit ~= 0 then
    return nil, "cannot set the time of " .. to, "EIO"
  end
  return report and true, message, name
end

---Puts the index back, under git's own lock of it.
local function restore_index(kept, dir)
  if is_same_file(kept, "index/index", dir, "index") then
    return true
  end
  local draft = "mighost-index-lock"
  local written, message, name = dir:write(draft, "", QUICK)
  if not written then
    return nil, message, name
  end
  local locked, why, code = dir:rename(draft, "index.lock")
  if not locked then
    dir:remove(draft)
    return nil, "git's index is in use: " .. why, code == "EEXIST" and "EBUSY" or code
  end
  local done, trouble, errno = copy_file(kept, "index/index", dir, "index")
  if done then
    done, trouble, errno = take_time(kept:path() .. "/index/index", dir:path() .. "/index")
  end
  dir:remove("index.lock")
  return done, trouble, errno
end

local function restore_indexes(state, kept, dir)
  for _, file in ipairs(state.indexes) do
    local done, why, code = true, nil, nil
    if file ~= "index" and not is_same_file(kept, "index/" .. file, dir, file) then
      done, why, code = copy_file(kept, "index/" .. file, dir, file)
    elseif file == "index" then
      done, why, code = restore_index(kept, dir)
    end
    if not done then
      return nil, why, code
    end
  end
  return true
end

local function end_operations(state, dir)
  for _, entry in ipairs(OPERATIONS) do
    if not state.operations[entry] and dir:stat(entry) then
      local removed, message, name = tree.remove(("%s/%s"):format(state.gitdir, entry))
      if not removed then
        return nil, message, name
      end
    end
  end
  return true
end

---Puts the files back that steer git in one directory; names those that were touched.
local function steer_back(kept, folder_name, files, path, touched)
  local dir <close>, message, name = fs.open_dir(path)
  if not dir then
    return nil, message, name
  end
  local wanted = {}
  local function note(file)
    touched[#touched + 1] = ("%s/%s"):format(path, file)
  end
  for _, file in ipairs(files) do
    local kept_name = ("%s/%s"):format(folder_name, file)
    wanted[file] = true
    if not is_same_file(kept, kept_name, dir, file) then
      note(file)
      local done, why, code = tree.remove(("%s/%s"):format(path, file))
      if done then
        done, why, code = copy_file(kept, kept_name, dir, file)
      end
      if not done then
        return nil, why, code
      end
    end
  end
  for _, file in ipairs(list_steering(dir)) do
    if not wanted[file] and dir:stat(file) then
      note(file)
      dir:remove(file)
    end
  end
  return true
end

---A stash is its ref's log: making the ref anew would leave a log of one entry.
local function restore_stash(state, kept)
  local common <close>, message, name = fs.open_dir(state.common)
  if not common then
    return nil, message, name
  elseif state.has_stash then
    return copy_file(kept, "stash", common, STASH_LOG)
  end
  return common:remove(STASH_LOG)
end

local M = { OPERATIONS = OPERATIONS }

---Keeps the bytes in a folder, and in the state which files there are.
---@param state mighost.GitState
---@param place string absolute
---@return true|nil
---@return string? message
---@return string? NAME
function M.keep(state, place)
  local kept <close>, message, name = folder.open(place)
  local dir <close> = kept and fs.open_dir(state.gitdir)
  local common <close> = dir and fs.open_dir(state.common)
  if not common then
    return nil, message or "cannot open git's directory " .. state.gitdir, name or "EIO"
  end
  local why, code
  state.indexes, why, code = copy_files(dir, list_indexes(dir), kept, "index")
  if state.indexes then
    state.steering, why, code = copy_files(dir, list_steering(dir), kept, "own")
  end
  if state.steering then
    state.shared, why, code = copy_files(common, list_steering(common), kept, "shared")
  end
  local stash = state.shared
  if stash then
    stash, why, code = copy_file(common, STASH_LOG, kept, "stash")
  end
  if stash == nil then
    return nil, why, code
  end
  state.has_stash, state.operations = stash, {}
  for _, entry in ipairs(OPERATIONS) do
    state.operations[entry] = dir:stat(entry) ~= nil or nil
  end
  return true
end

---Puts hooks, configuration and info/ back.  To be called after an agent, before any git.
---@param state mighost.GitState
---@param place string where `take` kept it
---@return string[]|nil touched absolute paths that were not as before
---@return string? message
---@return string? NAME
function M.guard(state, place)
  local kept <close>, message, name = fs.open_dir(place)
  if not kept then
    return nil, message, name
  end
  local touched = {}
  local done, why, code = steer_back(kept, "own", state.steering, state.gitdir, touched)
  if done and state.common ~= state.gitdir then
    done, why, code = steer_back(kept, "shared", state.shared, state.common, touched)
  end
  return done and touched, why, code
end

---Locks of this work tree's that a git left which is dead: whoever calls this has seen to it that
---nobody else works in the work tree.
---@param state mighost.GitState
---@return true|nil
---@return string? message
---@return string? NAME
function M.unlock(state)
  local dir <close>, message, name = fs.open_dir(state.gitdir)
  if not dir then
    return nil, message, name
  end
  for _, lock in ipairs { "index.lock", "HEAD.lock" } do
    local removed, why, code = dir:remove(lock)
    if not removed then
      return nil, why, code
    end
  end
  local common <close> = fs.open_dir(state.common)
  if common and state.branch then
    common:remove(state.branch .. ".lock")
  end
  return true
end

---Puts the index and the stash back, and ends what was begun.
---@param state mighost.GitState
---@param place string where `keep` put it
---@return true|nil
---@return string? message
---@return string? NAME
function M.restore(state, place)
  local kept <close>, message, name = fs.open_dir(place)
  local dir <close> = kept and fs.open_dir(state.gitdir)
  if not dir then
    return nil, message or "cannot open git's directory " .. state.gitdir, name or "EIO"
  end
  local done, why, code = restore_stash(state, kept)
  if done then
    done, why, code = restore_indexes(state, kept, dir)
  end
  if done then
    done, why, code = end_operations(state, dir)
  end
  return done, why, code
end

---Sets the index to what it was, for a commit of what is in the work tree.
---@param state mighost.GitState
---@param place string
---@return true|nil
---@return string? message
---@return string? NAME
function M.restore_index(state, place)
  local kept <close>, message, name = fs.open_dir(place)
  local dir <close> = kept and fs.open_dir(state.gitdir)
  if not dir then
    return nil, message or "cannot open git's directory " .. state.gitdir, name or "EIO"
  end
  return restore_index(kept, dir)
end

M.take_time = take_time

return M
