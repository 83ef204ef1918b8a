--- The git directory before and after a call: HEAD, refs, index, stash and whatever else lies
--- there.  git may write the same thing anew at any time, so refs and indexes are compared by what
--- they say.  No git is run: what an agent left there must not be able to run code.

local fs = require "host.fs"
local tree = require "host.tree"

local index_entries = require "planning.index_entries"
local policy = require "planning.witness_policy"

local STASH <const> = "logs/refs/stash"
local NO_LIMIT <const> = { max = 1 << 30 }

-- What read-only commands leave behind, and what only describes things that are compared anyway.
local IGNORED <const> = {
  "^FETCH_HEAD$", "^ORIG_HEAD$", "^COMMIT_EDITMSG$", "^gc%.log$", "^gc%.pid$", "^logs$", "^logs/",
  "^fsmonitor", "^info/refs$", "^objects/info/packs$", "^objects/info/commit%-graph",
}
-- Compared by what they say, or kept and put back: here only their permissions and owners count.
local ELSEWHERE <const> = {
  { "^HEAD$", "HEAD" }, { "^index$", "the index" }, { "^sharedindex%.", "the index" },
  { "^packed%-refs$", "refs" }, { "^refs$", "refs" }, { "^refs/", "refs" },
  { "^hooks$", "hooks" }, { "^hooks/", "hooks" }, { "^config$", "config" },
  { "^config%.worktree$", "config" },
}
local NAMED <const> = {
  { "^info", "info" }, { "^modules", "submodules" }, { "^mighost", "mighost's own records" },
  { "^objects", "objects" }, { "^worktrees", "worktrees" },
}
-- An operation under way, which a working agent must not leave behind either.
local OPERATIONS <const> = {
  "^MERGE_HEAD$", "^CHERRY_PICK_HEAD$", "^REVERT_HEAD$", "^rebase%-", "^sequencer", "^BISECT",
}

---@class mighost.GitTexts
---@field refs table<string, string> name to value
---@field files table<string, string> path in the git directory to content

---@class mighost.GitWitness
---@field common string
---@field own string this work tree's git directory relative to it, "" or "worktrees/<name>/"
---@field branch string|nil the full name of the current branch
---@field marks host.tree.Marks
---@field texts mighost.GitTexts

local function matches(path, patterns)
  for _, pattern in ipairs(patterns) do
    if path:find(type(pattern) == "table" and pattern[1] or pattern) then
      return type(pattern) == "table" and pattern[2] or true
    end
  end
  return false
end

local function read_loose(dir, path, refs)
  for _, entry in ipairs(dir:list(path) or {}) do
    local name = path .. "/" .. entry.name
    if entry.kind == "directory" then
      read_loose(dir, name, refs)
    else
      local value = dir:read(name)
      refs[name] = value and value:match("^(.-)%s*$") or nil
    end
  end
end

local function read_refs(dir)
  local refs = {}
  local packed = dir:read("packed-refs", NO_LIMIT) or ""
  for value, name in packed:gmatch("%f[^\n\0](%x+) ([^\n]+)") do
    refs[name] = value
  end
  read_loose(dir, "refs", refs)
  return refs
end

---What HEAD, indexes and the stash are now.
local function read_texts(common)
  local dir <close>, message, name = fs.open_dir(common)
  if not dir then
    return nil, message, name
  end
  local texts = { refs = read_refs(dir), files = {} }
  local function read(path)
    texts.files[path] = dir:read(path, NO_LIMIT)
  end
  read "HEAD"
  read "index"
  read(STASH)
  for _, entry in ipairs(dir:list("worktrees") or {}) do
    read(("worktrees/%s/HEAD"):format(entry.name))
    read(("worktrees/%s/index"):format(entry.name))
  end
  return texts
end

---@param label string
---@param path string in the git directory
local function item(label, path, how)
  return { label = label, path = ".git/" .. path, how = how }
end

