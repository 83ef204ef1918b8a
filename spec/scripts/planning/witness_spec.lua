local project = require "spec.support.project"
local sh = require "spec.support.sh"
local witnesses = require "planning.witness"

local FULL <const> = "full: Landlock ABI 7"
local PARTIAL <const> = "partial: Landlock ABI 2"

--- What a shell script in the repository's root is told to have done; nil where nothing.
local function blame(p, script, sandbox, opts)
  opts = opts or {}
  opts.project, opts.kind = p:open(), opts.kind or "planning"
  local witness = assert(witnesses.take(opts))
  sh.check { argv = { "sh", "-euc", script }, cwd = p.path, env = p:env() }
  local ok, message, name, fix = witness:compare(sandbox)
  if ok then
    return nil
  end
  assert.equal("EESCAPED", name)
  assert.equal("git status", fix)
  return (message:gsub("^the agent reached beyond its work %a+: ", ""))
end

local function make()
  local p = project.new()
  p.repo:write("src/main.c", "int main;\n")
  p.repo:write("notes.txt", "not tracked yet\n")
  p.repo:git("add", "src")
  p.repo:git("commit", "-q", "-m", "Source")
  p:plan { "alpha", "--target", "T" }
  return p
end

describe("planning.witness", function()
  it("sees nothing where nothing was done, and reading does nothing", function()
    local p <close> = make()
    for _, script in ipairs { "true", "git status; git diff; git log -p; cat src/*; ls -lR" } do
      for _, sandbox in ipairs { "none", FULL, PARTIAL } do
        assert.is_nil(blame(p, script, sandbox))
        assert.is_nil(blame(p, script, sandbox, { kind = "work" }))
      end
    end
  end)

  it("blames an agent that nothing confines for everything", function()
    local p <close> = make()
    assert.equal("files: README changed, src/new added",
      blame(p, "echo x >README; echo x >src/new", "none"))
    assert.equal("refs: .git/refs/heads/main changed; the index: README staged",
      blame(p, "git add -u; git commit -qm x", nil))
  end)

  it("lets people work beside an agent that is confined", function()
    local p <close> = make()
    for _, script in ipairs {
      "echo mine >>README; echo more >>src/main.c; rm notes.txt; mkdir new; echo x >new/x",
      "git add -A; git commit -qm Mine; git branch topic; git tag v1; git gc -q",
      "git switch -q -c side; echo y >src/main.c; git commit -qam Side; git switch -q main",
      "echo x >>migrations/alpha/manifest.json; git checkout -q migrations; git stash -q || true",
      "git config user.name Me; echo x >.git/hooks/post-commit; rm .git/hooks/post-commit",
      "mv src lib; cp -a lib src; rm -r lib; ln README hard; ln -s README soft",
      "printf 'INT MAIN;\n' >src/main.c", "cat README >x; cat x >README; rm x; touch notes.txt",
    } do
      assert.is_nil(blame(p, script, FULL), script)
      p.repo:git("checkout", "-q", "-f", "main")
    end
  end)

  it("blames it for what no kernel keeps it from", function()
    local p <close> = make()
    for script, expected in pairs {
      ["chmod +x src/main.c"] = "files: src/main.c permissions changed",
      ["chmod 700 src"] = "files: src permissions changed",
      ["touch -d 2001-01-01 notes.txt"] = "files: notes.txt times changed",
      ["chmod 600 notes.txt; chmod 644 notes.txt"] = "files: notes.txt attributes changed",
      ["chmod 600 .git/index"] = "the index: .git/index permissions changed",
      ["echo x >hook; chmod +x .git/hooks/none 2>/dev/null || chmod 600 .git/config"] =
        "config: .git/config permissions changed (put back)",
    } do
      assert.equal(expected, blame(p, script, FULL))
      p.repo:git("checkout", "-q", "-f", "main")
      sh.check { argv = { "sh", "-c", "chmod 755 src; chmod 644 notes.txt; rm -f hook" },
        cwd = p.path }
    end
  end)

  it("blames it for a truncation where the kernel is too old to prevent that", function()
    local p <close> = make()
    assert.equal("files: src/main.c changed", blame(p, ": >src/main.c", PARTIAL))
    assert.is_nil(blame(p, "echo long long long >src/main.c", PARTIAL))
    assert.equal("config: .git/config changed (put back)", blame(p, ": >.git/config", PARTIAL))
    assert.is_nil(blame(p, ": >src/main.c", FULL))
  end)

  it("trusts no sandbox that leaves the work tree open", function()
    local p <close> = make()
    assert.equal("files: README changed",
      blame(p, "echo x >>README", FULL, { allow = { p.repo.path } }))
    assert.is_nil(blame(p, "mkdir own; echo x >own/x", FULL, { allow = { p.path .. "/own" } }))
  end)

  it("lets a phase work in the work tree, and nowhere else", function()
    local p <close> = make()
    local work = { kind = "work" }
    assert.is_nil(blame(p, "echo x >src/new; rm README; git add -A; git commit -qm x; git mv src s",
      FULL, work))
    p.repo:git("reset", "-q", "--hard")
    assert.equal("migration alpha: migrations/alpha/manifest.json changed",
      blame(p, "echo x >migrations/alpha/manifest.json", FULL, work))
    p.repo:git("reset", "-q", "--hard")
    assert.equal("config: .git/config changed (put back); refs: .git/refs/heads/topic added",
      blame(p, "git branch topic; git config a.b c", FULL, work))
    assert.equal("HEAD: .git/HEAD changed", blame(p, "git symbolic-ref HEAD refs/heads/topic", FULL,
      work))
  end)
end)
