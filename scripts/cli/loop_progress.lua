--- Shows what a run of the loop does: one live line on a terminal, plain lines elsewhere, a line of
--- data for each outcome, and a table at the end.

local cli = require "cli"
local layout = require "lib.layout"
local progress = require "cli.progress"
local term = require "host.term"
local text = require "lib.text"

local STDERR <const> = 2
local SHORT_ID <const> = 7
local ROLE_WIDTH <const> = 22
local DECISION_WIDTH <const> = 9
local GAP <const> = 2

---@class mighost.cli.LoopProgress
---@field private opts table
---@field private inner mighost.cli.Progress
---@field private path string|nil folder of the run
local LoopProgress <const> = {}
LoopProgress.__index = LoopProgress

local function place_of(event)
  local retry = (event.retry or 1) > 1 and (", try %d"):format(event.retry) or ""
  return ("%d: %s%s"):format(event.attempt or 0, event.role, retry)
end

local function duration(seconds)
  local whole = math.floor(seconds + 0.5)
  if whole >= 3600 then
    return ("%d:%02d:%02d"):format(whole // 3600, whole // 60 % 60, whole % 60)
  end
  return ("%d:%02d"):format(whole // 60, whole % 60)
end

---A call begins: its logs may be shown. Its folder is told relative to the run's.
local function begin_call(self, event, is_shown, words)
  self.inner.evidence = is_shown and event.evidence or nil
  local folder = event.evidence
  if self.path and folder:sub(1, #self.path + 1) == self.path .. "/" then
    folder = folder:sub(#self.path + 2)
  end
  self.inner:say(("%s (%s)"):format(words, folder))
end

local SHOW <const> = {
  run = function(self, event)
    self.path = event.path
    self.inner:say(("run %s; evidence: %s"):format(event.id, event.path))
  end,
  target = function(self, event)
    self.inner:say(("%d: target: %s"):format(event.attempt, event.target))
  end,
  classified = function(self, event)
    self.inner:say(("%d: %s: %s"):format(event.attempt, event.decision, event.text))
  end,
  asking = function(self, event)
    begin_call(self, event, self.opts.show_agent_logs,
      ("%s: asking %s, effort %s"):format(place_of(event), event.agent, event.effort))
  end,
  validating = function(self, event)
    begin_call(self, event, self.opts.show_command_logs,
      (event.attempt and place_of(event) or event.role) .. ": running the validation command")
  end,
  outcome = function(self, event)
    self:outcome(event)
  end,
  started = function(self, event)
    begin_call(self, event, self.opts.show_agent_logs,
      ("%s: %s: asking %s"):format(event.slug, event.step, event.agent))
  end,
  resumed = function(self, event)
    if event.text then
      return self.inner:say("picked up: " .. event.text)
    end
    self.inner:event(event)
  end,
  retrying = function(self, event)
    self.inner:say(("%s: trying again: %s"):format(place_of(event), event.text))
  end,
  pausing = function(self, event)
    self.inner:say(("%s; asking again after %d s"):format(event.text, event.seconds))
  end,
}

---A line of data for the outcome of an action.
function LoopProgress:outcome(event)
  local about = event.target and text.printable(event.target) .. ": " or ""
  local line = ("%3d  %s %s %s %s  %s%s"):format(event.attempt, layout.pad(event.role, ROLE_WIDTH),
    layout.pad(event.decision, DECISION_WIDTH),
    layout.pad(event.commit and event.commit:sub(1, SHORT_ID) or "-", SHORT_ID),
    ("%8s"):format(duration(event.seconds)), about, event.text or event.failure_kind or "")
  term.clear_live(STDERR)
  cli.write_text(line:gsub("[\r\n]+", " ") .. "\n")
  if event.snapshot then
    self.inner:say("failure snapshot: " .. event.snapshot)
  end
end

---@param event { kind: string }
function LoopProgress:event(event)
  local show = SHOW[event.kind]
  if show then
    return show(self, event)
  end
  event.step = event.step or event.role
  self.inner:event(event)
end

---Nothing more will happen.
function LoopProgress:finish()
  self.inner:finish()
end

LoopProgress.__close = function(self)
  self.inner:restore()
end

local M = {}

---@param opts table what was parsed
---@return mighost.cli.LoopProgress
function M.new(opts)
  local inner_opts = setmetatable(
    { show_agent_logs = opts.show_agent_logs or opts.show_command_logs }, { __index = opts })
  return setmetatable({ opts = opts, inner = progress.new(inner_opts) }, LoopProgress)
end

---What a run did, as a table of two lines.
---@param counts mighost.Counts
---@param spent mighost.Spending
---@param seconds number
---@return string
function M.table(counts, spent, seconds)
  local columns = {
    { "targets", counts.targets }, { "plans", counts.plans }, { "steps", counts.planning_steps },
    { "phases", counts.phases }, { "commits", counts.commits }, { "retries", counts.retries },
    { "failures", counts.failures }, { "time", duration(seconds) }, { "calls", spent.calls },
    { "cost", spent.cost_usd and ("$%.2f"):format(spent.cost_usd) or "-" },
  }
  local head, values = {}, {}
  for index, column in ipairs(columns) do
    local value = tostring(column[2])
    local width = math.max(#column[1], #value) + (index < #columns and GAP or 0)
    head[index], values[index] = layout.pad(column[1], width), layout.pad(value, width)
  end
  return (("%s\n%s\n"):format(table.concat(head), table.concat(values)):gsub(" +\n", "\n"))
end

---Runs the loop and shows it; returns the exit code.
---@param shown mighost.cli.LoopProgress
---@param project mighost.Project
---@param request table
---@param run fun(project: mighost.Project, request: table): mighost.RunResult|nil, string|nil,
---  string|nil, string|nil
---@return integer code
function M.run(shown, project, request, run)
  function request.on_event(event)
    shown:event(event)
  end
  local result, message, name, fix = run(project, request)
  shown:finish()
  if not result then
    return cli.fail(shown.opts, message, name, fix)
  end
  cli.write("\n" .. M.table(result.counts, result.spent, result.seconds))
  if result.name then
    return cli.fail(shown.opts, ("%s: %s"):format(result.status, result.message), result.name,
      result.fix or "mighost runs show " .. result.id)
  end
  cli.note(shown.opts, result.status)
  return 0
end

return M
