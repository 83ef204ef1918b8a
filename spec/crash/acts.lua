--- What people do with git and files while a step is under way: a shell script each, which runs at
--- one call of the step, and what must be true of it afterwards.

local sh = require "spec.support.sh"

local SLUG <const> = require("spec.crash.place").slug
local INSIDE <const> = "written by hand in the migration"
local OUTSIDE <const> = "written by hand elsewhere"

--- A git command of a person's that git itself refuses, since a lock of its is held or since files
--- would be overwritten, is noted; the person leaves it at that.
local PERSON <const> = [[#!/bin/sh
cd %s || exit 1
export %s GIT_EDITOR=true
exec >%s 2>&1
echo acted
MIGRATION=migrations/%s INSIDE='%s' OUTSIDE='%s'
do_it() {
  %s
}
do_it || echo "not done"
rm -rf "$0.seen"
sh "$0.look" "$0.seen"
exit 0
]]

--- What there is that a person can lose: branches, the index, files; live apart from the rest.
local LOOK <const> = [[
mkdir "$1"
git for-each-ref --format='%(objectname) %(refname)' refs/heads refs/stash >"$1/refs"
git ls-files -s -- . ":!migrations/SLUG" >"$1/index"
find . \( -path ./.git -o -path ./migrations/SLUG -o -path ./migrations/__transactions__ \) -prune \
  -o -type f -exec sha256sum {} + | sort -k2 >"$1/files"
[ ! -d migrations/SLUG ] || cp -a migrations/SLUG "$1/live"
]]

---@class crash.Act
---@field name string
---@field script string
---@field inside? boolean   INSIDE must not get lost
---@field staged? boolean   and stays in the index until the person does something about it
---@field rewinds? boolean  takes commits out of the branch
---@field changes? boolean  the migration is another one then: an answer to the old one is void
---@field removes? boolean  the migration may not be found at all
---@field undo? string      how the person ends it where no message asks for that

---@type crash.Act[]
local ACTS <const> = {
  { name = "edit", script = 'echo "$INSIDE" >>"$MIGRATION/manifest.json"', inside = true },
  { name = "commit-outside",
    script = 'echo "$OUTSIDE" >>README; git commit -qm "By hand" -- README' },
  { name = "commit-all", script = 'echo "$OUTSIDE" >>README; git commit -qam "By hand"',
    changes = true }, -- after the exchange the new tree is in it
  { name = "stage-outside", script = [[
    echo "$OUTSIDE" >README; git add README; echo "$OUTSIDE, later" >README]] },
  { name = "stage-inside", inside = true, staged = true, script = [[
    echo "$INSIDE" >>"$MIGRATION/approaches/rewrite.md"; git add "$MIGRATION"]] },
  { name = "commit-inside", inside = true, changes = true, script = [[
    echo "$INSIDE" >>"$MIGRATION/approaches/rewrite.md"; git commit -qam "By hand"]] },
  { name = "switch", script = "git checkout -q other", undo = "git checkout -q main" },
  { name = "switch-force", script = "git checkout -qf other", undo = "git checkout -q main" },
  { name = "switch-and-back", script = "git checkout -qf other && git checkout -q main" },
  { name = "reset", script = "git reset -q --hard" },
  { name = "reset-back", script = "git reset -q --hard HEAD~1", rewinds = true, changes = true },
  { name = "clean", script = "git clean -qfdx" },
  { name = "clean-all", script = "git clean -qffdx" },
  { name = "reset-and-clean", script = "git reset -q --hard && git clean -qffdx" },
  { name = "gc", script = [[
    git reflog expire --expire=now --all; git gc -q --prune=now]] },
  { name = "repack", script = "git repack -qad && git prune --expire=now" },
  { name = "rebase", script = "git rebase -q other; test -d .git/rebase-merge",
    undo = "git rebase --abort" },
  { name = "merge", script = "git merge -q other; test -f .git/MERGE_HEAD",
    undo = "git merge --abort" },
  { name = "stash", script = "git stash push -q --include-untracked" },
  { name = "remove", removes = true, script = 'rm -rf "$MIGRATION"',
    undo = 'git checkout -q HEAD -- "$MIGRATION"' },
}

local M = { list = ACTS, inside = INSIDE, outside = OUTSIDE }

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

--- Writes the script of an act, for the library to run.
---@param place crash.Place
---@param act crash.Act
---@return string path
function M.write(place, act)
  local path = place.path .. "/person"
  local words = {}
  for name, value in pairs(place:env()) do
    if value and name:find("^GIT") or name == "HOME" then
      table.insert(words, name .. "=" .. sh.quote(value))
    end
  end
  os.remove(path .. ".said")
  write(path .. ".look", (LOOK:gsub("SLUG", SLUG)))
  write(path, PERSON:format(sh.quote(place.repo), table.concat(words, " "),
    sh.quote(path .. ".said"), SLUG, INSIDE, OUTSIDE, act.script))
  sh.check { argv = { "chmod", "+x", path } }
  return path
end

return M
