--- Shows one migration: where it stands, how it came there, what comes next.

local cli = require "cli"
local layout = require "lib.layout"
local mighost = require "mighost"
local text = require "lib.text"

local COLUMNS <const> = 80
local LABEL <const> = 10 -- columns of "created", "waits", … and the gap behind them
local INDENT <const> = "          "
local NAMES <const> = 16
local PRECONDITION_LINES <const> = 2
local OPTIONAL <const> = {
  "cursor", "last_touch", "cooldown", "reason", "target", "created_at", "wake_up_on",
  "final_decision", "final_reason", "review_findings", "waits", "next",
}
local EXECUTABLE <const> = { ready = true, ["in-progress"] = true }
local COLORS <const> = {
  bold = "\27[1m", dim = "\27[2m", red = "\27[31m", green = "\27[32m", yellow = "\27[33m",
}
local COLOR_OF <const> = {
  ready = "green", done = "green", planning = "yellow", ["in-progress"] = "yellow", skipped = "dim",
  ["invalid-manifest"] = "red", error = "red", warning = "yellow", info = "dim",
}

local parser = cli.parser {
  name = "migration show",
  summary = "Shows one migration: where it stands, how it came there, what comes next.",
  example = {
    "mighost migration show retire-the-old-parser",
    "mighost migration show --json -- -slug-with-a-dash",
  },
  json = true,
}
parser:argument("slug", "A slug, or the path of a migration.")

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end

local use_color = cli.is_color(opts)
local lines = {}

local function paint(words, color)
  return use_color and color and COLORS[color] .. words .. "\27[0m" or words
end

local function add(...)
  table.insert(lines, (table.concat({ ... }):gsub(" +$", "")))
end

--- A time as a person reads it; another form than the usual one stays as it is.
local function brief(time)
  local date, clock = time:match("^(%d+%-%d%d%-%d%d)[T ](%d%d:%d%d)")
  return date and date .. " " .. clock or text.printable(time)
end

--- A label and a text that continues beneath itself.
local function add_field(label, value, color)
  for i, line in ipairs(layout.wrap(text.printable(value), COLUMNS - LABEL)) do
    add(layout.pad(i == 1 and label or "", LABEL), paint(line, color))
  end
end

--- A text in lines that all begin the same; what is beyond `limit` lines is left out.
local function add_text(indent, value, limit, color)
  local wrapped = layout.wrap(text.printable(value), COLUMNS - #indent)
  for i, line in ipairs(wrapped) do
    if i == limit and wrapped[i + 1] then
      add(indent, paint(layout.cut(line .. " " .. wrapped[i + 1], COLUMNS - #indent), color))
      return
    end
    add(indent, paint(line, color))
  end
end

local function add_heading(title)
  add()
  add(paint(title, "bold"))
end

local function add_head(overview)
  local status = text.printable(overview.status)
  local room = COLUMNS - layout.width(status) - 2
  add(paint(layout.pad(text.printable(overview.slug), room), "bold"), "  ",
    paint(status, COLOR_OF[overview.status]))
  if overview.target then
    add_text("  ", overview.target)
  end
  add()
  add_field("cursor", overview.cursor or "none")
  if overview.created_at then
    add_field("created", brief(overview.created_at))
    add_field("touched", brief(overview.last_touch))
  end
  if overview.final_decision then
    add_field("decision", ("%s: %s"):format(overview.final_decision, overview.final_reason))
  end
  if overview.review_findings then
    add_field("findings", overview.review_findings)
  end
  if overview.feedback > 0 then
    add_field("feedback", ("%d from people"):format(overview.feedback))
  end
end

local function add_history(overview)
  if #overview.history == 0 then
    return
  end
  add_heading("History")
  for i, step in ipairs(overview.history) do
    local by = table.concat({ step.agent or "", step.model or "", step.effort or "" }, " ")
    add(("%3d  "):format(i), layout.pad(text.printable(step.step), NAMES),
      layout.pad(text.printable(step.outcome), NAMES + 4), layout.pad(brief(step.completed_at), 18),
      layout.cut(text.printable(by:gsub("^ +", "")), COLUMNS - 2 * NAMES - 27))
  end
end

local function add_phases(overview)
  if #overview.phases == 0 then
    return
  end
  add_heading("Phases")
  for _, phase in ipairs(overview.phases) do
    local is_next = phase.current and EXECUTABLE[overview.status]
    local mark = phase.done and "done" or is_next and "next" or ""
    add("  ", paint(layout.pad(mark, 6), phase.done and "green" or "yellow"),
      layout.pad(text.printable(phase.file), 50), " ",
      layout.cut(phase.required_effort and "effort " .. phase.required_effort or "", 20))
    add_text(INDENT, phase.precondition, PRECONDITION_LINES, "dim")
  end
end

local function add_findings(overview)
  if #overview.findings == 0 then
    return
  end
  add_heading("Findings")
  for _, finding in ipairs(overview.findings) do
    add("  ", paint(layout.pad(finding.severity, 8), COLOR_OF[finding.severity]),
      layout.cut(finding.code .. "  " .. text.printable(finding.path), COLUMNS - #INDENT))
    add_text(INDENT, finding.message)
  end
end

local function add_outlook(overview)
  if overview.waits or overview.next then
    add()
  end
  if overview.waits then
    add_field("waits", overview.waits, "yellow")
  end
  if overview.next then
    add("next      ", paint(text.printable(overview.next), "bold"))
  end
end

--- Absent values become null, so that every key is always there.
local function fill(object, names)
  local json = require "lib.json"
  for _, key in ipairs(names) do
    if object[key] == nil then
      object[key] = json.null
    end
  end
end

local function to_json(overview)
  local json = require "lib.json"
  for _, list in ipairs { "history", "phases", "findings" } do
    json.array(overview[list])
  end
  fill(overview, OPTIONAL)
  for _, step in ipairs(overview.history) do
    fill(step, { "agent", "model", "effort" })
  end
  for _, phase in ipairs(overview.phases) do
    fill(phase, { "required_effort", "effort_reason" })
  end
  for _, finding in ipairs(overview.findings) do
    fill(finding, { "line", "fix" })
  end
  return overview
end

local project, message, name, fix = mighost.open(opts)
if not project then
  return cli.fail(opts, message, name, fix)
end
local overview, why, errno, help = mighost.show(project, opts.slug)
if not overview then
  return cli.fail(opts, why, errno, help)
elseif opts.json then
  return cli.answer(opts, 0, to_json(overview))
end
add_head(overview)
add_history(overview)
add_phases(overview)
add_findings(overview)
add_outlook(overview)
cli.write(table.concat(lines, "\n") .. "\n")
return 0
