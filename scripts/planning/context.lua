--- What a stage sees of the migration and of the call: read-only values, and bounded reading.

local frozen = require "lib.frozen"
local paths = require "lib.paths"

local READ_LIMIT <const> = 1 << 20

---@class mighost.ContextSource
---@field slug string
---@field step string
---@field visit integer
---@field work_dir string
---@field live_dir string
---@field repo_root string
---@field published string path of the migration relative to the repository root
---@field taste string|nil
---@field effort { label: string }
---@field state table
---@field manifest table
---@field dir host.fs.Dir the workspace
---@field files string[] the workspace's files, relative, sorted

local function reader(dir)
  return function(path)
    if type(path) ~= "string" or not paths.is_inside(path) then
      return nil, ("%s is not a path inside the migration"):format(tostring(path))
    end
    local text, message = dir:read(path, { max = READ_LIMIT })
    if not text then
      return nil, message
    end
    return text
  end
end

local function approaches_of(files, read)
  local found = {}
  for _, path in ipairs(files) do
    local name = path:match("^approaches/([^/]+)%.md$")
    if name then
      found[#found + 1] = { name = name, text = read(path) or "" }
    end
  end
  return found
end

local function phases_of(manifest, read)
  local found = {}
  for index, phase in ipairs(manifest.phases) do
    found[index] = {
      name = phase.name,
      file = phase.file,
      precondition = phase.precondition,
      done = phase.done,
      required_effort = phase.required_effort,
      effort_reason = phase.effort_reason,
      text = read(phase.file),
    }
  end
  return found
end

local function answers_of(source, read)
  local found = {}
  for _, step in ipairs(source.state.completed_steps) do
    local path = paths.beneath(step.stdout, source.published)
    found[step.name] = {
      text = path and read(path) or nil, reference = step.stdout, outcome = step.outcome,
    }
  end
  return found
end

---The review's words that the plan has to answer; nil without any, and once planning was reopened.
local function findings_of(source, read)
  local reference = source.state.review_findings
  local path = reference and paths.beneath(reference, source.published)
  return path and read(path) or nil
end

local M = {}

---Builds the context of one call.
---@param source mighost.ContextSource
---@return mighost.Context
function M.build(source)
  local read = reader(source.dir)
  return frozen.of({
    slug = source.slug,
    target = source.state.target,
    step = source.step,
    visit = source.visit,
    taste = source.taste,
    effort = source.effort,
    repo_root = source.repo_root,
    work_dir = source.work_dir,
    live_dir = source.live_dir,
    plan = read("plan.md"),
    approaches = approaches_of(source.files, read),
    phases = phases_of(source.manifest, read),
    answers = answers_of(source, read),
    feedback = source.state.feedback,
    extra = { review_findings = findings_of(source, read) },
    read = read,
    files = function()
      return table.move(source.files, 1, #source.files, 1, {})
    end,
  }, "ctx")
end

return M
