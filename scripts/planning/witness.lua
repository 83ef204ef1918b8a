--- What a call of an agent changed outside of its own places: taken before it, compared after it
--- and before any git is run.  Hooks, configuration and the agent's own settings are put back.
---
--- Compared are the files of the work tree, tracked, untracked and ignored ones (of a phase's call
--- only the live directory), the git directory, mighost's state and the settings.  What differs
--- counts as the agent's doing unless the sandbox prevents it: see planning.witness_policy.

local fs = require "host.fs"
local sys = require "host.sys"
local tree = require "host.tree"

local folder = require "project.folder"
local git = require "planning.witness_git"
local keepsakes = require "planning.keepsake"
local keys = require "planning.witness_keys"
local policy = require "planning.witness_policy"
local roots = require "planning.witness_roots"
local say = require "planning.witness_say"
local secrets = require "planning.secrets"
local states = require "planning.witness_state"
local workspace = require "planning.workspace"

local MOST_ENTRIES <const> = 1000000 -- of a work tree: some 2 s and 150 MiB

---@class mighost.WitnessOptions
---@field project mighost.Project
---@field kind "planning"|"work" work: the agent may change the work tree, the index, its branch
---@field allow string[]|nil absolute folders and files that the agent may change
---@field agent_state (string|mighost.SettingsKeys)[]|nil the agent's settings: absolute paths of
---       files and folders, and keys of files that it writes itself
---@field evidence string|nil a folder that gets what stood in the place of what is put back
---@field on_warning fun(text: string)|nil
---@field hidden table<string, string>|nil secrets that no message and no evidence may hold
---@field who string|nil whose doing it is, in messages; default: the agent

---@class mighost.Difference
---@field label string
---@field path string
---@field how string
---@field restored boolean|nil false: it could not be put back

---@class mighost.Witness
local Witness <const> = {}
Witness.__index = Witness

---Absolute paths without links, as far as they exist.
local function real_paths(paths)
  local found = {}
  for index, path in ipairs(paths or {}) do
    found[index] = sys.realpath(path) or path
  end
  return found
end