local function sorted_keys(...)
  local keys, seen = {}, {}
  for _, map in ipairs { ... } do
    for key in pairs(map) do
      if not seen[key] then
        seen[key] = true
        keys[#keys + 1] = key
      end
    end
  end
  table.sort(keys)
  return keys
end

local function how_of(old, new)
  return not old and "added" or not new and "removed" or "changed"
end

---Whether a file's content is another work tree's: somebody may work there meanwhile.
local function is_foreign(self, path)
  local worktree = path:match("^worktrees/([^/]+)/")
  if worktree then
    return self.own ~= ("worktrees/%s/"):format(worktree)
  end
  return self.own ~= "" and (path == "HEAD" or path == "index")
end

---The branches that other work trees have checked out, before or now.
local function foreign_branches(self, old, new)
  local branches = {}
  for _, files in ipairs { old, new } do
    for path, content in pairs(files) do
      local branch = path:find("HEAD$") and is_foreign(self, path) and content:match("^ref: (%S+)")
      branches[branch or ""] = true
    end
  end
  return branches
end

local function compare_refs(self, now, kind, found)
  local old, new = self.texts.refs, now.refs
  local foreign = kind == "work" and foreign_branches(self, self.texts.files, now.files) or {}
  for _, name in ipairs(sorted_keys(old, new)) do
    local is_own = kind == "work" and name == self.branch
    if old[name] ~= new[name] and not is_own and not foreign[name] then
      local label = name == "refs/stash" and "the stash" or "refs"
      found[#found + 1] = item(label, name, how_of(old[name], new[name]))
    end
  end
end

local function compare_index(path, label, old, new, found)
  local paths = old and new and index_entries.compare(old, new)
  if not paths then
    found[#found + 1] = item(label, path, how_of(old, new))
  end
  for _, staged in ipairs(paths or {}) do
    found[#found + 1] = { label = label, path = staged, how = "staged" }
  end
end

local function compare_file(self, path, old, new, kind, found)
  local worktree, name = path:match("^worktrees/([^/]+)/(.*)$")
  local is_own = path:sub(1, #self.own) == self.own and path:sub(#self.own + 1):find("^[^/]+$")
  local label = worktree and not is_own and "worktree " .. worktree
  if (name or path) ~= "index" then
    found[#found + 1] =
      item(label or path == STASH and "the stash" or "HEAD", path, how_of(old, new))
  elseif not (is_own and kind == "work") then
    compare_index(path, label or "the index", old, new, found)
  end
end

local function compare_files(self, old, new, kind, found)
  for _, path in ipairs(sorted_keys(old, new)) do
    local is_theirs = kind == "work" and is_foreign(self, path)
    if old[path] ~= new[path] and not is_theirs then
      compare_file(self, path, old[path], new[path], kind, found)
    end
  end
end

---Whether a path's content is looked after elsewhere; its label.
local function place_of(path)
  local worktree, rest = path:match("^worktrees/([^/]+)/(.*)$")
  local label = matches(rest or path, ELSEWHERE)
  if worktree then
    return label and true or matches(rest, IGNORED), "worktree " .. worktree
  end
  return label and true or false, label or matches(path, NAMED) or "git's directory"
end

---New objects do no harm, and git gives existing ones a new time when they are written again.
local function is_object_harmed(entry, level, kind)
  return entry.mode or entry.owner or level == "none" and kind ~= "work"
    and (entry.touch == "removed" or entry.size)
end

---Whether an entry is the record of another process, which may be at work in another work tree.
local function is_of_others(self, path)
  local own = self.own == "" and "main" or self.own:match("^worktrees/([^/]+)/")
  local place, action = path:match("^mighost/worktrees/([^/]+)"), ("mighost/action-%s.json")
  if path:find("^mighost") then
    return place ~= own and path ~= action:format(own) and path ~= "mighost/id"
  end
  return path:find("^worktrees") ~= nil and path:sub(1, #self.own) ~= self.own
end

---Whether a change to an entry that nothing else compares is the agent's doing.
local function stands_out(self, entry, level, kind)
  local path = entry.path
  if kind == "work" and is_of_others(self, path) then
    return false
  end
  if matches(path, IGNORED) then
    return false
  elseif path:find("^objects") and path ~= "objects/info/alternates" then
    return is_object_harmed(entry, level, kind)
  elseif entry.other and level ~= "none" then
    return false -- git's locks and mighost's are hard links that come and go
  elseif path:find("^mighost/") and entry.touch == "changed"
    and (path:find("%.lock$") or entry.other) then
    return entry.mode or entry.owner -- what a lock says is for people; git's are links to one file
  elseif kind == "work" and not matches(path, NAMED) then
    return matches(path, OPERATIONS)
  end
  return policy.counts(entry, level)
end

local function compare_entries(self, level, kind, found)
  local now, message, name = tree.marks(self.common, { skip = self.skip })
  if not now then
    return nil, message, name
  end
  for _, entry in ipairs(tree.touched(self.marks, now)) do
    local is_elsewhere, label = place_of(entry.path)
    local counts
    if is_elsewhere then
      counts = entry.touch == "changed" and label ~= "hooks" and label ~= "config"
        and (entry.mode or entry.owner or level == "partial" and entry.shrunk)
    else
      counts = stands_out(self, entry, level, kind)
    end
    if counts then
      found[#found + 1] = item(label, entry.path, policy.describe(entry))
    end
  end
  return true
end

---@class mighost.GitWitness
local Witness <const> = {}
Witness.__index = Witness

---What differs now, for messages.
---@param level mighost.Confinement
---@param kind "planning"|"work"
---@return { label: string, path: string, how: string }[]|nil
---@return string? message
---@return string? NAME
function Witness:compare(level, kind)
  local found = {}
  local done, message, name = compare_entries(self, level, kind, found)
  if not done then
    return nil, message, name
  elseif level == "none" then
    local now, why, code = read_texts(self.common)
    if not now then
      return nil, why, code
    end
    compare_refs(self, now, kind, found)
    compare_files(self, self.texts.files, now.files, kind, found)
  end
  return found
end

local M = {}

---@param project { common: string, gitdir: string }
---@param allowed string[] absolute folders in which the agent may write
---@return mighost.GitWitness|nil
---@return string? message
---@return string? NAME
function M.take(project, allowed)
  local skip = policy.exceptions(project.common, allowed)
  local texts, message, name = read_texts(project.common)
  if not texts then
    return nil, message, name
  end
  local marks, why, code = tree.marks(project.common, { skip = skip, settle = true })
  if not marks then
    return nil, why, code
  end
  local own = project.gitdir:sub(#project.common + 2)
  own = own == "" and "" or own .. "/"
  local head = texts.files[own .. "HEAD"] or ""
  return setmetatable({
    common = project.common, own = own, marks = marks, texts = texts, skip = skip,
    branch = head:match("^ref: (%S+)"),
  }, Witness)
end

return M
