--- What is done with a source target: its scope is worked out, then it is changed in one go, or a
--- migration is begun for it.

local agent = require "loop.agent"
local attempts = require "loop.attempt"
local candidates = require "planning.candidates"
local classify = require "loop.classify"
local effort = require "loop.effort"
local repository = require "loop.repository"
local scope = require "loop.scope"
local steps = require "loop.step"

local MOST_NAMED <const> = 20 -- files in the target of a plan

---Asks an agent that only reads; an outcome if it gave no answer.
local function ask(ctx, role, target, prompt, attempt)
  local folder, message, name = ctx.run:folder(role)
  if not folder then
    return nil, message, name
  end
  local answer, why, code, kind = agent.ask(ctx, {
    role = role, prompt = prompt, effort = target.effort, model = target.model, folder = folder,
    writes = "nothing", attempt = attempt, target = target.description,
  })
  if answer then
    return answer, folder
  elseif not kind then
    return nil, why, code
  end
  return {
    decision = "abandon", retry = "new-target", role = role, failure_kind = kind, name = code,
    target = target.description, summary = why, why = why, evidence = steps.evidence_in(folder),
  }
end

---Asks for the scope of a seed; an answer that picks none leaves the seed alone.
local function ask_scope(ctx, target, found, attempt)
  local answer, folder, name =
    ask(ctx, "scope-expansion", target, scope.prompt(target, found), attempt)
  if not answer or answer.decision then
    return answer, folder, name
  end
  local picked, reason = scope.parse(answer.text, found)
  if not picked then
    ctx.report { kind = "warning", attempt = attempt,
      text = ("the scope stays at %s: %s"):format(target.files[1], reason) }
    picked = found[1]
  end
  ctx.run:event { event = "scope", attempt = attempt, target = target.description,
    message = ("%s: %s"):format(picked.kind, reason) }
  target.files = picked.files
  return true
end

---The files that belong to a seed become the target's.
local function expand(ctx, target, attempt)
  local together, message, name = repository.together(ctx.repo, ctx.project, target.files[1])
  local read
  if together then
    read, message, name = repository.reader(ctx.project.root)
  end
  if not read then
    return nil, message, name
  end
  local found = scope.candidates {
    seed = target.files[1], tracked = ctx.tracked, together = together, read = read,
  }
  if #found == 1 then
    return true
  end
  return ask_scope(ctx, target, found, attempt)
end

---What a plan is for, in one line: the target, the files that were looked at, what a person said.
local function plan_text(target)
  local parts = {}
  local named = table.concat(target.files, ", ", 1, math.min(#target.files, MOST_NAMED))
  if named ~= "" and named ~= target.description then
    parts[1] = "files: " .. named
      .. (#target.files > MOST_NAMED and (" and %d more"):format(#target.files - MOST_NAMED) or "")
  end
  parts[#parts + 1] = target.scoping and "scope: " .. target.scoping
  local rest = table.concat(parts, "; ")
  return rest == "" and target.description or ("%s (%s)"):format(target.description, rest)
end

---Begins a migration: its first step, as one commit.
local function begin_plan(ctx, target)
  local choice, message, name = candidates.choose(ctx.project, ctx.session.place,
    { target = target.description }, ctx.session.notify)
  if not choice then
    return nil, message, name
  end
  local slug = choice.slugs[1]
  local outcome, why, code =
    steps.take(ctx, slug, { target = plan_text(target), subject = "plan " .. slug })
  if outcome == "busy" then
    return nil, "another process began the same migration: " .. slug, "EBUSY"
  elseif outcome and outcome.decision == "commit" then
    ctx.run:tally("plans")
  end
  if outcome then
    outcome.target = target.description
  end
  return outcome, why, code
end

---One in the words of the run: what it asks for is bounded by what the run may spend.
local function settle_effort(ctx, target)
  local settings = ctx.settings
  local asked = target.effort or settings.default_effort
  target.effort_asked, target.effort = asked, asked
  if effort.exceeds(asked, settings.max_allowed_effort) then
    target.effort = settings.max_allowed_effort
    ctx.report { kind = "warning", text = ("%s asks for effort %s; %s is the most that this run "
      .. "may spend"):format(target.description, asked, target.effort) }
  end
end

local M = { plan_text = plan_text }

---@param ctx mighost.LoopContext
---@param target mighost.Target is changed: its scope and its effort become what is used
---@param attempt integer
---@return mighost.Outcome|nil
---@return string? message
---@return string? NAME
function M.take(ctx, target, attempt)
  settle_effort(ctx, target)
  local expanded, message, name = true, nil, nil
  if target.is_seed then
    expanded, message, name = expand(ctx, target, attempt)
  end
  if expanded ~= true then
    return expanded, message, name
  end
  local answer, folder, code =
    ask(ctx, "classify", target, classify.prompt(target, ctx.settings.taste), attempt)
  if not answer or answer.decision then
    return answer, folder, code
  end
  local decision, reason = classify.parse(answer.text)
  if not decision then
    return { decision = "abandon", retry = "new-target", role = "classify", name = "EJUDGE",
      failure_kind = "agent-infra-failure", target = target.description,
      summary = "the agent decided nothing: " .. reason, why = reason,
      evidence = steps.evidence_in(folder) }
  end
  ctx.report { kind = "classified", attempt = attempt, target = target.description,
    decision = decision, text = reason }
  if decision == "needs-plan" then
    return begin_plan(ctx, target)
  end
  local outcome, why, errno = attempts.run(ctx, target, { attempt = attempt })
  if outcome then
    outcome.effort_asked = target.effort_asked
  end
  return outcome, why, errno
end

return M
