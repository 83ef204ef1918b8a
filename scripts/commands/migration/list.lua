--- Lists the migrations as tab-separated values.

local cli = require "cli"
local mighost = require "mighost"

local COLUMNS <const> = {
  "slug", "status", "cursor", "awaiting_review", "last_touch", "cooldown", "reason",
}
local STATUSES <const> = {
  "planning", "ready", "in-progress", "skipped", "done", "invalid-manifest",
}
local NONE <const> = "(none)"

local function to_line(row)
  local line = {}
  for i, column in ipairs(COLUMNS) do
    line[i] = row[column] or NONE
  end
  line[4] = row.awaiting_review and "yes" or "no"
  return line
end

local function to_json(rows)
  local json = require "lib.json"
  local migrations = json.array {}
  for i, row in ipairs(rows) do
    migrations[i] = {}
    for _, column in ipairs(COLUMNS) do
      migrations[i][column] = row[column] == nil and json.null or row[column]
    end
  end
  return { migrations = migrations }
end

local project, code, opts = cli.enter({
  name = "migration list",
  summary = "Lists the migrations of this project as tab-separated values, in byte order of slugs.",
  example = { "mighost migration list", "mighost migration list --awaiting-review --no-headers" },
  json = true,
  options = function(parser)
    parser:option("--status", "Only migrations with this status: " .. table.concat(STATUSES, ", ")
      .. "."):argname("S"):choices(STATUSES)
    parser:flag("--awaiting-review", "Only migrations that wait for a person.")
    parser:flag("--no-headers", "Leave out the column names.")
  end,
}, { ... }, mighost.open)
if not project then
  return code
end
for _, unused in ipairs(mighost.untrusted(project)) do
  cli.note(opts, unused)
end
local rows, why, errno, help = mighost.list(project, {
  status = opts.status,
  awaiting_review = opts.awaiting_review,
})
if not rows then
  return cli.fail(opts, why, errno, help)
elseif opts.json then
  return cli.answer(opts, 0, to_json(rows))
end

local lines = { not opts.no_headers and COLUMNS or nil }
for _, row in ipairs(rows) do
  table.insert(lines, to_line(row))
end
cli.write_rows(lines)
return 0
