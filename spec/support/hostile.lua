--- A repository that is hard to put back exactly, and agents that do their worst to it.

local git = require "spec.support.git"
local sh = require "spec.support.sh"

local M = {}

local BUILD <const> = [[
git config core.autocrlf true
git config filter.blob.clean 'sed s/^CONTENT:.*/POINTER/'
git config filter.blob.smudge 'sed s/POINTER/CONTENT:smudged/'
git config protocol.file.allow always
printf '*.bin filter=blob -text\n*.id ident\n*.sh text eol=lf\n' >.gitattributes
printf '/build/\n*.log\n' >.gitignore
mkdir -p src/deep 'odd names' tools build/obj empty/dir
printf 'int main;\r\n' >src/main.c
printf 'lf only\n' >src/lf.c
printf 'CONTENT:original bytes\n' >data.bin
printf '$Id$\n' >version.id
printf '#!/bin/sh\n' >tools/run.sh && chmod 755 tools/run.sh
printf 'private\n' >src/private.h && chmod 640 src/private.h
printf 'x' >'odd names/a "quoted"
name' && printf y >'odd names/-dash' && printf z >'odd names/é'
ln -s ../src/main.c tools/link
ln -s nowhere dangling
git -c protocol.file.allow=always submodule --quiet add "$SUB" sub 2>/dev/null
git add -A 2>/dev/null
git commit -q -m "A hard one"
printf 'CONTENT:original bytes\n' >data.bin
printf 'lf only\n' >src/lf.c
git add -A 2>/dev/null; git status >/dev/null
git branch side; git tag mark
echo stashed >>src/main.c; git stash -q; printf 'int main;\r\n' >src/main.c
printf 'object\0code' >build/obj/main.o && chmod 600 build/obj/main.o
printf 'big' >build/big; ln -s obj build/latest; mkfifo build/pipe
printf 'log\n' >run.log
printf 'assumed\n' >assumed && printf 'skipped\n' >skipped
git add assumed skipped && git commit -q -m "Two more"
git update-index --assume-unchanged assumed && echo local >>assumed
git update-index --skip-worktree skipped && echo local >>skipped
printf 'ignored in sub\n' >sub/own.log
echo '*.log' >>"$(git -C sub rev-parse --git-path info/exclude)"
]]

--- Makes such a repository of a scratch one.
---@param repo spec.Repo
---@return spec.Repo sub  where its submodule comes from; to be closed
function M.build(repo)
  local sub = git.repo()
  sub:write("lib.c", "lib\n")
  sub:commit("A library")
  sh.check { argv = { "sh", "-euc", BUILD }, cwd = repo.path,
    env = { SUB = sub.path, GIT_CONFIG_GLOBAL = "/dev/null", GIT_CONFIG_NOSYSTEM = "1" } }
  return sub
end

--- What agents do, as shell text to be run in the work tree.
M.deeds = {
  ["edits everything in place"] = [[
    find . -name .git -prune -o -type f -print0 | xargs -0 -n 1 sh -c 'echo evil >>"$0"'
  ]],
  ["keeps sizes and times"] = [[
    for f in src/main.c build/obj/main.o assumed; do
      touch -r "$f" ../ref 2>/dev/null || touch -r "$f" /tmp/ref.$$
      tr 'a-z' 'b-za' <"$f" >t.$$; cat t.$$ >"$f"; rm t.$$; touch -r /tmp/ref.$$ "$f"
    done; rm -f /tmp/ref.$$
  ]],
  ["removes everything"] = [[ rm -rf ./* .gitignore .gitattributes ]],
  ["changes permissions"] = [[
    chmod 777 src/private.h; chmod 644 tools/run.sh; chmod 700 src; chmod 000 build/obj/main.o
    chmod 000 build; chmod 555 tools
  ]],
  ["exchanges kinds"] = [[
    rm -rf src build; ln -s /etc src; echo file >build; rm tools/link; mkdir tools/link
    echo x >tools/link/x; rm dangling; echo no link >dangling; rm -r 'odd names'; mkfifo 'odd names'
  ]],
  ["leaves new things"] = [[
    mkdir -p new/deep && echo n >new/deep/file; git init -q nested; echo i >nested/in
    echo x >build/more; mkdir sub/new; echo y >sub/new/file; echo log >more.log; ln -s / everything
    mkdir locked && echo z >locked/in && chmod 000 locked
  ]],
  ["works with git"] = [[
    echo a >>src/main.c; git add -A; git commit -q -m "Mine"; git branch mine; git tag -d mark
    git branch -f side HEAD; git stash drop -q; echo b >>src/main.c; git stash -q
    git switch -q -c other; git rm -q -r tools; git commit -q -m "Other"
    git update-index --no-assume-unchanged assumed; git update-index --assume-unchanged .gitignore
    echo '*.c' >>.git/info/exclude 2>/dev/null || true
  ]],
  ["rewrites history"] = [[
    git commit -q --amend -m "Never happened"; git reset -q --hard HEAD~1; git clean -qfdx
    git pack-refs --all
  ]],
  ["is in the middle of a merge"] = [[
    git switch -q side; echo side >>src/deep-side; git add -A; git commit -q -m s
    echo s >>.gitignore; git commit -q -a -m s2; git switch -q -; echo m >.gitignore
    git commit -q -a -m m; git merge side || true
  ]],
  ["is in the middle of a rebase"] = [[
    echo r >>.gitignore; git commit -q -a -m r
    GIT_SEQUENCE_EDITOR='sed -i 1ibreak' git rebase -i HEAD~1
  ]],
  ["leaves locks"] = [[
    d=$(git rev-parse --absolute-git-dir); : >"$d/index.lock"; : >"$d/HEAD.lock"
    : >"$(git rev-parse --git-common-dir)/refs/heads/$(git symbolic-ref --short HEAD).lock"
  ]],
  ["breaks the index"] = [[ echo rubbish >"$(git rev-parse --git-path index)" ]],
  ["works in the submodule"] = [[
    cd sub; echo evil >>lib.c; rm own.log; git -c user.name=a -c user.email=a@b commit -q -a -m evil
    git switch -q -c mine; rm .git; cd ..; rm -rf sub/lib.c
  ]],
  ["removes the submodule"] = [[
    git submodule deinit -q -f sub; rm -rf sub; git rm -q --cached sub
  ]],
  ["opens the sparse checkout"] = [[ git sparse-checkout disable 2>/dev/null || true; echo x >x ]],
  ["does nothing"] = [[ true ]],
}

--- Their names, sorted.
M.names = {}
for name in pairs(M.deeds) do
  table.insert(M.names, name)
end
table.sort(M.names)

return M
