--- Shows one migration: where it stands, how it got there, what comes next.

local cli = require "cli"
local json = require "lib.json"
local layout = require "lib.layout"
local mighost = require "mighost"
local pages = require "cli.page"
local text = require "lib.text"

local COLUMNS <const> = pages.COLUMNS
local INDENT <const> = "          "
local STEP_WIDTH <const> = 15 -- at least
local STEP_MOST <const> = 24
local OUTCOME_WIDTH <const> = 20
local TIME_WIDTH <const> = 18
local EFFORT_WIDTH <const> = 7
local AGENT_ROOM <const> = COLUMNS - 5 - OUTCOME_WIDTH - TIME_WIDTH - EFFORT_WIDTH
local FEEDBACK_LINES <const> = 3
local PRECONDITION_LINES <const> = 2
local OPTIONAL <const> = {
  "cursor", "last_touch", "cooldown", "reason", "target", "pipeline", "created_at", "wake_up_on",
  "final_decision", "final_reason", "review_findings", "spent", "waits", "next",
}
local EXECUTABLE <const> = { ready = true, ["in-progress"] = true }
local COLOR_OF <const> = {
  ready = "green", done = "green", planning = "yellow", ["in-progress"] = "yellow", skipped = "dim",
  ["invalid-manifest"] = "red", error = "red", warning = "yellow", info = "dim",
}
local COLOR_OF_CHANGE <const> = { ["+"] = "green", ["-"] = "red", ["@"] = "cyan", d = "bold" }

local parser = cli.parser {
  name = "migration show",
  summary = "Shows one migration: where it stands, how it got there, what comes next.  STEP is a "
    .. "stage's name, for the last time that it was accepted; <stage>-<n>, for the n-th time; or a "
    .. "number in the history.",
  example = {
    "mighost migration show retire-the-old-parser",
    "mighost migration show retire-the-old-parser --step review",
    "mighost migration show retire-the-old-parser --diff expand revise",
    "mighost migration show --json -- -slug-with-a-dash",
  },
  json = true,
}
parser:argument("slug", "A slug, or the path of a migration.")
parser:mutex(
  parser:option("--step", "Print the answer that was accepted in a step.")
    :argname("STEP"),
  parser:option("--diff", "Print what changed in the plan from one accepted step to another.")
    :args(2):argname({ "STEP", "STEP" })
)

local project, code, opts = cli.enter(parser, { ... }, mighost.open)
if not project then
  return code
end

local page = pages.new(opts)

local function add_head(overview)
  local status = text.printable(overview.status)
  local room = COLUMNS - layout.width(status) - 2
  page:add(page:paint(pages.column(overview.slug, room), "bold"), "  ",
    page:paint(status, COLOR_OF[overview.status]))
  if overview.target then
    page:add_text("  ", overview.target)
  end
  page:add()
  page:add_field("cursor", overview.cursor or "none")
  if overview.pipeline then
    page:add_field("pipeline", overview.pipeline)
  end
  if overview.created_at then
    page:add_field("created", pages.brief_time(overview.created_at))
    page:add_field("touched", pages.brief_time(overview.last_touch))
  end
  if overview.final_decision then
    page:add_field("decision", ("%s: %s"):format(overview.final_decision, overview.final_reason))
  end
  if overview.review_findings then
    page:add_field("findings", overview.review_findings)
  end
  local spent = overview.spent
  if spent then
    page:add_field("spent", pages.spending(spent) .. ", as far as the evidence is kept")
  end
end

--- Room for the longest name of a step, and a gap.
local function step_width(history)
  local width = STEP_WIDTH
  for _, step in ipairs(history) do
    width = math.max(width, layout.width(text.printable(step.step)) + 1)
  end
  return math.min(width, STEP_MOST)
end

local function add_history(overview)
  if #overview.history > 0 then
    page:add_heading("History")
  end
  local width = step_width(overview.history)
  for i, step in ipairs(overview.history) do
    local by = ("%s %s"):format(step.agent or "", step.model or ""):gsub("^ +", "")
    page:add(("%3d  "):format(i), pages.column(step.step, width - 1), " ",
      pages.column(step.outcome, OUTCOME_WIDTH - 1), " ",
      layout.pad(pages.brief_time(step.completed_at), TIME_WIDTH),
      pages.column(step.effort or "", EFFORT_WIDTH),
      layout.cut(text.printable(by), AGENT_ROOM - width))
  end
