--- Checks the configuration and rewrites it in the current version's form.

local cli = require "cli"
local mighost = require "mighost"

local parser = cli.parser {
  name = "upgrade",
  summary = "Checks .mighost/config.json and rewrites it in the current version's form; its "
    .. "settings stay as they are.  Also says when the taste is out of date.",
  example = { "mighost upgrade", "mighost upgrade --dry-run" },
  json = true,
}
parser:flag("-n --dry-run", "Say what would happen and do nothing.")

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end
local done, message, name, fix = mighost.upgrade(opts)
if not done then
  return cli.fail(opts, message, name, fix)
end
local taste = mighost.taste { repo_root = opts.repo_root }
if taste and taste.is_stale then
  cli.note(opts, ("%s is out of date; mighost taste --upgrade"):format(taste.path))
end
if not opts.json then
  local what = not done.changed and "is up to date"
    or (opts.dry_run and "would be" or "was") .. " rewritten"
  cli.write(("%s %s (version %d)\n"):format(done.path, what, done.to))
end
return cli.answer(opts, 0, done)
