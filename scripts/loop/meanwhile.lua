--- What was committed in a work tree after a run in it was killed.  Publications are accepted and
--- stay: what the run left is settled on top of them.

local git = require "planning.git"

local INDEX <const> = "rebased-index"
local LARGEST <const> = 1 << 30
local TRAILER <const> = "\nPublish%-Id: %x+\n"

---@class mighost.Meanwhile
---@field head string|nil    the newest publication, where there is nothing but such
---@field slugs table<string, boolean> migrations that were published
---@field ours string|nil    the commit of the run itself
---@field is_last boolean|nil ours is the newest
---@field is_mixed boolean|nil publications, and something else that nobody can tell apart

local function ask(root, words, env)
  return git.call(root, words, { finishing = true, keep = LARGEST, env = env })
end

---The commits since, the oldest first.
local function read_commits(root, from)
  local out, message, name = ask(root, { "log", "-z", "--reverse", "--topo-order",
    "--format=%H %P%n%B", from .. "..HEAD" })
  if not out then
    return nil, message, name
  end
  local commits = {}
  for oid, parents, body in out:gmatch("(%x+) ([%x ]*)\n([^%z]*)%z?") do
    commits[#commits + 1] = { oid = oid, parents = parents, body = body .. "\n" }
  end
  return commits
end

---Notes which migration a commit published; nothing where it touched anything besides.
local function add_slug(root, live, commit, slugs)
  local out, message, name = ask(root, { "diff-tree", "-r", "-z", "--no-renames", "--name-only",
    commit.parents, commit.oid })
  if not out then
    return nil, message, name
  end
  for path in out:gmatch("[^%z]+") do
    local slug = path:sub(1, #live + 1) == live .. "/" and path:match("^([^/]+)/", #live + 2)
    if not slug then
      return false
    end
    slugs[slug] = true
  end
  return true
end

---Whether the commits are publications, one upon the other.
local function are_publications(project, from, commits, slugs)
  local parent = from
  for _, commit in ipairs(commits) do
    local fits = commit.parents == parent and commit.body:find(TRAILER) ~= nil
    local message, name
    if fits then
      fits, message, name = add_slug(project.worktree, project.git_live, commit, slugs)
    end
    if not fits then
      return fits, message, name
    end
    parent = commit.oid
  end
  return true
end

local function is_ours(entry, commit)
  local function trim(text)
    return (text:gsub("%s+$", ""))
  end
  return commit.oid == entry.commit or commit.parents == entry.head and entry.message ~= nil
    and trim(commit.body) == trim(entry.message)
end

local M = {}

---@param project mighost.Project
---@param from string the commit before the run's action
---@param entry mighost.Journal
---@return mighost.Meanwhile|nil
---@return string? message
---@return string? NAME
function M.look(project, from, entry)
  local commits, message, name = read_commits(project.worktree, from)
  if not commits then
    return nil, message, name
  end
  local found, has_publication = { slugs = {} }, false
  for index, commit in ipairs(commits) do
    if is_ours(entry, commit) then
      found.ours, found.is_last = commit.oid, index == #commits
    end
    has_publication = has_publication or commit.body:find(TRAILER) ~= nil
  end
  if found.ours or not has_publication then
    return found
  end
  local branch = ask(project.worktree, { "symbolic-ref", "--quiet", "HEAD" })
  local are, why, code = are_publications(project, from, commits, found.slugs)
  if are == nil then
    return nil, why, code
  elseif are and branch == entry.branch .. "\n" then
    found.head = commits[#commits].oid
  else
    found.is_mixed = true
  end
  return found
end

---A change that was made from one commit, as the same change of another.
---@param root string absolute
---@param place string a folder for what is needed on the way
---@param change { from: string, tree: string, to: string }
---@return string|nil tree
---@return string? message
---@return string? NAME
function M.rebase(root, place, change)
  local env = { GIT_INDEX_FILE = ("%s/%s"):format(place, INDEX) }
  local _ <close> = setmetatable({}, { __close = function()
    os.remove(env.GIT_INDEX_FILE)
  end })
  local done, message, name
  for _, words in ipairs { { "read-tree", change.to },
    { "read-tree", "-i", "-m", change.from, change.tree }, { "write-tree" } } do
    done, message, name = ask(root, words, env)
    if not done then
      return nil, message, name
    end
  end
  return done:match("%x+")
end

return M
