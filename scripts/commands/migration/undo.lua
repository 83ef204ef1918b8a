--- Goes back to an earlier accepted snapshot of a migration, as a new commit.

local cli = require "cli"
local layout = require "lib.layout"
local mighost = require "mighost"
local quote = require "lib.quote"

local SHORT_ID <const> = 7
local STEP_WIDTH <const> = 14

local parser = cli.parser {
  name = "migration undo",
  summary = "Publishes an earlier accepted snapshot of a migration as a new commit: without --to, "
    .. "the one before the last.  History is never rewritten, and an undo can be undone.",
  example = {
    "mighost migration undo retire-the-old-parser",
    "mighost migration undo retire-the-old-parser --to expand --dry-run",
  },
  json = true,
}
parser:argument("slug", "A slug, or the path of a migration.")
parser:option("--to", "Go back to the latest earlier time that this step was accepted, or to the "
  .. "commit that published a step."):argname("STEP")
parser:flag("-n --dry-run", "Check everything and say what would happen.")

local project, code, opts = cli.enter(parser, { ... }, mighost.open)
if not project then
  return code
end
local undone, why, errno, help = mighost.undo(project, {
  slug = opts.slug, to = opts.to, dry_run = opts.dry_run,
  on_event = function(event)
    cli.note(opts, ("%s: %s"):format(event.slug, event.text or event.why))
  end,
})
if not undone then
  return cli.fail(opts, why, errno, help)
end

--- The result, in words.
local function describe()
  local words = ("back to %s"):format(undone.from:sub(1, SHORT_ID))
  if #undone.undone > 0 then
    words = ("%s, without %s"):format(words, table.concat(undone.undone, ", "))
  end
  if undone.by_hand > 0 then
    words = ("%s, and without %d commit%s made by hand"):format(words, undone.by_hand,
      undone.by_hand == 1 and "" or "s")
  end
  return words
end

local json = require "lib.json"
local data = {
  slug = undone.slug, step = undone.step, from = undone.from, by_hand = undone.by_hand,
  commit = undone.commit or json.null, undone = json.array(undone.undone),
}
if opts.dry_run then
  if not opts.json then
    cli.write(("would publish %s of %s: %s\n"):format(undone.step, undone.slug, describe()))
  end
elseif not undone.commit then
  cli.note(opts, ("%s already is as it was after %s"):format(undone.slug, undone.step))
else
  if not opts.json then
    cli.write(("%s %s  %s\n"):format(layout.fill(undone.step, STEP_WIDTH),
      undone.commit:sub(1, SHORT_ID), describe()))
  end
  cli.note(opts, "next: mighost migration show " .. quote.word(undone.slug))
end
return cli.answer(opts, 0, data)
