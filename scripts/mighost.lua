--- The interface for command scripts, mighost's own included: `local mighost = require "mighost"`.
---
--- Everything the world can refuse comes back as `nil, message, NAME, fix`: one line for people, a
--- name to branch on, and where there is one the command to run next.  A wrong argument raises.
---
---   local project = assert(mighost.open { repo_root = "../other" })
---   for _, row in ipairs(mighost.list(project)) do print(row.slug, row.status) end
---   assert(mighost.plan { project = project, target = "Split the parser", with = "replay" })

local opening = require "project.open"

-- Grows by one whenever something documented here changes so that a script may have to change too.
local INTERFACE <const> = 1
local LOADABLE <const> = { stage = true, pipeline = true, rule = true, agent = true }

local M = {}

M.interface = INTERFACE

--- Opens the project around a directory.
---@param opts? {repo_root?: string, on_print?: fun(line: string, path: string)}  default: the
---       current directory; `on_print` gets what the scripts of teams print
---@return mighost.Project? project, string? message, string? name, string? fix
function M.open(opts)
  local project, message, name, fix = opening.open(opts and opts.repo_root)
  if project then
    project.on_print = opts and opts.on_print
  end
  return project, message, name, fix
end

--- The project that a request names, else the one around its `repo_root`.
local function project_of(request)
  if request.project then
    return request.project
  end
  return M.open(request)
end

--- Calls `act(project, request)` in that project.
local function in_project(request, act)
  local project, message, name, fix = project_of(request)
  if not project then
    return nil, message, name, fix
  end
  return act(project, request)
end

--- Raises over fields that a request cannot have.
local function check_wish(what, request)
  require("planning.wishes").check(what, request)
end

--- Calls `act(project, slug, …)` with the slug of the migration that `word` means, which may be a
--- path.
local function on_migration(project, word, act, ...)
  local slug, message, name, fix = require("migration.resolve").target(project, word)
  if not slug then
    return nil, message, name, fix
  end
  return act(project, slug, ...)
end

--- The same for what changes it: one that a dead process left absent is brought back before.
local function on_recovered(project, word, on_event, act, ...)
  local ok, message, name, fix =
    require("planning.between").settle(project, on_event or function() end, word)
  if not ok then
    return nil, message, name, fix
  end
  return on_migration(project, word, act, ...)
end

--- Why scripts or settings of this project are not used: one line each, for people.
---@param project mighost.Project
---@return string[]
function M.untrusted(project)
  local why = project.team and require("project.trust").explain(project)
  return { why and why .. "; continuing without them (mighost trust --show)" or nil }
end

--- Which file serves a name, and which others that hides.
---@param project? mighost.Project
---@param kind "stage"|"pipeline"|"rule"|"agent"|"script"|"lib"
---@param name string
---@return mighost.Which? which, string? message, string? name, string? fix
function M.which(project, kind, name)
  return require("project.which").look(project, kind, name)
end

--- The migrations, in byte order of their slugs.
---@param project mighost.Project
---@param opts? {status?: string, awaiting_review?: boolean}   only these
---@return mighost.Row[]? rows, string? message, string? name, string? fix
function M.list(project, opts)
  local status, waiting = opts and opts.status, opts and opts.awaiting_review
  return require("planning.rows").list(project, function(row)
    return (not status or row.status == status) and (not waiting or row.awaiting_review)
  end)
end

--- What is wrong with one migration, or with all of them and with what dead processes left.
---@param project mighost.Project
---@param word? string   a slug, or the path of a migration; without it everything
---@return mighost.Finding[]? findings, string? message, string? name, string? fix
function M.doctor(project, word)
  local doctor = require "planning.doctor"
  if not word then
    return doctor.check_all(project)
  end
  return on_migration(project, word, doctor.check)
end

---@class mighost.RepairRequest
---@field slug? string                              only this migration, or its path
---@field dry_run? boolean                          only say what would be done
---@field on_done? fun(done: mighost.Repaired)      called for each thing as it happens

--- Finishes or undoes what dead processes left, and what the older tool left; the result is what
--- could not be settled.
---@param project mighost.Project
---@param request? mighost.RepairRequest
---@return mighost.Repaired[]? left, string? message, string? name, string? fix
function M.repair(project, request)
  check_wish("repair", request or {})
  local slug, message, name, fix = request and request.slug, nil, nil, nil
  if slug then -- which may be what is missing from the live directory
    slug, message, name, fix = require("migration.resolve").target(project, slug, true)
  end
  if message then
    return nil, message, name, fix
  end
  return require("planning.repair").run(project, {
    slug = slug, dry_run = request and request.dry_run,
    on_done = request and request.on_done or function() end,
  })
