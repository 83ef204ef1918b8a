--- After an action that failed everything is byte for byte what it was, whatever the agent did and
--- whatever the repository is like; one that succeeded is a commit of what the agent changed.

local attempt = require "loop.attempt"
local git = require "spec.support.git"
local hostile = require "spec.support.hostile"
local loop = require "spec.support.loop"
local sh = require "spec.support.sh"

local function shell(path, script)
  sh.check { argv = { "sh", "-euc", script }, cwd = path, env = git.env }
end

local function run(site, opts)
  local target = { description = "tidy", files = {} }
  return assert(attempt.run(site:context(opts), target, { attempt = 1 }))
end

--- A repository that is hard to put back, whose attempts are red whatever an agent does.
local function hard()
  local site = loop.new()
  local sub = hostile.build(site.repo)
  sub:close()
  return site
end

local function expect_exact(site, name, validation)
  site.repo:status() -- notes times of files, which the index keeps
  local picture = loop.picture(site.path)
  local outcome = run(site, { agent = ("(%s\n) || true; echo done"):format(hostile.deeds[name]),
    validation = validation or "exit 1" })
  assert.is_true(outcome.decision == "abandon" or outcome.decision == "unchanged",
    name .. ": " .. tostring(outcome.summary))
  assert.equal(picture, loop.picture(site.path), name)
  local warning = site:event "warning"
  assert.is_nil(warning and warning.text:match("could not be put back"))
end

describe("a failed attempt in a repository with submodules, filters and links", function()
  local site

  lazy_setup(function()
    site = hard()
  end)

  lazy_teardown(function()
    site:close()
  end)

  for _, name in ipairs(hostile.names) do
    it("leaves no trace of an agent who " .. name, function()
      expect_exact(site, name)
    end)
  end

  it("leaves no trace of a validation that does the same", function()
    for _, name in ipairs { "edits everything in place", "changes permissions", "works with git",
      "leaves new things" } do
      local body = ("(%s\n) || true"):format(hostile.deeds[name])
      site.repo:status()
      local picture = loop.picture(site.path)
      local outcome = run(site, { agent = "echo more >>.gitignore; echo done",
        validation = body .. "; exit 1" })
      assert.same({ "abandon", "validation-failed" },
        { outcome.decision, outcome.failure_kind }, name)
      assert.equal(picture, loop.picture(site.path), name)
    end
  end)
end)

describe("a failed attempt in a linked work tree", function()
  it("leaves no trace, here or in the first one", function()
    local site <close> = hard()
    local other = site.home:join("linked")
    shell(site.path, ("git worktree add -q -b linked %s"):format(sh.quote(other)))
    local linked = loop.attach(other, site.home.path)
    site.repo:write("mine", "a person's work\n")
    site.repo:status()
    local first = loop.picture(site.path)
    for _, name in ipairs { "removes everything", "edits everything in place", "leaves new things",
      "changes permissions", "leaves locks", "breaks the index", "rewrites history" } do
      expect_exact(linked, name)
      site.repo:status()
    end
    local function without_index(picture)
      return (picture:gsub("%x+  %-\n", ""))
    end
    assert.equal(without_index(first), without_index(loop.picture(site.path)))
  end)
end)

