--- What planning accepted of one migration: the outputs of its steps, what changed between two.
---
--- A step is named by its stage, which means the latest acceptance of it; by `<stage>-<n>`, its
--- n-th acceptance; or by its number in the history.

local fs = require "host.fs"
local repos = require "host.repo"

local git = require "planning.git"
local json = require "lib.json"
local paths = require "lib.paths"
local quote = require "lib.quote"
local states = require "planning.state"
local tables = require "lib.tables"

local COMMITS <const> = 10000 -- of one migration that are looked through
local OUTPUT_LIMIT <const> = 16 << 20
local DIFF_LIMIT <const> = 64 << 20
local OWN <const> = { "manifest.json", ".planning" } -- they change with every step

---@class mighost.AcceptedOutput: mighost.CompletedStep
---@field slug string
---@field number integer in the history
---@field text string

---@class mighost.PlanDiff
---@field slug string
---@field from mighost.DiffEnd
---@field to mighost.DiffEnd
---@field text string in git's form; "" when the plan is the same

---@class mighost.DiffEnd
---@field name string
---@field number integer in the history
---@field commit string

local function load(project, slug)
  local published = ("%s/%s"):format(project.live, slug)
  local dir <close>, message, name = fs.open_dir(("%s/%s"):format(project.live_path, slug))
  local state
  if dir then
    state, message, name = states.load(dir, published)
  end
  if state then
    return state
  end
  return nil, ("what was accepted of %s cannot be read: %s"):format(slug, message),
    (name == "ENOENT" or name == "EINVAL") and "ECORRUPT" or name,
    "mighost migration doctor " .. quote.word(slug)
end

---The number of the n-th acceptance of a stage; without n, of the last.
local function find_acceptance(steps, stage, n)
  local count, last = 0, nil
  for number, step in ipairs(steps) do
    if step.name == stage then
      count, last = count + 1, number
      if count == n then
        return number
      end
    end
  end
  return not n and last or nil
end

local function names_of(steps)
  local names, seen = {}, {}
  for _, step in ipairs(steps) do
    if not seen[step.name] then
      seen[step.name] = true
      names[#names + 1] = step.name
    end
  end
  return #names > 0 and table.concat(names, ", ") or "none"
end

---The commit that accepted a step: the oldest one in which it is the last of the history.
local function find_commit(repo, commits, path, steps, number)
  local wanted = steps[number]
  for index = #commits, 1, -1 do
    local text = repo:read(("%s/%s"):format(path, states.FILE), commits[index].oid)
    local state = text and json.decode(text)
    local held = type(state) == "table" and state.completed_steps
    local last = type(held) == "table" and #held == number and held[number]
    if type(last) == "table" and last.name == wanted.name
      and last.completed_at == wanted.completed_at then
      return commits[index].oid
    end
  end
end

---What became of the files of the plan itself between two commits.
local function diff_commits(project, path, from, to)
  local words = { "--no-literal-pathspecs", "diff-tree", "-r", "-p", "-M", "--no-ext-diff",
    "--no-textconv", "--no-color", "--relative=" .. path, from, to, "--",
    ":(literal)" .. path }
  for _, own in ipairs(OWN) do
    words[#words + 1] = (":(exclude,literal)%s/%s"):format(path, own)
  end
  local text, message, name = git.call(project.worktree, words, { keep = DIFF_LIMIT })
  if name == "EOUTPUT" then
    return nil, message, name, quote.words { "git", "diff", from, to, "--", path }
  end
  return text, message, name
end

local M = {}

---The number of a step in the history.
---@param state mighost.State
---@param word string
---@return integer|nil
---@return string|nil message
---@return "EUSAGE"|nil NAME
function M.find(state, word)
  local steps = state.completed_steps
  local stage, n = word:match("^(.+)%-(%d+)$")
  local number = find_acceptance(steps, word)
    or stage and find_acceptance(steps, stage, math.tointeger(tonumber(n)))
    or word:find("^%d+$") and math.tointeger(tonumber(word))
  if number and steps[number] then
    return number
  end
  return nil, ("no step '%s' was accepted; there are: %s"):format(word, names_of(steps)), "EUSAGE"
end

---A step of a diff with the commit that accepted it.
local function find_end(repo, commits, path, state, word)
  local number, why, name = M.find(state, word)
  if not number then
    return nil, why, name
  end
  local oid = find_commit(repo, commits, path, state.completed_steps, number)
  if not oid then
    return nil, ("no commit holds %s as it was after '%s'"):format(path, word), "ENOCOMMIT",
      ("git log -- %s"):format(quote.word(path))
  end
  return { name = word, number = number, commit = oid }
end

---What a step's agent said when it was accepted.
---@param project mighost.Project
---@param slug string
---@param word string names the step
---@return mighost.AcceptedOutput|nil
---@return string|nil message
---@return string|nil NAME
---@return string|nil fix
function M.output(project, slug, word)
  local state, message, name, fix = load(project, slug)
  if not state then
    return nil, message, name, fix
  end
  local number, why, code = M.find(state, word)
  if not number then
    return nil, why, code
  end
  local step = state.completed_steps[number]
  local dir <close>, trouble, errno = fs.open_dir(("%s/%s"):format(project.live_path, slug))
  if not dir then
    return nil, trouble, errno
  end
  local inside = paths.beneath(step.stdout, ("%s/%s"):format(project.live, slug))
  local text, problem, kind = dir:read(inside, { links = "inside", max = OUTPUT_LIMIT })
  if not text then
    return nil, problem, kind
  end
  return tables.copy({ slug = slug, number = number, text = text }, step)
end

---What changed in the plan from one accepted step to another.
---@param project mighost.Project
---@param slug string
---@param from string names a step
---@param to string names a step
---@return mighost.PlanDiff|nil
---@return string|nil message
---@return string|nil NAME
---@return string|nil fix
function M.diff(project, slug, from, to)
  local state, message, name, fix = load(project, slug)
  if not state then
    return nil, message, name, fix
  end
  local repo <close>, closed, shut, advice = repos.open(project.worktree)
  if not repo then
    return nil, closed, shut, advice
  end
  local path = ("%s/%s"):format(project.git_live, slug)
  local commits, why, code = repo:history(path, COMMITS)
  if not commits then
    return nil, why, code
  end
  local ends = {}
  for index, word in ipairs { from, to } do
    local found, trouble, errno, help = find_end(repo, commits, path, state, word)
    if not found then
      return nil, trouble, errno, help
    end
    ends[index] = found
  end
  local text, problem, errno, way =
    diff_commits(project, path, ends[1].commit, ends[2].commit)
  return text and { slug = slug, from = ends[1], to = ends[2], text = text }, problem, errno, way
end

return M
