--- Makes a repository ready for planning, or changes where things are kept.

local cli = require "cli"
local mighost = require "mighost"

local parser = cli.parser {
  name = "init",
  summary = "Writes .mighost/config.json and makes the live migrations directory.  Run again with "
    .. "other options, it moves what it made.",
  example = { "mighost init", "mighost init --live-migrations-dir docs/plans --commit",
    "mighost init --example stage" },
}
parser:option("--path", "The project's root, when it is not the work tree's top."):argname("DIR")
parser:option("--live-migrations-dir", "Where migrations live, relative to the project's root "
  .. "(default: migrations)."):argname("DIR")
parser:option("--in-repo-taste", "Keep the taste in the repository "
  .. "(default: .mighost/taste.md)."):argname("PATH"):args("?")
parser:option("--example", "Also write a starting point for your own stage, rule, agent or "
  .. "pipeline, with its test.")
  :argname("KIND"):choices({ "stage", "rule", "agent", "pipeline" }):overwrite(false)
parser:flag("--force", "Move what is in the way out of the repository; nothing is deleted.")
parser:flag("--commit", "Commit the configuration.")
parser:flag("-n --dry-run", "Say what would happen and do nothing.")

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end

local in_repo_taste = opts.in_repo_taste and (opts.in_repo_taste[1] or true)
local result, message, name, fix = mighost.init {
  repo_root = opts.repo_root,
  path = opts.path,
  live_migrations_dir = opts.live_migrations_dir,
  in_repo_taste = in_repo_taste,
  force = opts.force,
  commit = opts.commit,
  example = opts.example,
  dry_run = opts.dry_run,
  notify = function(done)
    cli.note(opts, done)
  end,
}
if not result then
  return cli.fail(opts, message, name, fix)
end
for _, line in ipairs(result.would or {}) do
  cli.write("would " .. line .. "\n")
end
if result.example then
  cli.note(opts, "to try it: mighost trust, then mighost " .. result.example.spec)
end
if result.commit then
  cli.write("committed " .. result.commit .. "\n")
elseif #result.commands > 0 then
  cli.note(opts, "to share this with the team:")
  cli.write(table.concat(result.commands, "\n") .. "\n")
end
return 0