describe("a failed attempt in a sparse checkout", function()
  it("leaves no trace, and opens nothing", function()
    local site <close> = loop.new()
    shell(site.path, [[mkdir in out; echo in >in/file; echo out >out/file; git add -A
      git commit -q -m "Two folders"; git sparse-checkout set --cone in migrations .mighost]])
    assert.is_false(site.repo.dir:exists("out"))
    for _, name in ipairs { "opens the sparse checkout", "edits everything in place",
      "works with git", "removes everything" } do
      expect_exact(site, name)
    end
    site.repo:status()
    local outcome = run(site, { agent = "mkdir -p out; echo x >out/more; echo done" })
    assert.same({ "abandon", "agent-infra-failure" }, { outcome.decision, outcome.failure_kind })
    assert.is_false(site.repo.dir:exists("out"))
    outcome = run(site, { agent = "echo new >in/file; echo done" })
    assert.equal("commit", outcome.decision)
    assert.equal("M\tin/file", site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
    assert.equal("out", site.repo:git("show", "HEAD:out/file"))
    assert.is_false(site.repo.dir:exists("out"))
    assert.equal("", site.repo:status())
  end)
end)

describe("a commit of an attempt", function()
  it("has what the agent changed, through the repository's filters, and nothing else", function()
    local site <close> = hard()
    local outcome = run(site, { validation = "true", agent = [[
      printf 'int other;\r\n' >src/main.c; printf 'CONTENT:mine\n' >data.bin
      chmod 644 tools/run.sh; rm dangling; ln -s elsewhere tools/new; echo kept >build/kept
      echo hidden >>assumed; echo done]] })
    assert.equal("commit", outcome.decision, outcome.summary)
    -- What a person hid from git with --assume-unchanged stays hidden.
    assert.equal("D\tdangling\nM\tsrc/main.c\nA\ttools/new\nM\ttools/run.sh",
      site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
    assert.equal("int other;\n", sh.check { cwd = site.path,
      argv = { "git", "cat-file", "blob", "HEAD:src/main.c" } })
    assert.equal("", site.repo:status())
    assert.equal("local\n", site.repo:read("skipped"):match("local\n"))
  end)

  it("is signed where the repository has that configured", function()
    local site <close> = loop.new()
    local signer = site.home:write("sign", "#!/bin/sh\ncat >/dev/null\n"
      .. "printf '\\n[GNUPG:] SIG_CREATED \\n' >&2\nprintf -- '-----BEGIN PGP SIGNATURE-----\\n"
      .. "spec\\n-----END PGP SIGNATURE-----\\n'\n")
    shell(site.path, ("chmod +x %s; git config gpg.program %s; git config commit.gpgSign true")
      :format(sh.quote(signer), sh.quote(signer)))
    local outcome = run(site, { agent = "echo new >code.txt; echo done" })
    assert.equal("commit", outcome.decision, outcome.summary)
    assert.matches("gpgsig %-%-%-%-%-BEGIN PGP SIGNATURE", site.repo:git("cat-file", "-p", "HEAD"))
    shell(site.path, "git config gpg.program false")
    local head = site.repo:head()
    outcome = run(site, { agent = "echo newer >code.txt; echo done" })
    assert.same({ "abandon", "validation-failed" }, { outcome.decision, outcome.failure_kind })
    assert.equal(head, site.repo:head())
    assert.equal("", site.repo:status())
  end)
end)

describe("an agent that is confined", function()
  it("changes the work tree, but neither git nor the plans", function()
    local level, abi = require("host.sys").sandbox()
    if level ~= "full" then
      pending(("this system has Landlock ABI %d"):format(abi))
    end
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local script = site.home:write("confined.sh", [[
#!/bin/sh
cat >/dev/null
echo new >code.txt
for file in .git/config migrations/move/plan.md "$0"; do
  (echo x >>"$file") 2>/dev/null && echo "reached $file"
done
echo done
]])
    shell(site.path, "chmod +x " .. sh.quote(script))
    local ctx = site:context { settings = { sandbox = "require", agent_command = script } }
    local outcome = assert(attempt.run(ctx, { description = "tidy", files = {} }, {}))
    local file <close> = assert(io.open(ctx.run.path .. "/attempt-001/refactor/answer.md"))
    local answer = file:read("a")
    assert.is_falsy(answer:find("confined.sh", 1, true), answer)
    if answer == "done\n" then -- read-only mounts can be had here
      assert.equal("commit", outcome.decision, outcome.summary)
      assert.equal("new\n", site.repo:read("code.txt"))
    else
      assert.same({ "abandon", "agent-infra-failure" },
        { outcome.decision, outcome.failure_kind })
    end
    assert.equal("", site.repo:status())
    assert.equal("# Plan\n", site.repo:read("migrations/move/plan.md"))
    assert.is_falsy(site.repo:read(".git/config"):find("\nx\n", 1, true))
  end)
end)
