--- Checks one migration or all of them, and repairs what was left half-done.

local cli = require "cli"
local mighost = require "mighost"

local EXIT_FINDINGS <const> = 1

local parser = cli.parser {
  name = "migration doctor",
  summary = "Checks one migration, or all of them and what dead processes left behind; changes "
    .. "nothing.  Prints findings as tab-separated values: slug, severity, code, path, message.  "
    .. "Ends with 1 when one of them is an error.  With --repair it finishes or undoes what dead "
    .. "processes left, for one migration or for all; prints slug, action, message; ends with 0 "
    .. "only when nothing is left.",
  example = {
    "mighost migration doctor retire-the-old-parser", "mighost migration doctor --all",
    "mighost migration doctor --repair", "mighost migration doctor --set-aside",
  },
  json = true,
}
parser:mutex(
  parser:argument("slug", "A slug, or the path of a migration."):args("?"),
  parser:flag("--all", "Check every migration.")
)
parser:mutex(
  parser:flag("--repair", "Finish or undo what was left half-done."),
  parser:flag("--set-aside", "List what is kept for a person: slug, token, when, why, path.")
)
parser:option("--remove", "With --set-aside: remove one of those for good."):argname("TOKEN")
parser:flag("-n --dry-run", "With --repair or --remove: only say what would happen.")

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end

--- Options that mean nothing together are refused, not ignored.
local function check_usage()
  if opts.remove and not opts.set_aside then
    return "--remove goes with --set-aside", "mighost migration doctor --set-aside"
  elseif opts.set_aside and (opts.slug or opts.all) then
    return "--set-aside covers all migrations; give no slug",
      "mighost migration doctor --set-aside"
  elseif opts.dry_run and not opts.repair and not opts.remove then
    return "--dry-run goes with --repair or --remove",
      "mighost migration doctor --repair --dry-run"
  elseif not (opts.slug or opts.all or opts.repair or opts.set_aside) then
    return "missing argument 'slug'"
  end
end

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
      fix = finding.fix or json.null,
    }
  end
  return { diagnostics = diagnostics }
end

local function check(project)
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
end

local function repair(project)
  local json = require "lib.json"
  local done = json.array {}
  local left, why, errno, help = mighost.repair(project, {
    slug = opts.slug, dry_run = opts.dry_run,
    on_done = function(entry)
      if not opts.json then
        cli.write_rows { { entry.slug, entry.action, entry.message } }
      end
      done[#done + 1] = {
        slug = entry.slug, action = entry.action, message = entry.message,
        fix = entry.fix or json.null,
      }
    end,
  })
  if not left then
    return cli.fail(opts, why, errno, help, { done = done })
  elseif #left > 0 then
    return cli.fail(opts, ("%d of %d things could not be settled; the first: %s"):format(#left,
      #done, left[1].message), left[1].name, left[1].fix, { done = done })
  elseif #done == 0 then
    cli.note(opts, "nothing is left to repair")
  end
  return cli.answer(opts, 0, { done = done })
end

--- The list of kept trees for people: with local times.
local function describe(kept)
  local sys, time = require "host.sys", require "lib.time"
  return {
    slug = kept.slug, token = kept.token, why = kept.why or "(unknown)", path = kept.path,
    when = time.format(kept.time, sys.utc_offset(kept.time)),
  }
end

local function list_kept(project)
  local json = require "lib.json"
  local kept, why, errno = mighost.list_kept(project)
  if not kept then
    return cli.fail(opts, why, errno)
  end
  local rows, data = {}, json.array {}
  for i, entry in ipairs(kept) do
    data[i] = describe(entry)
    rows[i] = { data[i].slug, data[i].token, data[i].when, data[i].why, data[i].path }
  end
  if opts.json then
    return cli.answer(opts, 0, { kept = data })
  end
  cli.write_rows(rows)
  return 0
end

local function remove_kept(project)
  local removed, why, errno, help = mighost.remove_kept(project, opts.remove, opts.dry_run)
  if not removed then
    return cli.fail(opts, why, errno, help)
  end
  local words = opts.dry_run and "would remove %s" or "removed %s"
  cli.note(opts, words:format(removed.path))
  return cli.answer(opts, 0, { removed = describe(removed) })
end

local problem, instead = check_usage()
if problem then
  return cli.fail(opts, "migration doctor: " .. problem, "EUSAGE",
    instead or "mighost migration doctor --all")
end
local project, message, name, fix = mighost.open(opts)
if not project then
  return cli.fail(opts, message, name, fix)
elseif opts.repair then
  return repair(project)
elseif opts.remove then
  return remove_kept(project)
elseif opts.set_aside then
  return list_kept(project)
end
return check(project)
