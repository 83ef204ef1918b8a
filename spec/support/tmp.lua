--- Temporary folders that are removed when they go out of scope:
---   local dir <close> = tmp.dir()
---   dir:write("a/b.txt", "text")

local lfs = require "lfs"
local sys = require "host.sys"

local ATTEMPTS <const> = 100

---@class spec.TmpDir
---@field path string  absolute, links resolved
local TmpDir = {}
TmpDir.__index = TmpDir

local M = {}

--- Removes a file or a whole folder; links are removed, never followed.  Missing is fine.
---@param path string
function M.remove(path)
  local mode = lfs.symlinkattributes(path, "mode")
  if not mode then
    return
  end
  if mode == "directory" then
    for name in lfs.dir(path) do
      if name ~= "." and name ~= ".." then
        M.remove(path .. "/" .. name)
      end
    end
  end
  assert(os.remove(path))
end

--- A new, empty folder under TMPDIR, or in another folder.
---@param base? string
---@return spec.TmpDir
function M.dir(base)
  base = base or os.getenv("TMPDIR") or "/tmp"
  for _ = 1, ATTEMPTS do
    -- Not math.random: under a sanitizer, whose addresses are fixed, processes that start in the
    -- same second draw the same numbers, and take a name that a test has just moved away.
    local path = ("%s/mighost-spec-%s"):format(base, sys.random_hex(4))
    local made, message, code = lfs.mkdir(path)
    if made then
      return setmetatable({ path = path }, TmpDir)
    end
    assert(code == 17, message) -- EEXIST: another name
  end
  error("no free name for a temporary folder in " .. base)
end

--- A folder that is there already.
---@param path string  absolute
---@return spec.TmpDir
function M.attach(path)
  return setmetatable({ path = path }, TmpDir)
end

--- The absolute path of something inside.
---@param rel? string
---@return string
function TmpDir:join(rel)
  return rel and self.path .. "/" .. rel or self.path
end

--- Makes a folder and what is missing above it; returns its absolute path.
---@param rel string
---@return string
function TmpDir:mkdir(rel)
  local path = self.path
  for name in rel:gmatch("[^/]+") do
    path = path .. "/" .. name
    if lfs.attributes(path, "mode") ~= "directory" then
      assert(lfs.mkdir(path))
    end
  end
  return path
end

--- Writes a file, making the folders above it; returns its absolute path.
---@param rel string
---@param text string
---@return string
function TmpDir:write(rel, text)
  local above = rel:match("^(.*)/[^/]*$")
  if above then
    self:mkdir(above)
  end
  local file <close> = assert(io.open(self:join(rel), "wb"))
  assert(file:write(text))
  return self:join(rel)
end

--- The bytes of a file; nil when there is none.
---@param rel string
---@return string?
function TmpDir:read(rel)
  local file <close> = io.open(self:join(rel), "rb")
  return file and file:read("a")
end

--- A symbolic link; returns its absolute path.
---@param target string
---@param rel string
---@return string
function TmpDir:symlink(target, rel)
  assert(lfs.link(target, self:join(rel), true))
  return self:join(rel)
end

--- Whether anything is there, a dangling link included.
---@param rel string
---@return boolean
function TmpDir:exists(rel)
  return lfs.symlinkattributes(self:join(rel), "mode") ~= nil
end

--- The names in a folder, sorted by byte.
---@param rel? string
---@return string[]
function TmpDir:names(rel)
  local names = {}
  for name in lfs.dir(self:join(rel)) do
    if name ~= "." and name ~= ".." then
      table.insert(names, name)
    end
  end
  table.sort(names)
  return names
end

--- Removes the folder now; a second call does nothing.
function TmpDir:close()
  M.remove(self.path)
end

TmpDir.__close = TmpDir.close

return M
