--- Lets a plan that began with one pipeline continue with another, if its history leads somewhere
--- in that: the state is recorded anew, and no agent is asked.

local fs = require "host.fs"

local accept = require "planning.accept"
local commit = require "planning.commit"
local jobs = require "planning.job"
local pipelines = require "planning.pipeline"
local quote = require "lib.quote"
local states = require "planning.state"
local workflow = require "planning.workflow"
local workspace = require "planning.workspace"

local STEP <const> = "adopt-pipeline"
local OUTCOME <const> = "adopted"

local M = { STEP = STEP }

---The name under which a recorded pipeline is found.
---@param pipeline mighost.Pipeline
---@return string
function M.name_of(pipeline)
  return (pipeline.file:gsub("%.lua$", ""))
end

---The state under another pipeline, which may lead it to another stage.
---@param reg mighost.Registry
---@param state mighost.State
---@param about { slug: string, pipeline: string|nil } the one it began with, when none is named
---@return mighost.State|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.state(reg, state, about)
  local pipeline, message, name, fix = reg:pipeline(about.pipeline or M.name_of(state.graph))
  if not pipeline then
    return nil, message, name, fix or not about.pipeline
      and ("mighost migration refine %s --adopt-pipeline --pipeline NAME"):format(
        quote.word(about.slug)) or nil
  end
  local adopted, why = states.adopt(state, pipeline)
  if not adopted then
    return nil, ("%s cannot go on with the pipeline %s: %s"):format(about.slug, pipeline.name, why),
      "EUSAGE", "mighost migration show " .. quote.word(about.slug)
  end
  return adopted
end

local function refuse(slug, why)
  return nil, ("%s cannot adopt a pipeline: %s"):format(slug, why), "EUSAGE",
    "mighost migration show " .. quote.word(slug)
end

---The manifest and state to publish.
local function prepare(reg, live, about)
  local read, state, name, fix = jobs.read(live, about)
  if not read then
    return nil, state, name, fix
  elseif read.status ~= "planning" then
    return refuse(about.slug, ("it is %s; feedback would reopen its planning"):format(read.status))
  end
  local adopted, message, code, help = M.state(reg, state, about)
  if not adopted then
    return nil, message, code, help
  elseif pipelines.same(adopted.graph, state.graph) then
    return refuse(about.slug, ("it follows %s as it is now"):format(adopted.graph.file))
  elseif pipelines.is_terminal(adopted.graph, adopted.next_step) then
    return refuse(about.slug, ("under %s its history ends at %s"):format(adopted.graph.file,
      adopted.next_step))
  end
  local stages, problem, errno, advice = workflow.load_for(reg, live, adopted)
  if not stages then
    return nil, problem, errno, advice
  end
  read.last_touch, adopted.updated_at = jobs.now(), jobs.now()
  return read, adopted
end

---Writes the new state into a copy of what is published.
local function fill(space, reg, snapshot, about, manifest, state)
  local copied, message, name = snapshot:copy(space.path)
  if not copied then
    return nil, message, name
  end
  local dir <close>, why, code = fs.open_dir(space.path)
  if not dir then
    return nil, why, code
  end
  local written, trouble, errno = jobs.write(dir, manifest, state)
  if not written then
    return nil, trouble, errno
  end
  return accept.check_rules(reg, dir, { slug = about.slug, mode = "planning-snapshot",
    staged = false, published = about.published })
end

---What the engine publishes: the migration under the new graph.
local function make(reg, where, snapshot, opts, about)
  local live <close>, message, name = fs.open_dir(where.live)
  if not live then
    return nil, message, name
  end
  local manifest, state, code, fix = prepare(reg, live, about)
  if not manifest then
    return nil, state, code, fix
  end
  local space, why, errno = workspace.create(where.place, opts.slug)
  if not space then
    return nil, why, errno
  end
  local done, trouble, number = fill(space, reg, snapshot, about, manifest, state)
  if not done then
    workspace.remove(space) -- nothing was paid for it
    return nil, trouble, number
  end
  local summary = ("goes on with %s (%s) at %s"):format(state.graph.name, state.graph.file,
    state.next_step)
  local record, problem, kind = accept.record(
    { slug = opts.slug, step = STEP, workspace = space, operation = STEP }, snapshot,
    { cursor = state.next_step, stands = "planning" }, { outcome = OUTCOME, summary = summary },
    commit.message(opts.prefix, ("planning/%s/%s"):format(opts.slug, STEP), summary), opts.request)
  return record and { workspace = space, record = record }, problem, kind
end

---The function that the engine calls to make the new state.
---@param pipeline string|nil a name; else the one that the plan began with
---@return mighost.Maker
function M.maker(pipeline)
  return function(_, reg, where, snapshot, opts)
    return make(reg, where, snapshot, opts,
      { slug = opts.slug, published = where.published, pipeline = pipeline })
  end
end

return M
