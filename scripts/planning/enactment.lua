--- A work dir in which a recorded agent's changes are made again.

local fs = require "host.fs"
local proc = require "host.proc"
local tree = require "host.tree"

local folder = require "project.folder"
local jobs = require "planning.job"
local states = require "planning.state"
local survey = require "planning.survey"

local SLUG <const> = "rehearsal"
local LINKED <const> = 'ln -s -- "$2" "$1"'

---Reads what was recorded of the files, in whatever folders.
local function read_files(dir, rel, found)
  for _, entry in ipairs(dir:list(rel) or {}) do
    local path = rel and rel .. "/" .. entry.name or entry.name
    if entry.kind == "directory" then
      read_files(dir, path, found)
    else
      found[path] = dir:read(path)
    end
  end
  return found
end

---Makes the folder above a path; a file that is there gives way.
local function make_above(dir, path)
  local above = path:match("^(.*)/[^/]*$")
  local info = above and dir:stat(above)
  if not above or info and info.kind == "directory" then
    return true
  elseif info then
    dir:remove(above)
  end
  return dir:mkdir(above)
end

local function link(dir, path, target)
  local removed, message, name = dir:remove(path)
  if not removed then
    return nil, message, name
  end
  return proc.run { argv = { "sh", "-c", LINKED, "sh", path, target }, cwd = dir:path() }
end

local function copy_live(rehearsal, live)
  rehearsal.count = rehearsal.count + 1
  local above = ("%s/%d"):format(rehearsal.place, rehearsal.count)
  local home <close>, message, name = folder.open(above)
  if not home then
    return nil, message, name
  end
  local path = above .. "/" .. SLUG
  local copied, why, code = tree.copy(live, path)
  return copied and { path = path, folder = above }, why, code
end

local M = { SLUG = SLUG }

---A recorded answer with the files that belong to it.
---@param recorded mighost.Recorded
---@return mighost.Damaged
function M.read(recorded)
  local files = {}
  if recorded.files then
    local dir <close> = fs.open_dir(recorded.files)
    files = dir and read_files(dir, nil, files) or files
  end
  return { name = "recorded", answer = recorded.answer, prompt = recorded.prompt, files = files,
    removed = recorded.removed, links = {} }
end

---Makes the recorded changes in the work dir.
---@param dir host.fs.Dir
---@param said mighost.Damaged
---@return true|nil
---@return string? message
---@return string? NAME
function M.act(dir, said)
  local done, message, name = true, nil, nil
  local function go_on(make, path, what)
    if done then
      done, message, name = make_above(dir, path)
    end
    if done then
      done, message, name = make(dir, path, what)
    end
  end
  for _, path in ipairs(said.removed) do
    go_on(dir.remove, path)
  end
  for path, text in pairs(said.files) do
    go_on(function()
      return dir:write(path, text, { durable = false })
    end, path)
  end
  for path, target in pairs(said.links) do
    go_on(link, path, target)
  end
  return done and true, message, name
end

---A work dir like the published migration, and the job of the stage that is due in it.
---@param rehearsal mighost.Rehearsal
---@param live string absolute path of what stands for the published migration
---@return mighost.Job|nil
---@return string? message
---@return string? NAME
function M.open(rehearsal, live)
  local space, message, name = copy_live(rehearsal, live)
  local dir
  if space then
    dir, message, name = fs.open_dir(space.path)
  end
  if not dir then
    return nil, message, name
  end
  local published = rehearsal.project.live .. "/" .. SLUG
  local manifest, state, code = jobs.read(dir, { slug = SLUG, published = published })
  local before, why = survey.take(space.path)
  if not manifest or not before then
    dir:close()
    return nil, manifest and why or state, code
  end
  return {
    slug = SLUG, step = state.next_step, visit = states.visits(state, state.next_step) + 1,
    stage = rehearsal.stages[state.next_step], manifest = manifest, state = state, dir = dir,
    workspace = space, live = live, published = published, before = before,
  }
end

return M
