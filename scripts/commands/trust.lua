--- Shows which files of a project could run programs, and records that you trust them.

local cli = require "cli"
local diff = require "lib.diff"
local mighost = require "mighost"
local text = require "lib.text"
local trust = require "project.trust"

local YES <const> = { y = true, yes = true }

local parser = cli.parser {
  name = "trust",
  summary = "Shows which files and settings of the project could run programs and what changed "
    .. "since you last trusted them, then asks whether you trust them.  Until then none is used.",
  example = { "mighost trust", "mighost trust --show",
    "MIGHOST_TRUST=$DIGEST_THAT_WAS_REVIEWED mighost plan --to-end" },
  json = true,
}
parser:mutex(
  parser:flag("-y --yes", "Trust them without being asked."),
  parser:flag("--show", "Only show them; exit code 10 when they are not trusted."),
  parser:flag("--digest", "Print their digest, for MIGHOST_TRUST, which trusts exactly that."),
  parser:flag("--revoke", "Stop trusting anything in this project.")
)

local project, code, opts = cli.enter(parser, { ... }, mighost.open)
if not project then
  return code
end

--- Control characters must not hide anything from whoever reads this, on a terminal or in a pipe.
local function write_lines(mark, content)
  local lines = {}
  for i, line in ipairs(text.lines(content)) do
    lines[i] = mark .. text.printable((line:gsub("\t", "  "))) .. "\n"
  end
  cli.write(table.concat(lines))
end

local function write_changes()
  for _, change in ipairs(trust.changes(project)) do
    cli.write(("%s: %s\n"):format(change.change, text.printable(change.what)))
    if change.change ~= "changed" then
      write_lines(change.change == "added" and "  +" or "  -", change.before .. change.after)
    else
      local difference = diff.lines(change.before, change.after)
      write_lines("  ", difference ~= "" and difference or "only ends of lines differ")
    end
  end
end

--- All of it, whether or not it is trusted.
local function write_all()
  if trust.is_trusted(project) then
    for _, what in ipairs(trust.names(project)) do
      cli.write(("trusted: %s\n"):format(text.printable(what)))
    end
  else
    write_changes()
  end
  for _, problem in ipairs(trust.problems(project)) do
    cli.write(("refused: %s\n"):format(text.printable(problem)))
  end
end

--- The --json answer, however this ends.
local function describe()
  local json = require "lib.json"
  local standing = trust.standing(project)
  local changes = json.array {}
  for i, change in ipairs(trust.changes(project)) do
    changes[i] = { what = change.what, change = change.change,
      diff = diff.lines(change.before, change.after) }
  end
  return {
    root = project.root, state = standing.state, by = standing.by or json.null,
    since = standing.since or json.null, digest = trust.digest(project) or json.null,
    names = json.array(trust.names(project)), changes = changes,
    problems = json.array(trust.problems(project)),
  }
end

local function succeed(remark)
  cli.note(opts, remark)
  return cli.answer(opts, 0, opts.json and describe())
end

local function fail(why, errno, help)
  return cli.fail(opts, why, errno, help, opts.json and describe() or nil)
end

local function refuse(command)
  local why, errno, help = trust.refusal(project)
  local is_refused = trust.standing(project).state == "refused"
  return fail(why, errno, not is_refused and (trust.standing(project).fix or command or help)
    or nil)
end

local function revoke()
  local was_trusted, why, errno, help = trust.revoke(project)
  if was_trusted == nil then
    return fail(why, errno, help)
  end
  return succeed(was_trusted and "nothing in this project is trusted any more"
    or "nothing in this project was trusted")
end

local function print_digest()
  local digest, why, errno = trust.digest(project)
  if not digest then
    return why and fail(why, errno) or refuse()
  elseif not opts.json then
    cli.write(digest .. "\n")
  end
  return cli.answer(opts, 0, opts.json and describe())
end

local function accept()
  local ok, why, errno, help = trust.accept(project)
  if not ok then
    return fail(why, errno, help)
  end
  return succeed("trusted until any of it changes; mighost trust --revoke undoes this")
end

local function ask()
  if opts.json or not require("host.sys").isatty(0) then
    return refuse("mighost trust --yes")
  end
  io.stderr:write("Do you trust this? [y/N] ")
  local answer = io.read("l") or ""
  if not YES[answer:lower():match("^%s*(.-)%s*$")] then
    return fail("not trusted: none of this is used", "EUNTRUSTED")
  end
  return accept()
end

local function decide()
  local standing = trust.standing(project)
  if standing.state == "empty" then
    return succeed("this project has nothing that must be trusted")
  elseif opts.digest then
    return print_digest()
  elseif not opts.json then
    write_all()
  end
  if standing.state == "refused" then
    return refuse()
  elseif opts.yes then
    return accept()
  elseif standing.state == "trusted" then
    return succeed(standing.since and "trusted on " .. standing.since
      or "trusted as MIGHOST_TRUST says")
  end
  return opts.show and refuse("mighost trust") or ask()
end

return opts.revoke and revoke() or decide()