end

--- The trees that are kept for a person, newest first.
---@param project mighost.Project
---@return mighost.Aside[]? kept, string? message, string? name
function M.list_kept(project)
  local aside = require "planning.aside"
  local place, message, name = aside.place(project)
  if not place then
    return place == false and {} or nil, message, name
  end
  return aside.list(place)
end

--- Removes one of those for good.
---@param project mighost.Project
---@param token string   or `<slug>@<token>`
---@param dry_run? boolean   only say which that is
---@return mighost.Aside? removed, string? message, string? name, string? fix
function M.remove_kept(project, token, dry_run)
  local aside = require "planning.aside"
  local place, message, name = aside.place(project)
  if place == nil then
    return nil, message, name
  end
  local found, why, code, fix = aside.find(place or "", token)
  if not found or dry_run then
    return found, why, code, fix
  end
  local removed, problem, errno = aside.remove(found)
  return removed and found, problem, errno
end

---@class mighost.UndoRequest
---@field slug string                        a migration, or its path
---@field to? string                         a step, or a commit; default: what was before the last
---@field dry_run? boolean                   only say what would be done
---@field on_event? fun(event: table)

--- Publishes an earlier accepted snapshot of a migration as a new one.
---@param project mighost.Project
---@param request mighost.UndoRequest
---@return mighost.Undone? undone, string? message, string? name, string? fix
function M.undo(project, request)
  check_wish("undo", request)
  local function undo(_, slug)
    return require("planning.undo").undo(project, { slug = slug, to = request.to,
      dry_run = request.dry_run, on_event = request.on_event or function() end })
  end
  if request.dry_run then
    return on_migration(project, request.slug, undo)
  end
  return on_recovered(project, request.slug, request.on_event, undo)
end

--- One migration: where it stands, how it got there, what comes next.
---@param project mighost.Project
---@param word string   a slug, or the path of a migration
---@return mighost.Overview? overview, string? message, string? name, string? fix
function M.show(project, word)
  return on_migration(project, word, require("planning.overview").read)
end

--- The answer that was accepted in a step of planning.
---@param project mighost.Project
---@param word string   a slug, or the path of a migration
---@param step string   a stage; `<stage>-<n>` for its n-th acceptance; a number of the history
---@return mighost.AcceptedOutput? output, string? message, string? name, string? fix
function M.output(project, word, step)
  return on_migration(project, word, require("planning.accepted").output, step)
end

--- What changed in a plan from one accepted step to another.
---@param project mighost.Project
---@param word string   a slug, or the path of a migration
---@param from string   a step, as for `output`
---@param to string
---@return mighost.PlanDiff? diff, string? message, string? name, string? fix
function M.diff(project, word, from, to)
  return on_migration(project, word, require("planning.accepted").diff, from, to)
end

--- Plans one migration: a step, several, or to the end; each accepted one becomes one commit.
---@param opts mighost.PlanOptions
---@return mighost.PlanResult? result, string? message, string? name, string? fix
function M.plan(opts)
  check_wish("plan", opts)
  return in_project(opts, require("planning.run").plan)
end

--- Runs the loop, or one action of it: planning steps, phases, source targets.
---@param project mighost.Project
---@param opts mighost.RunOptions
---@return mighost.RunResult? result, string? message, string? name, string? fix
function M.loop(project, opts)
  return require("loop.run").run(project, opts)
end

--- The runs whose evidence is kept: to list, to show one, to remove old ones.
---@return mighost.Recent recent   `list(project)`, `show(project, id)`, `prune(project, kept)`
function M.runs()
  return require "loop.recent"
end

--- Records a person's feedback on a plan and takes the one step that answers it.
---@param opts mighost.RefineOptions
---@return mighost.PlanResult? result, string? message, string? name, string? fix
function M.refine(opts)
  check_wish("refine", opts)
  return in_project(opts, function(project)
    return on_recovered(project, opts.slug, opts.on_event, require("planning.refine").refine, opts)
  end)
end

--- Lets a person decide on a plan that waits for one, with an agent at the terminal.
---@param opts mighost.ReviewOptions
---@return mighost.PlanResult? result, string? message, string? name, string? fix
function M.review(opts)
  check_wish("review", opts)
  return in_project(opts, function(project)
    return on_recovered(project, opts.slug, opts.on_event, require("planning.review").review, opts)
  end)
