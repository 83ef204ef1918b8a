--- What an agent did to its workspace: which files it changed, and whether they can be published.

local tree = require "host.tree"

local FILES_LIMIT <const> = 20000
local SIZE_LIMIT <const> = 16 << 20
local TOTAL_LIMIT <const> = 512 << 20

-- Names that git itself acts on: a migration that holds one would not be plain files any more.
local GIT_NAMES <const> = {
  [".git"] = true, [".gitattributes"] = true, [".gitignore"] = true, [".gitmodules"] = true,
}

---@class mighost.Survey
---@field files string[] every file, relative, sorted
---@field changed string[] the files that were added or changed, sorted
---@field removed string[] sorted

local function is_ours(path)
  return path == "manifest.json" or path == ".planning" or path:sub(1, 10) == ".planning/"
end

local function refuse(path, why)
  return nil, ("the agent left %s in the workspace, which %s"):format(path, why), "EJUDGE"
end

local function check_name(path)
  for segment in path:gmatch("[^/]+") do
    if GIT_NAMES[segment:lower()] then
      return refuse(path, "git would act on")
    end
  end
  if path:find("%c") then
    return refuse(("%q"):format(path), "has a control character in its name")
  end
  if not utf8.len(path) then
    return refuse(("%q"):format(path), "is not a name in UTF-8")
  end
  return true
end

local function check_sizes(snapshot, files)
  if #files > FILES_LIMIT then
    return nil, ("the workspace holds %d files; a migration has at most %d"):format(
      #files, FILES_LIMIT), "EJUDGE"
  end
  local total = 0
  for _, path in ipairs(files) do
    total = total + snapshot[path].size
    if snapshot[path].size > SIZE_LIMIT then
      return refuse(path, ("is larger than %d MiB"):format(SIZE_LIMIT >> 20))
    end
  end
  if total > TOTAL_LIMIT then
    return nil, ("the workspace is larger than %d MiB"):format(TOTAL_LIMIT >> 20), "EJUDGE"
  end
  return true
end

local function files_of(snapshot)
  local files = {}
  for path, entry in pairs(snapshot) do
    if entry.kind == "file" then
      files[#files + 1] = path
    end
  end
  table.sort(files)
  return files
end

local function merge(a, b)
  local all = table.move(b, 1, #b, #a + 1, table.move(a, 1, #a, 1, {}))
  table.sort(all)
  return all
end

local M = {}

---Whether only mighost itself writes this path.
M.is_ours = is_ours

---The files of a snapshot, sorted.
M.files_of = files_of

---Takes the state of a workspace.
---@param path string
---@param known? table an earlier snapshot of it: what is unchanged since then is not read again
---@return table|nil snapshot
---@return string? message or the digest
---@return string? NAME
function M.take(path, known)
  local snapshot, digest, name = tree.snapshot(path, known)
  if not snapshot and name == "EINVALIDPATH" then
    return nil, "the workspace holds what cannot be published: " .. digest, "EJUDGE"
  end
  return snapshot, digest, name
end

---Compares a workspace with what it was before the agent ran.
---@param before table snapshot
---@param after table snapshot
---@return mighost.Survey|nil
---@return string? message
---@return string? NAME
function M.compare(before, after)
  local files = files_of(after)
  local fits, why, name = check_sizes(after, files)
  if not fits then
    return nil, why, name
  end
  local difference = tree.diff(before, after)
  local changed = merge(difference.added, difference.changed)
  for _, path in ipairs(changed) do
    local named, problem, code = check_name(path)
    if not named then
      return nil, problem, code
    end
  end
  return { files = files, changed = changed, removed = difference.removed }
end

---Whether these files have no second name: what is written to one then changes nothing else.
---@param dir host.fs.Dir
---@param paths string[]
---@return boolean
function M.is_plain(dir, paths)
  for _, path in ipairs(paths) do
    local found = dir:stat(path)
    if not found or found.nlink > 1 then
      return false
    end
  end
  return true
end

---Writes a file as it was, whatever is in its place or in that of the folder above it.
local function restore(work, path, text, mode)
  local found = work:stat(path)
  if found and found.kind == "directory" then
    local gone, why, code = tree.remove(("%s/%s"):format(work:path(), path))
    if not gone then
      return nil, why, code
    end
  end
  local above = path:match("^(.*)/[^/]*$")
  if above then
    local made, message, name = work:mkdir(above)
    if not made then
      return nil, message, name
    end
  end
  return work:write(path, text, { durable = false, mode = mode })
end

---Puts back what only mighost writes, if the agent touched it.
---@param survey mighost.Survey
---@param before table snapshot
---@param work host.fs.Dir the workspace
---@param read_old fun(path: string): string|nil, string|nil, string|nil bytes before the call
---@param owned? fun(path: string): boolean what only mighost writes; default: M.is_ours
---@return string[]|nil touched the paths that were put back; the survey no longer names them
---@return string? message
---@return string? NAME
function M.put_back(survey, before, work, read_old, owned)
  local touched = {}
  for _, list in ipairs { "changed", "removed" } do
    local others = {}
    for _, path in ipairs(survey[list]) do
      if (owned or is_ours)(path) then
        touched[#touched + 1] = path
      else
        others[#others + 1] = path
      end
    end
    survey[list] = others
  end
  for _, path in ipairs(touched) do
    local done, message, name
    if before[path] and before[path].kind == "file" then
      local old, why, code = read_old(path)
      if not old then
        return nil, why, code
      end
      done, message, name = restore(work, path, old, before[path].mode)
    else
      done, message, name = work:remove(path)
    end
    if not done then
      return nil, ("the agent changed %s and it cannot be put back: %s"):format(path, message), name
    end
  end
  return touched
end

return M
