--- Shows on stderr what happens while an agent works, and each accepted step as a line of data.

local cli = require "cli"
local json = require "lib.json"
local layout = require "lib.layout"
local quote = require "lib.quote"
local term = require "host.term"
local text = require "lib.text"

local STDERR <const> = 2
local STEP_WIDTH <const> = 14
local OUTCOME_WIDTH <const> = 19
local SHORT_ID <const> = 7
local CHUNK <const> = 1 << 16 -- shown at a time: an endless line must not fill the memory
local FIELDS <const> = { -- of a step, in an answer for programs
  "slug", "step", "outcome", "cursor", "stands", "summary", "commit", "resumed", "seconds",
}
local LOGS <const> = { "stdout.log", "stderr.log" }

---@class mighost.cli.Progress
---@field accepted mighost.Step[]  a JSON array
---@field workspace string|nil     where a step that failed left its files
---@field private opts table
---@field private is_live boolean
---@field private mirrored table<string, integer>  path of a log: how much of it was shown
---@field private terminal host.term.State|nil  as it was before an agent got it
---@field private evidence string|nil  folder of the call under way
local Progress <const> = {}
Progress.__index = Progress

--- What can be shown of a piece of a log: whole lines; all of it if no more will come of
--- its last line, or if that line is too long to wait for.
local function take_lines(piece, is_last)
  if is_last or #piece == CHUNK and not piece:find("\n", 1, true) then
    return piece
  end
  return piece:match("^(.*\n)") or ""
end

local function size_of(bytes)
  return bytes < 1024 and ("%d bytes"):format(bytes) or ("%.1f KiB"):format(bytes / 1024)
end

--- Restores the terminal to its state before the agent had it.
function Progress:restore()
  if self.terminal then
    self.terminal:restore()
    self.terminal = nil
  end
end
Progress.__close = Progress.restore -- where an interruption ends the command

function Progress:say(line)
  term.clear_live(STDERR)
  cli.note(self.opts, line)
end

--- Shows what a log has gained.
function Progress:mirror_log(path, is_last)
  local file <close> = io.open(path, "rb")
  local gained
  repeat
    local shown = self.mirrored[path] or 0
    local piece = file and file:seek("set", shown) and file:read(CHUNK) or ""
    gained = take_lines(piece, is_last and #piece < CHUNK)
    self.mirrored[path] = shown + #gained
    for line in gained:gsub("\n$", ""):gmatch("[^\n]*") do
      if gained ~= "" then
        self:say("  " .. text.printable(line))
      end
    end
  until gained == "" or #piece < CHUNK
end

function Progress:mirror(is_last)
  for _, name in ipairs(self.opts.show_agent_logs and self.evidence and LOGS or {}) do
    self:mirror_log(self.evidence .. "/" .. name, is_last)
  end
end

local SHOW <const> = {
  started = function(self, event)
    self.evidence = event.evidence
    self.terminal = event.attached and term.save()
    cli.resume_with(event.again)
    self:say(("%s: %s, asking %s (evidence: %s)"):format(event.slug, event.step, event.agent,
      event.evidence))
  end,
  progress = function(self, event)
    self:mirror()
    if self.is_live then
      term.live(STDERR, ("%s  %d:%02d  %s  %s"):format(event.step, event.elapsed // 60,
        math.floor(event.elapsed % 60), size_of(event.bytes), event.last_line))
    end
  end,
  answered = function(self)
    self:restore()
    self:mirror(true)
  end,
  pausing = function(self, event)
    self:say(("%s: %s; asking again after %d s"):format(event.slug, event.text, event.seconds))
  end,
  warning = function(self, event)
    self:say("warning: " .. event.text)
    if event.detail then
      cli.detail(self.opts, event.detail)
    end
  end,
  recovered = function(self, event)
    self:say(("%s: %s"):format(event.slug, event.text))
  end,
  ["set-aside"] = function(self, event)
    self:say(("%s: %s; it is kept in %s"):format(event.slug, event.why, event.path))
  end,
  resumed = function(self, event)
    self:say(("%s: %s was answered and accepted before; publishing that answer"):format(event.slug,
      event.step))
  end,
  busy = function(self, event)
    self:say(event.text)
  end,
  waiting = function(self, event)
    cli.detail(self.opts, ("%s: %s"):format(event.slug, event.text))
  end,
  failed = function(self, event)
    self.workspace = event.workspace
    self:say(("%s: %s failed; evidence: %s; workspace: %s"):format(event.slug, event.step,
      event.evidence, event.workspace))
    if event.traceback then
      cli.detail(self.opts, event.traceback)
    end
  end,
}

--- An event of the engine's.
---@param event { kind: string }
function Progress:event(event)
  if SHOW[event.kind] then
    SHOW[event.kind](self, event)
  end
end

--- An accepted step.
---@param step mighost.Step
function Progress:step(step)
  local known = {}
  for _, name in ipairs(FIELDS) do
    known[name] = step[name]
  end
  self.accepted[#self.accepted + 1] = known
  local line = ("%s %s %s %6.1f s  %s"):format(layout.fill(step.step, STEP_WIDTH),
    layout.fill(step.outcome, OUTCOME_WIDTH), step.commit:sub(1, SHORT_ID), step.seconds,
    step.summary)
  term.clear_live(STDERR)
  if self.opts.json then
    return cli.note(self.opts, line)
  end
  cli.write(line .. "\n")
end

--- Removes the live line at the end.
function Progress:finish()
  if self.is_live then
    term.clear_live(STDERR)
  end
end

local M = {}

---@param opts table what was parsed
---@return mighost.cli.Progress
function M.new(opts)
  return setmetatable({
    opts = opts, accepted = json.array {}, mirrored = {},
    is_live = not opts.quiet and not opts.json and term.is_tty(STDERR),
  }, Progress)
end

--- The part of a request to mighost.plan and the like that tells what happens.
---@param progress mighost.cli.Progress
---@param request table
---@return table request
function M.attach(progress, request)
  request.on_step = function(step)
    progress:step(step)
  end
  request.on_event = function(event)
    progress:event(event)
  end
  return request
end

---@param slug string
---@return string command that goes on planning it
local function plan_command(slug)
  return "mighost plan " .. (slug:sub(1, 1) == "-" and "-- " or "") .. quote.word(slug)
end

--- Says where a migration stands after the requested step; returns the exit code.
---@param progress mighost.cli.Progress
---@param result mighost.PlanResult|nil
---@param message? string
---@param name? string
---@param fix? string
---@return integer code
function M.conclude(progress, result, message, name, fix)
  local opts, accepted = progress.opts, progress.accepted
  progress:finish()
  if not result then
    return cli.fail(opts, message, name, fix,
      { steps = accepted, workspace = progress.workspace or json.null })
  end
  cli.note(opts, result.stands == "planning" and "next: " .. plan_command(result.slug)
    or ("%s is %s"):format(result.slug, result.stands))
  return cli.answer(opts, 0, {
    slug = result.slug, steps = accepted, stands = result.stands, artifacts = result.artifacts,
  })
end

return M
