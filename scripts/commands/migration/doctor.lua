--- Checks one migration or all of them; changes nothing.

local cli = require "cli"
local mighost = require "mighost"

local EXIT_FINDINGS <const> = 1

--- The exit code, and a sentence when there are errors.
local function judge(findings)
  local errors = 0
  for _, finding in ipairs(findings) do
    errors = errors + (finding.severity == "error" and 1 or 0)
  end
  if errors == 0 then
    return 0
  end
  return EXIT_FINDINGS, ("%d of %d findings are errors"):format(errors, #findings)
end

local function to_rows(findings)
  local rows = {}
  for i, finding in ipairs(findings) do
    rows[i] = { finding.slug, finding.severity, finding.code, finding.path, finding.message }
  end
  return rows
end

local function to_json(findings)
  local json = require "lib.json"
  local diagnostics = json.array {}
  for i, finding in ipairs(findings) do
    diagnostics[i] = {
      slug = finding.slug,
      severity = finding.severity,
      code = finding.code,
      message = finding.message,
      path = finding.path,
      line = json.null,
      fix = json.null,
    }
  end
  return { diagnostics = diagnostics }
end

local parser = cli.parser {
  name = "migration doctor",
  summary = "Checks one migration, or all of them and what publications left behind; changes "
    .. "nothing.  Prints findings as tab-separated values: slug, severity, code, path, message.  "
    .. "Ends with 1 when one of them is an error.",
  example = { "mighost migration doctor retire-the-old-parser", "mighost migration doctor --all" },
  json = true,
}
parser:mutex(
  parser:argument("slug", "A slug, or the path of a migration."):args("?"),
  parser:flag("--all", "Check every migration.")
)

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
elseif not opts.slug and not opts.all then
  return cli.fail(opts, "migration doctor: missing argument 'slug'", "EUSAGE",
    "mighost migration doctor --all")
end
local project, message, name, fix = mighost.open(opts)
if not project then
  return cli.fail(opts, message, name, fix)
end
for _, unused in ipairs(mighost.untrusted(project)) do
  cli.note(opts, unused)
end
local findings, why, errno, help = mighost.doctor(project, opts.slug)
if not findings then
  return cli.fail(opts, why, errno, help)
end


local exit, verdict = judge(findings)
if opts.json then
  return cli.answer(opts, exit, to_json(findings), verdict)
end
cli.write_rows(to_rows(findings))
return exit