end

--- Checks a project's configuration and brings it up to the current version.
---@param request? {repo_root?: string, dry_run?: boolean}
---@return mighost.ConfigUpgrade? done, string? message, string? name, string? fix
function M.upgrade(request)
  request = request or {}
  local place, message, name, fix = require("project.root").find(request.repo_root)
  if not place then
    return nil, message, name, fix
  end
  return require("project.config").upgrade(place.root, request.dry_run)
end

--- Finds the taste in use; with a mode, an agent at the terminal writes it with a person.
---@param request mighost.TasteRequest   with `project` or `repo_root`; `global` needs neither
---@return mighost.TasteResult? result, string? message, string? name, string? fix
function M.taste(request)
  local project, message, name, fix = project_of(request)
  if not project and not request.global then
    return nil, message, name, fix
  end
  return require("planning.interview").open(project, request)
end

--- Publishes a script's own change to a migration: checked by the rules, one exchange, one commit.
---
---   assert(mighost.publish { slug = "split-the-parser", subject = "note the owner",
---     change = function(dir) return dir:write("OWNER", "the compiler team\n") end })
---@param request mighost.PublishRequest
---@return mighost.Published? published, string? message, string? name, string? fix
function M.publish(request)
  check_wish("publish", request)
  return in_project(request, require("planning.edit").publish)
end

--- Runs a program in the project's root under the rules that hold for agents: an environment that
--- is built, logs without secrets, limits, and no descendant that outlives it.
---@param request mighost.RunRequest
---@return mighost.RunReport? report, string? message, string? name, string? fix
function M.run(request)
  check_wish("run", request)
  return in_project(request, require("planning.child").run)
end

--- The stage, pipeline, rule or agent that a name stands for in this project, ready for use: its
--- functions may be called.
---@param project mighost.Project
---@param kind "stage"|"pipeline"|"rule"|"agent"
---@param name string
---@return table? loaded, string? message, string? name, string? fix
function M.load(project, kind, name)
  assert(LOADABLE[kind], "kind is stage, pipeline, rule or agent")
  local reg = require("planning.registry").new(project)
  return reg[kind](reg, name)
end

--- The project's git repository, for reading; close it when done.
---@param project mighost.Project
---@return host.repo.Repo? repo, string? message, string? name, string? fix
function M.repository(project)
  return require("planning.change").repository(project)
end

--- Checks everything that can be customised, without an agent.
---@param project mighost.Project
---@return mighost.Inspection? inspection, string? message, string? name, string? fix
function M.check(project)
  return require("planning.inspect").run(project)
end

--- Replays a recording's stages offline, with damaged answers besides where `variants` are asked
--- for.  A message beside the results says that the recording ends before the pipeline does.
---@param opts { project?: mighost.Project, repo_root?: string, recording?: string,
---        pipeline?: string, variants?: integer, on_stage?: fun(rehearsed: mighost.Rehearsed) }
---@return mighost.Rehearsed[]? results, string? message, string? name, string? fix
function M.test(opts)
  check_wish("test", opts)
  return in_project(opts, function(project)
    local settings, message, name, fix = require("planning.settings").resolve(project,
      require("planning.registry").new(project),
      { with = "replay", recording = opts.recording, pipeline = opts.pipeline })
    if not settings then
      return nil, message, name, fix
    end
    return require("planning.rehearsal").run(project, {
      recording = settings.recording, taste = settings.taste, variants = opts.variants,
      pipeline = opts.pipeline or project.config.pipeline,
      on_stage = opts.on_stage or function() end,
    })
  end)
end

--- Versions, and what the system offers.
---@param folder? string   a folder to try the file system in
---@return mighost.System
function M.version(folder)
  local system = require("planning.system").describe(folder)
  system.interface = INTERFACE
  return system
end

---@class mighost.InitRequest: mighost.InitOptions
---@field commit? boolean                commit what was written
---@field example? "stage"|"rule"|"agent"|"pipeline"  also write that starting point
---@field dry_run? boolean               only say what would be done
---@field notify? fun(done: string)      called after each thing done

---@class mighost.InitResult
---@field root string
---@field commands string[]   the git commands that share the configuration; empty when that is done
---@field commit? string      the commit that was made
---@field example? mighost.Example
---@field would? string[]     with dry_run: what would be done

--- Sets a project up, or changes where it keeps things.
---@param request mighost.InitRequest
---@return mighost.InitResult? result, string? message, string? name, string? fix
function M.init(request)
  return require("planning.founding").init(request)
end

return M
