--- A step that a person asked for on one migration, a refinement or a review: first what an earlier
--- process left of that migration is published, then the step is taken.

local repo = require "host.repo"

local attributes = require "planning.attributes"
local quote = require "lib.quote"

---The commit that last changed a migration; nil where git cannot say.
local function last_commit(project, slug)
  local opened <const> = repo.open(project.worktree)
  local commits = opened and opened:history(("%s/%s"):format(project.git_live, slug), 1)
  if opened then
    opened:close()
  end
  return commits and commits[1] and commits[1].oid
end

---The fix for a failure that goes away when the command is repeated.
local function explain(opts, message, name, fix)
  local again = quote.words(opts.command)
  if name == "ESTALE" then
    return ("%s; mighost migration doctor %s says what is there now"):format(message,
      quote.word(opts.slug)), name, again
  end
  return message, name, fix or name == "EBUSY" and again or nil
end

local M = {}

---The words of a command on one migration.
---@param name string e.g. "refine"
---@param project mighost.Project
---@param slug string
---@param options string[]
---@return string[]
function M.command(name, project, slug, options)
  -- A slug that looks like an option is named by its path.
  local word = slug:sub(1, 1) == "-" and ("%s/%s"):format(project.live, slug) or slug
  local words = { "mighost", "migration", name, word }
  return table.move(options, 1, #options, #words + 1, words)
end

---Takes the step; `opts.request` distinguishes an answer to it from other kept answers.
---@param session mighost.Session open, with evidence
---@param opts mighost.StepOptions
---@return mighost.PlanResult|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.take(session, opts)
  local result = { slug = opts.slug, steps = {}, artifacts = session.run.path }
  local ok, why, code, advice = attributes.check(session.project, opts.slug, session.repo)
  if not ok then
    return nil, why, code, advice
  end
  repeat
    local step, message, name, fix =
      require("planning.engine").step(session.project, session.reg, opts)
    if not step then
      return nil, explain(opts, message, name, fix)
    end
    if not step.commit then -- published before, so nobody was told yet
      step.commit = last_commit(session.project, opts.slug) or ""
      session.on_step(step)
    end
    result.steps[#result.steps + 1], result.stands = step, step.stands
  until step.request == opts.request
  return result
end

return M