end

local function add_feedback(overview)
  if #overview.feedback > 0 then
    page:add_heading("Feedback")
  end
  for i, entry in ipairs(overview.feedback) do
    local time = entry.received_at ~= "" and pages.brief_time(entry.received_at) or "(no time)"
    page:add(("%3d  "):format(i), time)
    page:add_text(INDENT, entry.text, FEEDBACK_LINES)
  end
end

local function add_phases(overview)
  if #overview.phases > 0 then
    page:add_heading("Phases")
  end
  for _, phase in ipairs(overview.phases) do
    local is_next = phase.current and EXECUTABLE[overview.status]
    local mark = phase.done and "done" or is_next and "next" or ""
    page:add("  ", page:paint(layout.pad(mark, 6), phase.done and "green" or "yellow"),
      pages.column(phase.file, 50), " ",
      layout.cut(phase.required_effort and "effort " .. phase.required_effort or "", 20))
    page:add_text(INDENT, phase.precondition, PRECONDITION_LINES, "dim")
  end
end

local function add_findings(overview)
  if #overview.findings > 0 then
    page:add_heading("Findings")
  end
  for _, finding in ipairs(overview.findings) do
    local code_of = text.printable(finding.code)
    local words = ("%s  %s"):format(code_of, text.printable(finding.path))
    local fits = layout.width(words) <= COLUMNS - #INDENT
    page:add("  ", page:paint(layout.pad(finding.severity, 8), COLOR_OF[finding.severity]),
      fits and words or code_of)
    if not fits then
      page:add_text(INDENT, finding.path)
    end
    page:add_text(INDENT, finding.message)
  end
end

local function add_outlook(overview)
  if overview.waits or overview.next then
    page:add()
  end
  if overview.waits then
    page:add_field("waits", overview.waits, "yellow")
  end
  if overview.next then
    page:add("next      ", page:paint(text.printable(overview.next), "bold"))
  end
end

local function to_json(overview)
  for _, list in ipairs { "history", "feedback", "phases", "findings" } do
    json.array(overview[list])
  end
  json.fill(overview, OPTIONAL)
  for _, step in ipairs(overview.history) do
    json.fill(step, { "agent", "model", "effort" })
  end
  for _, phase in ipairs(overview.phases) do
    json.fill(phase, { "required_effort", "effort_reason" })
  end
  if overview.spent ~= json.null then
    json.fill(overview.spent, { "cost_usd" })
  end
  for _, finding in ipairs(overview.findings) do
    json.fill(finding, { "line", "fix" }).mode = nil
  end
  return overview
end

local function show_all(overview)
  add_head(overview)
  add_history(overview)
  add_feedback(overview)
  add_phases(overview)
  add_findings(overview)
  add_outlook(overview)
  page:write()
end

local function show_diff(diff)
  if diff.text == "" then
    cli.note(opts, ("the plan is the same after %s and after %s"):format(diff.from.name,
      diff.to.name))
  end
  if not cli.is_color(opts) then
    return cli.write_text(diff.text)
  end
  for line in diff.text:gmatch("([^\n]*)\n?") do
    if line ~= "" then
      page:add(page:paint(text.printable((line:gsub("\t", "  "))), COLOR_OF_CHANGE[line:sub(1, 1)]))
    end
  end
  page:write()
end

local function look()
  if opts.step then
    return mighost.output(project, opts.slug, opts.step)
  elseif opts.diff then
    return mighost.diff(project, opts.slug, opts.diff[1], opts.diff[2])
  end
  for _, unused in ipairs(mighost.untrusted(project)) do
    cli.note(opts, unused)
  end
  return mighost.show(project, opts.slug)
end

local seen, why, errno, help = look()
if not seen then
  return cli.fail(opts, why, errno, help)
elseif opts.step then
  if not opts.json then
    cli.write_text(seen.text)
  end
  return cli.answer(opts, 0, json.fill(seen, { "agent", "model", "effort" }))
elseif opts.diff then
  if not opts.json then
    show_diff(seen)
  end
  return cli.answer(opts, 0, seen)
elseif opts.json then
  return cli.answer(opts, 0, to_json(seen))
end
show_all(seen)
return 0
