--- Files and folders that a call must leave as they are: kept in memory before it, compared and, at
--- its caller's word, put back afterwards.  Content and permissions count, times and owners do not.
--- A link is kept with what it leads to.

local fs = require "host.fs"
local proc = require "host.proc"
local sys = require "host.sys"
local tree = require "host.tree"

local folder = require "project.folder"

local FILE_LIMIT <const> = 16 << 20
-- Beyond these limits, a change is reported but cannot be put back.
local TOTAL_LIMIT <const> = 64 << 20
local MOST_FILES <const> = 5000
local MOST_ENTRIES <const> = 100000 -- in one root
local NOWHERE <const> = "/nowhere" -- a link that leads nowhere is made anew as one that does
local LONGEST_CHAIN <const> = 8 -- of links that lead to folders with links

---@class mighost.KeepsakeRoot
---@field path string absolute; need not exist
---@field label string what it is, for messages
---@field own boolean|nil no sandbox keeps the agent from it

---@class mighost.KeptChange
---@field path string absolute
---@field label string
---@field how "added"|"removed"|"changed"|"mode"
---@field own boolean|nil
---@field shrunk boolean|nil the same file, with less in it
---@field restored boolean|nil
---@field problem string|nil why it was not put back

---@class mighost.Kept
---@field kind host.fs.Kind
---@field mode integer
---@field text string|nil of a file
---@field leads_to string|nil of a link

---@class mighost.Keepsake
---@field roots (mighost.KeepsakeRoot|{ marks: host.tree.Marks })[]
---@field kept table<string, mighost.Kept>
local Keepsake <const> = {}
Keepsake.__index = Keepsake

local function join(root, rel)
  return rel == "" and root or root .. "/" .. rel
end

local function split(path)
  local above, name = path:match("^(.*)/([^/]+)$")
  return above == "" and "/" or above, name
end

---The properties of one path, a link's own; nil where nothing is there.
local function look(path)
  local above, name = split(path)
  local dir <close> = fs.open_dir(above)
  return dir and dir:stat(name) or nil
end

local function read(path)
  local above, name = split(path)
  local dir <close> = fs.open_dir(above)
  return dir and dir:read(name, { max = FILE_LIMIT }) or nil
end

local keep_path

local function keep_folder(self, path, chain)
  local dir <close> = fs.open_dir(path)
  for _, entry in ipairs(dir and dir:list() or {}) do
    keep_path(self, join(path, entry.name), chain)
  end
end

---Notes what is at a path and all beneath it; what a link leads to becomes a root of its own.
function keep_path(self, path, chain)
  local found = look(path)
  if not found or self.kept[path] then
    return
  end
  local kept = { kind = found.kind, mode = found.mode }
  self.kept[path] = kept
  if found.kind == "file" and found.size <= TOTAL_LIMIT - self.bytes and self.files < MOST_FILES
  then
    kept.text = read(path)
    self.bytes, self.files = self.bytes + #(kept.text or ""), self.files + 1
  elseif found.kind == "directory" then
    keep_folder(self, path, chain)
  elseif found.kind == "symlink" then
    local real = sys.realpath(path)
    kept.leads_to = real or NOWHERE
    if real and chain < LONGEST_CHAIN then
      self:add({ path = real, label = self.label, own = self.own }, chain + 1)
    end
  end
end

---Keeps one more root.
---@param root mighost.KeepsakeRoot
---@param chain? integer
function Keepsake:add(root, chain)
  local marks = tree.marks(root.path, { max = MOST_ENTRIES })
  if not marks then
    return -- a link to something that is nobody's settings, or what nobody may look at
  end
  self.label, self.own = root.label, root.own
  table.insert(self.roots, { path = root.path, label = root.label, own = root.own, marks = marks })
  keep_path(self, root.path, chain or 0)
end

---Whether what is at a path is what was kept, permissions aside.
local function is_same(kept, path, found)
  if found.kind ~= kept.kind then
    return false
  elseif kept.kind == "symlink" then
    return (sys.realpath(path) or NOWHERE) == kept.leads_to
  end
  return kept.kind ~= "file" or kept.text ~= nil and read(path) == kept.text
end

---How a path differs from what was kept; nil when it does not.
local function difference(kept, path)
  local found = look(path)
  if not found or not kept then
    return found and "added" or kept and "removed" or nil
  elseif not is_same(kept, path, found) then
    return "changed"
  end
  return found.mode ~= kept.mode and found.kind ~= "symlink" and "mode" or nil