---The files that the agent must not touch and that are compared only by lstat.
local function look_at_files(self, settle)
  local root = self.kind == "work" and self.project.live_path or self.project.worktree
  local skip = policy.exceptions(root, self.allowed)
  skip[#skip + 1] = self.has_git_folder and ".git" or nil
  return tree.marks(root, { skip = skip, settle = settle, max = MOST_ENTRIES })
end

local function take_files(self)
  local marks, message, name = look_at_files(self, true)
  if not marks and name == "EFBIG" then
    self.warn(("%s; its files are not compared after the call"):format(message))
    return true
  end
  self.files = marks
  return marks and true, message, name
end

---The label of a file, and its path in the work tree.
local function name_file(self, path)
  local live = self.project.git_live
  if self.kind == "work" then
    path = path == "" and live or live .. "/" .. path
  end
  if not policy.is_beneath(path, live) then
    return "files", path == "" and "." or path
  end
  local slug = path:sub(#live + 2):match("^([^/]+)")
  return slug and not slug:find("^[._]") and "migration " .. slug or "the live directory", path
end

local function compare_files(self, level, found, kept)
  if not self.files then
    return true
  end
  local now, message, name = look_at_files(self)
  if not now then
    return nil, message, name
  end
  for _, entry in ipairs(tree.touched(self.files, now)) do
    local label, path = name_file(self, entry.path)
    local counts = policy.counts(entry, level)
    if entry.other and label ~= "files" and level ~= "none" then
      counts = false -- another command may have made hard links of these, and removed them
    end
    if counts and not kept[self.project.worktree .. "/" .. path] then
      found[#found + 1] = { label = label, path = path, how = policy.describe(entry) }
    end
  end
  return true
end

---Puts back hooks, configuration and settings; what was put back, by path.
local function restore(self, level, found)
  local changes, mine = self.kept:changes(), {}
  for _, change in ipairs(changes) do
    local here = change.own and "none" or policy.level_in(level, change.path, self.allowed)
    if here == "none" or change.how == "mode" or here == "partial" and change.shrunk then
      mine[#mine + 1] = change
    end
  end
  self.kept:put_back(mine, self.evidence)
  local kept = {}
  for _, change in ipairs(mine) do
    kept[change.path] = true
    found[#found + 1] = { label = change.label, path = change.path,
      how = change.how == "mode" and "permissions changed" or change.how,
      restored = change.restored or false }
  end
  for _, difference in ipairs(self.keys:restore()) do
    found[#found + 1] = difference
  end
  return kept
end

local function append(found, more)
  table.move(more, 1, #more, #found + 1, found)
end

---Everything that differs and counts.
local function collect(self, level)
  local found, project = {}, self.project
  local kept = restore(self, level, found)
  local function level_of(place)
    return policy.level_in(level, place, self.allowed)
  end
  local seen, message, name = self.git:compare(level_of(project.common), self.kind)
  if seen then
    append(found, seen)
    seen, message, name = compare_files(self, level_of(project.live_path), found, kept)
  end
  if seen and self.state then
    seen, message, name = self.state:compare(level_of(self.state.place))
    append(found, seen or {})
  end
  return seen and found, message, name
end

---Compares.  Call it before anything runs git; a second call finds what the first one left.
---@param sandbox string|nil what was in force, as the report of the call tells it
---@return true|nil
---@return string? message
---@return string? NAME EESCAPED
---@return string? fix
function Witness:compare(sandbox)
  local found, message, name = collect(self, policy.level(sandbox))
  if not found then
    return nil, "cannot tell what the agent did outside of its work dir: " .. message, name
  elseif #found == 0 then
    return true
  end
  if self.evidence then
    local dir <close> = folder.open_if_there(self.evidence)
    if dir then
      dir:write("escaped.txt", secrets.redact(say.list(found, self.project), self.hidden),
        { durable = false, mode = 384 })
    end
  end
  return nil, secrets.redact(say.line(found, self.project, self.kind, self.who), self.hidden),
    "EESCAPED", "git status"
end

---The folder of the project in the state directory, once it has one.
local function place_of(project)
  local dir <close> = fs.open_dir(project.common)
  local id = dir and dir:read("mighost/id")
  return id and workspace.place(project.state_home, (id:gsub("%s+$", ""))) or nil
end

---The keepsakes: files that are put back.
local function take_kept(self, settings)
  local listed, files = roots.list(self.project, self.kind), {}
  for _, entry in ipairs(settings) do
    if type(entry) == "table" then
      files[#files + 1] = entry
    else
      listed[#listed + 1] = { path = entry, label = "the agent's settings", own = true }
    end
  end
  self.kept, self.keys = keepsakes.take(listed), keys.take(files)
end

---The git directory, the state and the files.
local function take_looks(self)
  local message, name
  self.git, message, name = git.take(self.project, self.allowed)
  if not self.git then
    return nil, message, name
  end
  local place = place_of(self.project)
  if place then
    self.state, message, name = states.take(self.project, place, self.allowed)
    if not self.state then
      return nil, message, name
    end
  end
  return take_files(self)
end

local M = {}

---@param opts mighost.WitnessOptions
---@return mighost.Witness|nil
---@return string? message
---@return string? NAME
function M.take(opts)
  local self = setmetatable({
    project = opts.project, kind = opts.kind, allowed = real_paths(opts.allow),
    evidence = opts.evidence, who = opts.who,
    hidden = opts.hidden or {}, warn = opts.on_warning or function() end,
  }, Witness)
  if opts.kind == "work" then
    table.insert(self.allowed, opts.project.worktree)
  end
  local dir <close> = fs.open_dir(opts.project.worktree)
  local dot_git = dir and dir:stat ".git"
  self.has_git_folder = dot_git and dot_git.kind == "directory"
  take_kept(self, opts.agent_state or {})
  local ok, message, name = take_looks(self)
  if not ok then
    return nil, "cannot note what is there before the agent starts: " .. message, name
  end
  return self
end

return M
