local changes = require "loop.changes"
local loop = require "spec.support.loop"
local sh = require "spec.support.sh"
local tidy = require "loop.tidy"

describe("a change of the work tree", function()
  it("is all that was done, as one tree", function()
    local site <close> = loop.new()
    local action <close> = site:begin()
    site:shell("echo a >code.txt; rm README; echo n >new; git commit -q -a -m x; echo b >code.txt")
    local change = assert(changes.stage(action))
    assert.same({ { "code.txt", "new" }, { "README" } }, { change.files, change.removed })
    assert.equal(action.head, site.repo:head())
    assert.equal("b", site.repo:git("show", change.tree .. ":code.txt"))
    local again = assert(changes.stage(action))
    assert.equal(change.tree, again.tree)
  end)

  it("takes commits in, and names those that only git's log of the branch has then", function()
    local site <close> = loop.new()
    local action <close> = site:begin()
    site:shell("echo a >code.txt; git commit -q -a -m 'By a person'; echo b >code.txt")
    local oid = site.repo:git("rev-parse", "--short", "HEAD"):gsub("%s", "")
    assert.same({ "code.txt" }, assert(changes.stage(action)).files)
    assert.equal(("what was committed meanwhile becomes part of one commit: %s By a person"):format(
      oid), site:event("warning").text)
    site.events = {}
    assert(changes.stage(action))
    assert.is_nil(site:event("warning"))
  end)

  it("is none where flags hide files: the flags go first", function()
    local site <close> = loop.new()
    local action <close> = site:begin()
    site:shell("git update-index --assume-unchanged code.txt; echo hidden >code.txt")
    assert.same({ "code.txt" }, assert(changes.stage(action)).files)
  end)

  it("is found also where it was made in the second of a commit, at the same size", function()
    local site <close> = loop.new()
    site:shell("touch -d '2026-01-01 12:00:00' code.txt; git add code.txt; git status >/dev/null")
    site:shell("touch -d '2026-01-01 12:00:00' .git/index") -- as if all was of one second
    local action <close> = site:begin()
    os.execute(("touch -d '2026-01-01 12:00:00' %s/git-1/index/index"):format(action.before.place))
    site:shell("echo xyz >code.txt; touch -d '2026-01-01 12:00:00' code.txt; git add README")
    site:shell("echo new >new; git add new")
    assert.same({ "code.txt", "new" }, assert(changes.stage(action)).files)
  end)

  it("may not touch plans, other branches, or what cannot be committed here", function()
    local site <close> = loop.new()
    local sub = loop.new()
    site:shell(("git -c protocol.file.allow=always submodule --quiet add %s sub")
      :format(sh.quote(sub.path)))
    site.repo:commit("Add a submodule")
    sub:close()
    for _, case in ipairs {
      { "echo x >migrations/note", "changed plans.*migrations/note" },
      { "rm migrations/.gitattributes", "changed plans.*gitattributes" },
      { "git init -q nested; git -C nested -c user.name=a -c user.email=a@b commit -q "
        .. "--allow-empty -m x", "left a repository in the work tree: nested" },
      { "git init -q empty", "left a repository in the work tree: empty" },
      { "mkdir src; git init -q src; echo x >src/x; git -C src add x",
        "left a repository in the work tree: src" },
      { "git tag mine", "refs/tags/mine was made" },
      { "git config a.b c", "/.git/config was changed" },
      { "echo x >sub/code.txt", "cannot be committed from here.*sub" },
    } do
      local action <close> = site:begin()
      site:shell(case[1])
      local change, message, name = changes.stage(action)
      assert.same({ nil, "EESCAPED" }, { change, name }, case[1])
      assert.matches(case[2], message)
    end
  end)

  it("is applied again to what was there before", function()
    local site <close> = loop.new()
    local action <close> = site:begin()
    site:shell("echo a >code.txt; rm README; mkdir -p deep/er; echo n >deep/er/new\n"
      .. "chmod +x code.txt")
    local change = assert(changes.stage(action))
    local picture = site.repo:git("status", "--porcelain")
    assert(action:undo())
    assert.equal("", site.repo:status())
    local again = assert(changes.apply(action, change.tree))
    assert.same(change, again)
    assert.equal(picture, site.repo:git("status", "--porcelain"))
    assert.equal("n\n", site.repo:read("deep/er/new"))
  end)

  it("is not what a validation leaves", function()
    local site <close> = loop.new()
    local action <close> = site:begin()
    site:shell("echo a >code.txt")
    local change = assert(changes.stage(action))
    site:shell("echo b >code.txt; rm README; mkdir -p out/deep; echo x >out/deep/x\n"
      .. "mkdir build; : >build/o")
    assert(tidy.run(action, action.ctx.run.path, ""))
    assert(changes.check_after(action, change))
    for _, script in ipairs { "git commit -q -m x", "git reset -q", "git branch mine" } do
      site:shell(script)
      local fine, message, name = changes.check_after(action, change)
      assert.same({ nil, "EESCAPED" }, { fine, name }, script)
      assert.matches("the validation did what only a person may do", message)
      assert(action:undo())
      assert(changes.apply(action, change.tree))
    end
  end)

  it("is committed with what is mighost's own, and with the repository's hooks", function()
    local site <close> = loop.new()
    local hook = site.repo:write(".git/hooks/commit-msg",
      "#!/bin/sh\nprintf '\\nHooked: yes\\n' >>\"$1\"; echo said >&2\n")
    site:shell("chmod +x " .. hook)
    local action <close> = site:begin()
    site:shell("echo a >code.txt")
    assert(changes.stage(action))
    local oid, hooked = changes.commit(action, "Subject\n\nBody\n",
      { ["migrations/own.json"] = "{}\n" }, action.ctx.run.path)
    assert.equal(site.repo:head(), oid)
    assert.same({}, hooked)
    assert.equal("Subject\n\nBody\n\nHooked: yes",
      (site.repo:git("log", "-1", "--format=%B"):gsub("%s+$", "")))
    assert.equal("M\tcode.txt\nA\tmigrations/own.json",
      site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
    assert(action:finish())
  end)

  it("is not committed where a hook commits once more", function()
    local site <close> = loop.new()
    local hook = site.repo:write(".git/hooks/post-commit", "#!/bin/sh\n"
      .. "git commit-tree -p HEAD -m x HEAD^{tree} | xargs git update-ref HEAD\n")
    site:shell("chmod +x " .. hook)
    local picture = loop.picture(site.path)
    local action <close> = site:begin()
    site:shell("echo a >code.txt")
    assert(changes.stage(action))
    local oid, message, name = changes.commit(action, "Subject\n", {}, action.ctx.run.path)
    assert.same({ nil, "EESCAPED" }, { oid, name })
    assert.equal("a hook moved the branch while mighost committed", message)
    assert(action:abandon())
    assert.equal(picture, loop.picture(site.path))
  end)

  it("is not committed where a hook changes a plan or the branch", function()
    for _, body in ipairs { "echo x >migrations/note; git add migrations/note",
      "git commit-tree -p HEAD -m x HEAD^{tree} | xargs git update-ref HEAD" } do
      local site <close> = loop.new()
      local hook = site.repo:write(".git/hooks/pre-commit", "#!/bin/sh\n" .. body .. "\n")
      site:shell("chmod +x " .. hook)
      local head = site.repo:head()
      local action <close> = site:begin()
      site:shell("echo a >code.txt")
      assert(changes.stage(action))
      local oid, message, name = changes.commit(action, "Subject\n", {}, action.ctx.run.path)
      assert.is_nil(oid)
      assert.is_truthy(name == "EESCAPED" or name == "EHOOK", message)
      assert(action:abandon())
      assert.equal(head, site.repo:head())
      assert.equal("", site.repo:status())
    end
  end)
end)