end

---The changes at a path that was touched and, where a folder came, went or was replaced, in it.
local function collect(self, root, entry, changes, seen)
  local path = join(root.path, entry.path)
  local function add(at)
    local how = not seen[at] and difference(self.kept[at], at)
    seen[at] = true
    if how then
      changes[#changes + 1] = { path = at, label = root.label, how = how, own = root.own,
        shrunk = at == path and entry.shrunk }
    end
    return how
  end
  if add(path) or entry.touch == "changed" then
    return
  end
  for kept in pairs(self.kept) do -- another folder stands there: what was in the old one
    if kept:sub(1, #path + 1) == path .. "/" then
      add(kept)
    end
  end
  local found = look(path)
  local dir <close> = found and found.kind == "directory" and fs.open_dir(path) or nil
  for _, inner in ipairs(dir and dir:list() or {}) do
    add(join(path, inner.name))
  end
end

---What differs now, sorted by path.
---@return mighost.KeptChange[]
function Keepsake:changes()
  local changes, seen = {}, {}
  for _, root in ipairs(self.roots) do
    local now = tree.marks(root.path)
    for _, entry in ipairs(now and tree.touched(root.marks, now) or {}) do
      collect(self, root, entry, changes, seen)
    end
  end
  table.sort(changes, function(a, b)
    return a.path < b.path
  end)
  return changes
end

---Runs a plain tool; the first line that it complains with.
local function run(...)
  local report, message = proc.run { argv = { ... }, finishing = true }
  if not report then
    return nil, message
  elseif report.exit ~= 0 then
    return nil, report.stderr.head:match("[^\n]+") or "it failed"
  end
  return true
end

---Restores one path, where nothing is any more.
local function make(path, kept)
  if kept.kind == "symlink" then
    return run("ln", "-s", "--", kept.leads_to, path)
  elseif kept.kind == "directory" then
    local dir <close>, message = folder.open(path)
    if not dir then
      return nil, message
    end
  elseif not kept.text then
    return nil, "it was too large to be kept"
  else
    local above, name = split(path)
    local dir <close>, message = folder.open(above)
    local written, why
    if dir then
      written, why = dir:write(name, kept.text, { mode = kept.mode & 511 })
    end
    if not written then
      return nil, why or message
    end
  end
  return run("chmod", ("%o"):format(kept.mode), "--", path)
end

---Restores a path and all that was beneath it.
local function make_all(self, path)
  local paths = {}
  for kept in pairs(self.kept) do
    if kept == path or kept:sub(1, #path + 1) == path .. "/" then
      paths[#paths + 1] = kept
    end
  end
  table.sort(paths)
  for _, kept in ipairs(paths) do
    local made, why = make(kept, self.kept[kept])
    if not made then
      return nil, why
    end
  end
  return true
end

---Keeps what stands there now beside the evidence of the call.
local function save(change, evidence, number)
  if evidence and change.how ~= "removed" then
    local dir <close> = folder.open(evidence .. "/escaped")
    local name = ("%d-%s"):format(number, select(2, split(change.path)))
    if dir then
      run("cp", "-a", "--", change.path, ("%s/escaped/%s"):format(evidence, name))
    end
  end
end

---Puts what was kept in the place of whatever stands there; a file at once, never by way of none.
local function replace(self, path)
  local kept, found = self.kept[path], look(path)
  if kept and kept.text and (not found or found.kind ~= "directory") then
    return make(path, kept)
  end
  local gone, why = tree.remove(path)
  if not gone or not kept then
    return gone, why
  end
  return make_all(self, path)
end

---Restores what differs; each change records whether that worked.
---@param changes mighost.KeptChange[]
---@param evidence string|nil a folder that gets what stood there, below `escaped/`
function Keepsake:put_back(changes, evidence)
  for number, change in ipairs(changes) do
    save(change, evidence, number)
    local done, why
    if change.how == "mode" then
      done, why = run("chmod", ("%o"):format(self.kept[change.path].mode), "--", change.path)
    else
      done, why = replace(self, change.path)
    end
    change.restored, change.problem = done, why
  end
end

local M = {}

---@param roots mighost.KeepsakeRoot[]
---@return mighost.Keepsake
function M.take(roots)
  local self = setmetatable({ roots = {}, kept = {}, bytes = 0, files = 0 }, Keepsake)
  for _, root in ipairs(roots) do
    self:add(root)
  end
  return self
end

return M
