local attempt = require "loop.attempt"
local loop = require "spec.support.loop"
local sh = require "spec.support.sh"

local STATUS <const> = [[
cat <<'END'
BEGIN_MIGHOST_STATUS
%s
END_MIGHOST_STATUS
END]]

local function status(lines)
  return STATUS:format(lines)
end

local function run(site, opts, target)
  local ctx = site:context(opts)
  return attempt.run(ctx, target or { description = "tidy code.txt", files = { "code.txt" } },
    { attempt = 1 }), ctx
end

describe("a refactoring attempt", function()
  it("is one commit of just what the agent changed", function()
    local site <close> = loop.new()
    local head = site.repo:head()
    local outcome = assert(run(site, { agent = "echo new >code.txt; echo more >added; rm README\n"
      .. status "commit_rationale: It was old.\nsummary: Ready to commit." }))
    assert.same({ "commit", "none", "none" },
      { outcome.decision, outcome.retry, outcome.failure_kind })
    assert.equal(site.repo:head(), outcome.commit)
    assert.equal(head, site.repo:git("rev-parse", "HEAD^"))
    assert.equal("mighost: tidy code.txt\n\nWhy:\nIt was old.\n\nValidation:\nsh check.sh",
      site.repo:git("log", "-1", "--format=%B"):gsub("%s+$", ""))
    assert.equal("D\tREADME\nA\tadded\nM\tcode.txt",
      site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
    assert.equal("", site.repo:status())
    assert.is_false(site.repo.dir:exists(".git/mighost/action-main.json"))
  end)

  it("folds the agent's own commits, staged and ignored files in", function()
    local site <close> = loop.new()
    local head = site.repo:head()
    local outcome = assert(run(site, { agent = [[
      echo a >code.txt; git commit -q -a -m one; echo b >new; git add new; git commit -q -m two
      mkdir build; echo forced >build/kept; git add -f build/kept; echo other >build/not
      echo hi]] }))
    assert.equal("commit", outcome.decision)
    assert.equal("A\tbuild/kept\nM\tcode.txt\nA\tnew",
      site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
    assert.equal(head, site.repo:git("rev-parse", "HEAD^"))
    assert.equal("", site.repo:status())
    assert.equal("other\n", site.repo:read("build/not"))
  end)

  it("without any change is not a failure, and no commit", function()
    local site <close> = loop.new()
    local head = site.repo:head()
    local outcome = assert(run(site, { agent = "echo nothing to do" }))
    assert.same({ "unchanged", "none" }, { outcome.decision, outcome.retry })
    assert.equal(head, site.repo:head())
  end)

  it("that is red is put back, its change kept as a patch", function()
    local site <close> = loop.new()
    site.repo:write("build/old.o", "object\n")
    local picture = loop.picture(site.path)
    local outcome, ctx = run(site,
      { agent = "echo broken >code.txt; echo x >build/old.o; echo hi" })
    assert.same({ "abandon", "new-target", "validation", "validation-failed" },
      { outcome.decision, outcome.retry, outcome.role, outcome.failure_kind })
    assert.matches("code.txt is broken", outcome.summary)
    assert.equal(picture, loop.picture(site.path))
    local patch <close> = assert(io.open(ctx.run.path .. "/attempt-001/refactor/rejected.patch"))
    assert.matches("+broken", patch:read("a"), 1, true)
  end)

  it("is tried again with what went wrong, up to the attempts allowed", function()
    local site <close> = loop.new()
    local agent = ([[
      case $MIGHOST_VISIT in
      1) echo broken >code.txt; echo left >behind; %s
        ;;
      *) test ! -e behind; echo mended >code.txt; echo done ;;
      esac]]):format(status "next_retry_focus: the second line")
    local outcome, ctx = run(site, { agent = agent,
      settings = { max_attempts = 3, fix_prompt = "Mend it gently." } })
    assert.same({ "commit", 2 }, { outcome.decision, outcome.retry_number })
    local file <close> = assert(io.open(ctx.run.path .. "/attempt-001/retry-02/refactor/got.md"))
    local prompt = file:read("a")
    for _, words in ipairs { "code.txt is broken", "the second line", "Mend it gently.",
      "sh check.sh", "tidy code.txt" } do
      assert.is_truthy(prompt:find(words, 1, true), words)
    end
    assert.is_truthy(site:event("retrying"))
  end)

  it("does what the agent's status block asks for", function()
    local site <close> = loop.new()
    local cases = {
      { "decision: abandon\nsummary: not worth it", { "abandon", "new-target" } },
      { "decision: abandon\nretry_recommendation: human-review", { "abandon", "human-review" } },
      { "decision: blocked\nsummary: who decides?", { "blocked", "human-review" } },
      { "decision: retry", { "abandon", "new-target" } },
      { "decision: perhaps", { "commit", "none" } },
    }
    for _, case in ipairs(cases) do
      local head = site.repo:head()
      local outcome = assert(run(site, { agent = "date +%N >code.txt\n" .. status(case[1]) }))
      assert.same(case[2], { outcome.decision, outcome.retry }, case[1])
      assert.equal(outcome.decision == "commit", head ~= site.repo:head())
      assert.equal("", site.repo:status())
      if outcome.decision ~= "commit" then
        assert.equal("agent-requested-transition", outcome.failure_kind)
      end
    end
  end)

  it("whose agent or validation fails is put back", function()
    local site <close> = loop.new()
    local cases = {
      { { agent = "echo x >code.txt; exit 3" }, "refactor", "agent-exited-nonzero" },
      { { agent = "echo x >code.txt; echo y >z; sleep 30", settings = { timeout = 0.5 } },
        "refactor", "timeout" },
      { { agent = "echo x >code.txt; echo hi", settings = { validation = { "/nowhere" } } },
        "validation", "validation-infra-failure" },
      { { agent = "echo x >code.txt; git branch mine; echo hi" }, "refactor",
        "agent-infra-failure" },
      { { agent = "echo x >migrations/x; echo hi" }, "refactor", "agent-infra-failure" },
      { { agent = "echo x >code.txt; echo hi",
        validation = "git config a.b c; git tag mine; true" }, "refactor", "agent-infra-failure" },
    }
    for index, case in ipairs(cases) do
      site.repo:status() -- git notes times of files that were put back, which is not a difference
      local picture = loop.picture(site.path)
      local outcome = assert(run(site, case[1]))
      assert.same({ "abandon", "new-target", case[2], case[3] },
        { outcome.decision, outcome.retry, outcome.role, outcome.failure_kind }, tostring(index))
      assert.equal(picture, loop.picture(site.path), tostring(index))
    end
  end)

  it("undoes what the validation leaves, and commits what was validated", function()
    local site <close> = loop.new()
    local outcome = assert(run(site, { agent = "echo new >code.txt; echo hi",
      validation = "echo formatted >>code.txt; mkdir -p out; echo x >out/report\n"
        .. "mkdir build; : >build/o" }))
    assert.equal("commit", outcome.decision)
    assert.equal("new\n", site.repo:read("code.txt"))
    assert.is_false(site.repo.dir:exists("out"))
    assert.is_true(site.repo.dir:exists("build/o"))
    assert.equal("", site.repo:status())
    assert.matches("code.txt", site:event("warning").text)
  end)

  it("keeps to the repository's hooks: a refusal is red, what they add is committed", function()
    local site <close> = loop.new()
    local hook = site.repo:write(".git/hooks/pre-commit",
      "#!/bin/sh\ngrep -q forbidden code.txt && { echo no such word >&2; exit 1; }\n"
      .. "echo hooked >hooked; git add hooked; echo rest >left; echo more >>README\n")
    sh.check { argv = { "chmod", "+x", hook } }
    local picture = loop.picture(site.path)
    local outcome = run(site, { agent = "echo forbidden >code.txt; echo hi" })
    assert.same({ "abandon", "validation", "validation-failed" },
      { outcome.decision, outcome.role, outcome.failure_kind })
    assert.matches("no such word", outcome.why)
    assert.equal(picture, loop.picture(site.path))
    outcome = assert(run(site, { agent = "echo fine >code.txt; echo hi" }))
    assert.equal("commit", outcome.decision)
    assert.equal("M\tcode.txt\nA\thooked", site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
    assert.equal("", site.repo:status())
  end)

  it("is recorded with the files that it touched, and replayed", function()
    local site <close> = loop.new()
    local recorded = site.home:join("recorded")
    local outcome = assert(run(site, { settings = { record = recorded },
      agent = "echo new >code.txt; mkdir deep; echo x >deep/added; rm README; echo hi" }))
    assert.equal("commit", outcome.decision, outcome.summary)
    assert.equal("3 files changed", outcome.summary)
    local tree = site.repo:git("rev-parse", "HEAD^{tree}")
    site.repo:git("reset", "-q", "--hard", "HEAD^")
    outcome = assert(run(site, { settings = { with = "replay", recording = recorded,
      strict = true } }))
    assert.equal("commit", outcome.decision, outcome.summary)
    assert.equal(tree, site.repo:git("rev-parse", "HEAD^{tree}"))
  end)

  it("does not start where something is uncommitted", function()
    local site <close> = loop.new()
    site.repo:write("mine", "work of a person\n")
    local outcome = assert(run(site, { agent = "echo x >code.txt; echo hi" }))
    assert.same({ "blocked", "human-review", "EDIRTY" },
      { outcome.decision, outcome.retry, outcome.name })
    assert.matches("mine", outcome.summary)
    assert.same({}, site:calls())
  end)
end)
