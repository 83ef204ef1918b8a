--- Prints which file serves a stage, pipeline, rule, agent, script or helper.

local cli = require "cli"
local mighost = require "mighost"

local KINDS <const> = { "stage", "pipeline", "rule", "agent", "script", "lib" }

local parser = cli.parser {
  name = "which",
  summary = "Prints which file serves a name and which others that hides, in search order: path, "
    .. "layer (project, user or installed) and state (serves, hidden or refused), tab-separated.",
  example = { "mighost which stage review", "mighost which script migration list" },
  json = true,
}
parser:argument("kind", "One of " .. table.concat(KINDS, ", ") .. "."):choices(KINDS)
parser:argument("name", "Its name, with or without .lua; a script may have several words.")
  :args("+")

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end
-- Outside any project there are still the user's and the installed ones.
local project, message, name, fix = mighost.open(opts)
if not project and name ~= "ECONFIG" and name ~= "ENOTREPO" then
  return cli.fail(opts, message, name, fix)
end
local which, why, errno, help = mighost.which(project, opts.kind, table.concat(opts.name, "/"))
if not which then
  return cli.fail(opts, why, errno, help)
end

--- Why something is not used, or may exist unseen.
local function tell()
  for _, layer in ipairs(which.layers) do
    if layer.why and layer.why ~= which.note then
      cli.note(opts, layer.why)
    end
  end
  if which.note then
    cli.note(opts, which.note)
  end
end

local function fill_in()
  local json = require "lib.json"
  for _, layer in ipairs(which.layers) do
    json.fill(layer, { "why" })
  end
  return json.fill(which, { "trusted", "note" })
end

tell()
if opts.json then
  return cli.answer(opts, 0, fill_in())
end
local rows = {}
for i, layer in ipairs(which.layers) do
  rows[i] = { layer.path, layer.layer, layer.state }
end
cli.write_rows(rows)
return 0
