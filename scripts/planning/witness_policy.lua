--- Which differences between before and after a call are the agent's doing.
---
--- "none": no sandbox kept the agent from anything, so everything counts, whoever did it.
--- "full": the kernel kept it from writing, making, removing, renaming, linking and truncating
--- outside its own places; what differs in such a way is somebody else's work and is let alone.
--- What the kernel does not keep it from counts: permissions, owners, times, extended attributes.
--- Only a time that was set to now does not: whoever saves a file as it is leaves it so, too.
--- "partial": as full, but files can have been truncated.

---@alias mighost.Confinement "none"|"partial"|"full"

local WORDS <const> = {
  { "mode", "permissions changed" }, { "owner", "owner changed" }, { "size", "changed" },
  { "mtime", "times changed" }, { "links", "linked" }, { "other", "attributes changed" },
}

local M = {}

---What was in force, from what a report says about it.
---@param sandbox string|nil
---@return mighost.Confinement
function M.level(sandbox)
  local word = sandbox and sandbox:match("^%a+")
  return (word == "full" or word == "partial") and word or "none"
end

---Whether a path is a folder, or beneath it.
---@param path string
---@param above string
---@return boolean
function M.is_beneath(path, above)
  return path == above or above == "/" or path:sub(1, #above + 1) == above .. "/"
end

---The confinement as far as one folder is concerned: none where the agent may write in all of it.
---@param level mighost.Confinement
---@param folder string absolute
---@param allowed string[] absolute
---@return mighost.Confinement
function M.level_in(level, folder, allowed)
  for _, path in ipairs(allowed) do
    if M.is_beneath(folder, path) then
      return "none"
    end
  end
  return level
end

---The places beneath a folder where the agent may write, relative to it.
---@param folder string absolute
---@param allowed string[] absolute
---@return string[]
function M.exceptions(folder, allowed)
  local found = {}
  for _, path in ipairs(allowed) do
    if path ~= folder and M.is_beneath(path, folder) then
      found[#found + 1] = path:sub(#folder + 2)
    end
  end
  return found
end

---Whether a difference is the agent's.
---@param entry host.tree.Touched
---@param level mighost.Confinement
---@return boolean
function M.counts(entry, level)
  if level == "none" then
    return true
  elseif entry.touch ~= "changed" then
    return false
  elseif entry.mode or entry.owner or level == "partial" and entry.shrunk then
    return true
  elseif entry.kind == "directory" or entry.size then
    return false
  end
  return entry.mtime and not entry.written or entry.other or false
end

---What happened to it, in words.
---@param entry host.tree.Touched
---@return string
function M.describe(entry)
  if entry.touch == "changed" then
    for _, word in ipairs(WORDS) do
      if entry[word[1]] and not (word[1] == "mtime" and entry.written) then
        return word[2]
      end
    end
  end
  return entry.touch == "replaced" and "changed" or entry.touch
end

return M
