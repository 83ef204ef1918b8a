--- Ways to break the publish, one text for another each, and what must notice it.

---@class crash.Mutation
---@field what string      what is broken
---@field file string
---@field old string       occurs in the file just once
---@field new string
---@field noticed string   a part of a crash run (with a case), or a spec file

local COMMIT <const> = "host/publish_commit.c"
local OBJECTS <const> = "host/publish_objects.c"
local TX <const> = "host/publish_tx.c"
local ACCEPTANCE <const> = "scripts/planning/acceptance.lua"
local WORKSPACE <const> = "scripts/planning/workspace.lua"
local PUBLISH <const> = "scripts/planning/commit.lua"
local LEASE_SPEC <const> = "spec/host/publish_lease_spec.lua"
local PERSON_SPEC <const> = "spec/host/publish_person_spec.lua"
local ODD_SPEC <const> = "spec/host/publish_odd_spec.lua"

---@type crash.Mutation[]
return {
  { what = "staged tree and journal are not synced before the exchange", file = TX,
    noticed = "power/second$", new = ") {", old = [[ ||
        mh_publish_sync_prepared(tx, err) < 0) {]] },
  { what = "the journal is written after that sync", file = TX, noticed = "power/second$",
    old = [[        mh_journal_write(tx->site->journals_fd, tx->label, &tx->journal, err) < 0 ||
        mh_publish_sync_prepared(tx, err) < 0) {]],
    new = [[        mh_publish_sync_prepared(tx, err) < 0 ||
        mh_journal_write(tx->site->journals_fd, tx->label, &tx->journal, err) < 0) {]] },
  { what = "git's file system is not synced before the exchange", file = OBJECTS,
    noticed = "power/second%-two%-disks",
    old = "fds[] = {tx->site->live_fd, tx->site->home_fd, store};",
    new = "fds[] = {tx->site->live_fd};" },
  { what = "nothing is synced before the branch moves", file = COMMIT,
    noticed = "power/second$", old = [[mh_publish_sync_commit(attempt->tx, mh_objects_dirfd(]]
      .. [[attempt->objects), err) < 0 ||
        ]], new = "" },
  { what = "that sync leaves live's file system out", file = OBJECTS,
    noticed = "power/second%-two%-disks",
    old = "fds[] = {store, tx->site->home_fd, tx->site->live_fd};",
    new = "fds[] = {store, tx->site->home_fd};" },
  { what = "the branch's directory is not synced before acknowledging", file = COMMIT,
    noticed = "power/second$",
    old = "mh_os_fsync(site->locks_fd) < 0 || mh_os_fsync(refs) < 0",
    new = "mh_os_fsync(site->locks_fd) < 0 || refs < 0" },
  { what = "the directory that the branch's content came from is not synced", file = COMMIT,
    noticed = "power/second$",
    old = "mh_os_fsync(site->locks_fd) < 0 || mh_os_fsync(refs) < 0",
    new = "mh_os_fsync(refs) < 0" },
  { what = "git's directory, with the index, is not synced", file = COMMIT,
    noticed = "power/second$", old = "return sync_path(mh_repo_gitdir(site->repo), err);",
    new = "return sync_path(\"/\", err);" },
  { what = "the exchange that is taken back is not synced", file = TX,
    noticed = "power/second%-rolled%-back",
    old = "mh_publish_sync_swap(tx, err) < 0 ? -1 : keep_if_edited(tx, MH_STAGED, &tx->next, err);",
    new = "keep_if_edited(tx, MH_STAGED, &tx->next, err);" },
  { what = "the file that our locks of git's are links to is not synced",
    file = "host/repo_lock.c", noticed = "power/first",
    old = "fd < 0 || mh_os_fsync(fd) < 0 || mh_os_fsync(ours_dir) < 0", new = "fd < 0" },
  { what = "an answer is recorded as accepted without its files being synced",
    file = WORKSPACE, noticed = "power/second$",
    old = "local synced, whole, name = tree.sync(workspace.path)",
    new = "local synced, whole, name = true, false, nil" },
  { what = "the record of an accepted answer is not synced", file = ACCEPTANCE,
    noticed = "power/second$", old = "dir:rename(DRAFT, ACCEPTED)",
    new = "dir:write(ACCEPTED, dir:read(DRAFT), { durable = false })" },
  { what = "the name of that record is not synced", file = ACCEPTANCE, noticed = "power/second$",
    old = "  return dir:sync()\n", new = "  return true\n" },
  { what = "objects are written straight into git's directory",
    file = "host/repo_objects.c", noticed = "power/second$",
    old = "mh_path_join(store, objects->quarantine.name) : NULL;",
    new = "mh_path_join(store, \".\") : NULL;" },
  { what = "an object is left empty", file = "host/repo_quarantine.c", noticed = "kill",
    old = "    install.from = mh_path_open_dir(quarantine->fd, name, err);",
    new = [[    {
        char *at = mh_path_join(quarantine->name, name);
        char *line = NULL;

        if (asprintf(&line, "cd /proc/%d/fd/%d/%s && chmod u+w * && for f in *; do : >$f; done",
                     (int)getpid(), quarantine->store, at) < 0 ||
            system(line) != 0) {
            return -1;
        }
    }
    install.from = mh_path_open_dir(quarantine->fd, name, err);]] },
  { what = "an object that git has is trusted to be whole", file = "host/repo_objects.c",
    noticed = ODD_SPEC, old = "    trust_only(loose, objects->odb);",
    new = "    (void)trust_only;" },
  { what = "recovery removes what it should roll forward", file = "host/publish_recover.c",
    noticed = "kill", old = "        return mh_resume_commit(resume, err);",
    new = "        return mh_resume_give_up(resume, err);" },
  { what = "acknowledged before the commit", file = PUBLISH, noticed = "kill",
    old = "  return commit_patiently(tx, hooks.notify)",
    new = [[  io.stdout:write(live:match("[^/]*$"), " ")
  io.stdout:write("pick-best\n")
  io.stdout:flush()
  return commit_patiently(tx, hooks.notify)]] },
  { what = "two renames where an exchange would do", file = "host/publish_swap.c",
    noticed = "kill",
    old = "mh_os_rename(tx->dir, MH_STAGED, live, tx->journal.slug, RENAME_EXCHANGE) == 0",
    new = "(errno = EINVAL) == 0" },
  { what = "git's locks of a dead process are not removed", file = "host/publish_locks.c",
    noticed = "kill", old = "    if (result > 0) {\n        result = mh_git_lock_each(",
    new = "    if (result > 1) {\n        result = mh_git_lock_each(" },
  { what = "the index is left as it was", file = COMMIT, noticed = "kill",
    old = "    if (mh_index_commit(&attempt->index, err) < 0) {\n        return -1;\n    }",
    new = "    mh_index_drop(&attempt->index);" },
  { what = "the record of an answer is removed before it is published", file = PUBLISH,
    noticed = "kill", old = "  local oid, problem, code, advice = carry_out(",
    new = "  os.remove(work.workspace.folder .. \"/accepted\")\n"
      .. "  local oid, problem, code, advice = carry_out(" },
  { what = "live is not compared before the exchange", file = TX, noticed = PERSON_SPEC,
    old = "    equal = mh_publish_compare(tx->site->live_fd, tx->journal.slug, tx->base, err);\n"
      .. "    if (equal <= 0) {", new = "    equal = 1;\n    if (equal <= 0) {" },
  { what = "the displaced tree is not compared after the exchange", file = TX,
    noticed = "edit", old = "    if (equal > 0 && displaced != NULL) {\n        equal =",
    new = "    if (equal > 1 && displaced != NULL) {\n        equal =" },
  { what = "what is removed is not compared once more", file = TX, noticed = ODD_SPEC,
    old = "    int equal = mh_publish_compare(tx->dir, name, want, err);\n\n    if (equal != 0)",
    new = "    int equal = want != NULL && name != NULL;\n\n    if (equal != 0)" },
  { what = "a lock excludes nobody", file = "host/lock.c", noticed = LEASE_SPEC,
    old = "        if (mh_os.lock(fd, F_OFD_SETLK, &whole) == 0) {\n            return 0;",
    new = "        if (whole.l_start == 0) {\n            return 0;" },
  { what = "the branch is moved without a look at where it is", file = COMMIT,
    noticed = ODD_SPEC,
    old = "    unmoved = mh_ref_is_unmoved(site->repo, &attempt->move, err);",
    new = "    unmoved = 1;" },
  { what = "what somebody prunes just before the branch moves is not put back", file = COMMIT,
    noticed = "all-people/step%-repack", new = "settle(attempt, refs, err);",
    old = "keep_objects(attempt, err) < 0 ? -1 : settle(attempt, refs, err);" },
  { what = "everything in the index is committed", file = "host/repo_commit.c",
    noticed = PERSON_SPEC, old = [[
    if (git_oid_fromstr(&update.id, commit->subtree) == 0 &&
        git_commit_tree(&before, parent) == 0 &&]], new = [[
    char at[64];
    git_repository *repo = NULL;
    git_index *index = NULL;
    git_oid all;

    (void)snprintf(at, sizeof at, "/proc/self/fd/%d/..", objects->quarantine.store);
    if (parent != NULL && git_oid_fromstr(&update.id, commit->subtree) == 0 &&
        git_repository_open(&repo, at) == 0 && git_repository_index(&index, repo) == 0 &&
        git_index_write_tree_to(&all, index, repo) == 0 &&
        git_tree_lookup(&before, objects->view, &all) == 0 &&]] },
}
