local json = require "lib.json"
local program = require "spec.support.program"
local project = require "spec.support.project"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

-- What a reviewer does who decides, in the work dir.
local RESOLVE <const> = [[sed -i \
  -e 's/"awaiting_human_review": .*/"awaiting_human_review": false,/' \
  -e 's/"human_review_reason": .*/"human_review_reason": null,/' manifest.json]]

local function manifest_of(p)
  return json.decode(p:read("alpha/manifest.json"))
end

--- A project whose plan waits for a person.
local function waiting(opts)
  local p = project.new(opts)
  local result = p:plan({ "alpha", "--target", "T", "--to-end", "--quiet" },
    { env = { PLANNER_DECISION = "approve-needs-human - a format changes" } })
  assert(result.exit == 3, result.stderr)
  return p
end

--- Reviews with a shell script as the agent; what it is given on standard input is kept.
local function review(p, body, ...)
  local agent = p.home:write("reviewer.sh", "#!/bin/sh\nset -eu\n" .. body .. "\n")
  sh.check { argv = { "chmod", "+x", agent } }
  return p:review({ "alpha", ... }, { agent = agent })
end

--- It must have ended so and published nothing.
local function expect_unpublished(p, code, pattern, result)
  assert.equal(code, result.exit, result.stderr)
  assert.matches(pattern, result.stderr)
  assert.equal("mighost: planning/alpha/final-review", p:subjects()[#p:subjects()])
  assert.is_true(manifest_of(p).awaiting_human_review)
  assert.same({}, p:problems())
end

--- The copy that was left, which the command names.
local function copy_of(result)
  return assert(result.stderr:match("workspace: (%S+)"), result.stderr)
end

describe("mighost migration review", function()
  it("publishes what was decided and changed, as one commit", function()
    local p <close> = waiting()
    local result = review(p, "printf '\\nDecided: yes.\\n' >>plan.md\n" .. RESOLVE)
    assert.equal(0, result.exit, result.stderr)
    assert.matches("^human%-review +resolved +%x+ .* resolved: a format changes\n$", result.stdout)
    local manifest = manifest_of(p)
    assert.same({ "ready", false, json.null, "part-1" }, { manifest.status,
      manifest.awaiting_human_review, manifest.human_review_reason, manifest.current_phase })
    assert.matches("Decided: yes", p:read("alpha/plan.md"))
    assert.matches("^mighost: review/alpha\n\nWhy:\nresolved: a format changes\n\n"
      .. "Publish%-Id: %x+\n", p.repo:git("log", "-1", "--format=%B"))
    assert.same({}, p:problems())
    assert.equal(0, p:run({ "migration", "doctor", "--all" }).exit)
    assert.matches("\tno\t", p:run({ "migration", "list", "--no-headers" }).stdout)
  end)

  it("runs in the copy, with prompt and places in the environment", function()
    local p <close> = waiting()
    local result = review(p, "pwd >\"$HOME/where\"; cp \"$MIGHOST_PROMPT\" \"$HOME/asked\"\n"
      .. "env | grep ^MIGHOST_ | sort >\"$HOME/env\"\n" .. RESOLVE)
    assert.equal(0, result.exit, result.stderr)
    local work = p.home:read("where"):gsub("\n", "")
    local env = p.home:read("env")
    assert.matches("\nMIGHOST_WORK_DIR=" .. work .. "\n", env, 1, true)
    assert.matches("\nMIGHOST_ROLE=review\n", env, 1, true)
    assert.matches("\nMIGHOST_STAGE=human-review\n", env, 1, true)
    assert.is_nil(work:find(p.path, 1, true))
    local asked = p.home:read("asked")
    for _, words in ipairs { "Stage: human-review\nTarget: T\nStaged work dir: " .. work
      .. "\nLive migration dir: " .. p.path .. "/migrations/alpha\n", "\na format changes\n",
      "awaiting_human_review", "## Taste" } do
      assert.is_truthy(asked:find(words, 1, true), words)
    end
  end)

  it("attaches the agent to the terminal", function()
    local p <close> = waiting()
    local agent = p.home:write("reviewer.sh", "#!/bin/sh\nset -eu\n"
      .. "test -t 0; test -t 1; test -t 2\nread -r answer; test \"$answer\" = approve\n"
      .. RESOLVE .. "\n")
    sh.check { argv = { "chmod", "+x", agent } }
    local words = {}
    for _, word in ipairs { program.exe, "migration", "review", "alpha", "--with", "command",
      "--agent-command", agent } do
      words[#words + 1] = sh.quote(word)
    end
    local result = sh.run { argv = { "script", "-qec", table.concat(words, " "), "/dev/null" },
      cwd = p.path, env = p:env(), stdin = "approve\n" }
    assert.equal(0, result.exit, result.stdout)
    assert.is_false(manifest_of(p).awaiting_human_review)
  end)

  it("gives the terminal back as it was, however the agent leaves it", function()
    local p <close> = waiting()
    local interrupt = "kill -INT $(ps -o ppid= -p $PPID); sleep 60"
    for _, last in ipairs { "exit 1", "kill -9 $$", interrupt } do
      local agent = p.home:write("reviewer.sh", "#!/bin/sh\nstty raw -echo\n" .. last .. "\n")
      sh.check { argv = { "chmod", "+x", agent } }
      local words = {}
      for _, word in ipairs { program.exe, "migration", "review", "alpha", "--with", "command",
        "--agent-command", agent, "-C", p.path } do
        words[#words + 1] = sh.quote(word)
      end
      local line = ("stty -a >before; %s; stty -a >after"):format(table.concat(words, " "))
      sh.run { argv = { "script", "-qec", line, "/dev/null" }, cwd = p.home.path,
        env = p:env { TERM = "xterm" } }
      assert.equal(p.home:read("before"), p.home:read("after"), last)
    end
  end)

  it("gives it back, and puts back what the agent changed, where it is interrupted afterwards",
    function()
      local p <close> = waiting()
      -- What is put back is kept first, by cp: that is when the interruption comes.
      p.home:write("bin/cp", "#!/bin/sh\n[ -s \"$HOME/pid\" ] && kill -INT "
        .. "\"$(cat \"$HOME/pid\")\"\n: >\"$HOME/pid\"\nexec /bin/cp \"$@\"\n")
      local agent = p.home:write("reviewer.sh", "#!/bin/sh\nstty raw -echo\n"
        .. "ps -o ppid= -p $PPID | tr -d ' ' >\"$HOME/pid\"\n"
        .. "echo evil >\"$MIGHOST_REPO_ROOT/.git/hooks/pre-push\"\n")
      sh.check { argv = { "chmod", "+x", agent, p.home:join "bin/cp" } }
      p.repo.dir:mkdir ".git/hooks"
      local words = {}
      for _, word in ipairs { program.exe, "migration", "review", "alpha", "--with", "command",
        "--agent-command", agent, "-C", p.path } do
        words[#words + 1] = sh.quote(word)
      end
      local line = ("stty -a >before; %s; echo $? >code; stty -a >after"):format(
        table.concat(words, " "))
      local shown = sh.run { argv = { "script", "-qec", line, "/dev/null" }, cwd = p.home.path,
        env = p:env { TERM = "xterm", PATH = p.home:join "bin" .. ":" .. os.getenv "PATH" } }.stdout
      assert.equal("130\n", p.home:read "code")
      -- Before anything is said, not only when the program ends and all is collected.
      local given_back = assert(shown:find("\27[?1047l", 1, true), shown)
      assert.is_true(given_back < assert(shown:find("mighost: interrupted", 1, true), shown))
      assert.equal(p.home:read "before", p.home:read "after")
      assert.is_nil(p.repo:read ".git/hooks/pre-push")
      assert.same({}, p:problems())
    end)

  it("leaves stdout to data where that is not a terminal", function()
    local p <close> = waiting()
    local result = review(p, "echo says the agent; " .. RESOLVE, "--json")
    assert.equal(0, result.exit, result.stderr)
    local answer = assert(json.decode(result.stdout))
    assert.same({ true, "alpha", "ready", "human-review" }, { answer.ok, answer.data.slug,
      answer.data.stands, answer.data.steps[1].step })
    assert.matches("says the agent\n", result.stderr, 1, true)
  end)

  it("ends with 3 where nothing was decided, and keeps the copy", function()
    local p <close> = waiting()
    local result = review(p, "echo more >>plan.md")
    expect_unpublished(p, 3, "left unresolved", result)
    assert.matches("next: mighost migration review alpha --with command", result.stderr, 1, true)
    local file <close> = assert(io.open(copy_of(result) .. "/plan.md"))
    assert.matches("more\n$", file:read("a"))
    local answer = json.decode(review(p, "true", "--json").stdout)
    assert.same({ false, 3 }, { answer.ok, answer.code })
    assert.matches("/alpha$", answer.data.workspace)
  end)

  it("publishes nothing that is half decided, unsound or unsafe", function()
    local p <close> = waiting()
    for pattern, body in pairs {
      ["human_review_reason must be null"] = RESOLVE .. "\nsed -i 's/\"human_review_reason\": null/"
        .. "\"human_review_reason\": \"still\"/' manifest.json",
      ["missing%-plan"] = RESOLVE .. "; rm plan.md",
      ["missing%-phase%-precondition"] = RESOLVE .. "; echo x >phase-1-part-1.md",
      ["phase%-doc%-not%-in%-manifest"] = RESOLVE .. "; cp phase-1-part-1.md phase-3-part-3.md",
      ["manifest%-slug%-mismatch"] = RESOLVE .. "; sed -i 's/\"alpha\"/\"beta\"/' manifest.json",
      ["no manifest that can be read"] = "echo '{' >manifest.json",
      ["no manifest that can be read: .*ENOENT"] = "rm manifest.json",
      ["than is its to change: the status is ready, not planning"] = RESOLVE
        .. "; sed -i 's/\"ready\"/\"planning\"/' manifest.json",
      ["than is its to change: the status is ready, not done"] = RESOLVE
        .. "; sed -i 's/\"ready\"/\"done\"/' manifest.json",
      ["than is its to change: the phase part%-1 is not done"] = RESOLVE
        .. "; sed -i '0,/\"done\": false/s//\"done\": true/' manifest.json",
      ["exited with status 4"] = RESOLVE .. "; exit 4",
      ["was ended by signal 9"] = RESOLVE .. "; kill -9 $$",
      ["cannot be published"] = RESOLVE .. "; ln -s /etc/passwd notes.md",
      ["which git would act on"] = RESOLVE .. "; echo '* text' >.gitattributes",
    } do
      local result = review(p, body)
      expect_unpublished(p, 1, pattern:gsub(": .*ENOENT", ""), result)
      copy_of(result)
    end
  end)

  it("serves a plan that waits while it is carried out, and leaves where that stands", function()
    local p <close> = waiting()
    local text = p:read("alpha/manifest.json"):gsub('"status": "ready"', '"status": "in-progress"')
    text = text:gsub('"current_phase": "part%-1"', '"current_phase": "part-2"')
    p.repo:write("migrations/alpha/manifest.json", (text:gsub('"done": false', '"done": true', 1)))
    tmp.remove(p.path .. "/migrations/alpha/.planning")
    p.repo:commit("By another tool")
    local result = review(p, RESOLVE)
    assert.equal(0, result.exit, result.stderr)
    assert.matches("alpha is in%-progress\n$", result.stderr)
    local manifest = manifest_of(p)
    assert.same({ "in-progress", "part-2", true, false }, { manifest.status, manifest.current_phase,
      manifest.phases[1].done, manifest.awaiting_human_review })
    assert.same({}, p:problems())
  end)

  it("ends with 8 where the agent cannot be started", function()
    local p <close> = waiting()
    expect_unpublished(p, 8, "cannot be started",
      p:review({ "alpha" }, { agent = "/nowhere/reviewer" }))
  end)

  it("puts back what planning went through, and says so", function()
    local p <close> = waiting()
    local before = p:read("alpha/.planning/state.json")
    for _, body in ipairs { "rm -r .planning", "echo '{}' >.planning/state.json",
      "rm -r .planning; echo x >.planning", "cd .planning; rm state.json; mkdir -p state.json/x; "
        .. "touch state.json/x/y; cd ..", "echo x >.planning/more" } do
      local result = review(p, body .. "\necho x >>plan.md\n" .. RESOLVE)
      assert.equal(0, result.exit, result.stderr)
      assert.equal(before, p:read("alpha/.planning/state.json"))
      assert.is_false(p.repo.dir:exists("migrations/alpha/.planning/more"))
      assert.matches("which only mighost writes", result.stderr)
      assert.same({}, p:problems())
      p.repo:git("revert", "--no-edit", "HEAD")
    end
  end)

  it("is for plans that wait, and says whether refining is for this one", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    for _, more in ipairs { {}, { "--with", "replay" } } do
      local unable = p:run { "migration", "review", "alpha", table.unpack(more) }
      assert.equal(2, unable.exit)
      assert.matches("does not wait for a human, but it can be refined", unable.stderr, 1, true)
    end
    local result = review(p, RESOLVE)
    assert.equal(2, result.exit)
    assert.matches("does not wait for a human, but it can be refined", result.stderr, 1, true)
    assert.matches("next: mighost migration refine alpha --message TEXT", result.stderr, 1, true)
    p.repo:write("migrations/alpha/manifest.json",
      (p:read("alpha/manifest.json"):gsub('"status": "planning"', '"status": "done"')))
    p.repo:commit("Done")
    result = review(p, RESOLVE)
    assert.equal(2, result.exit)
    assert.matches("cannot be refined: it is done", result.stderr, 1, true)
    p.repo:write("migrations/alpha/manifest.json", "{")
    p.repo:commit("Broken")
    assert.equal(12, review(p, RESOLVE).exit)
  end)

  it("needs an agent that a person can talk with", function()
    local p <close> = waiting()
    local result = p:run { "migration", "review", "alpha", "--with", "replay" }
    expect_unpublished(p, 2, "replay cannot take part in a review", result)
    expect_unpublished(p, 2, "no agent was chosen", p:run { "migration", "review", "alpha" })
    expect_unpublished(p, 2, "there is no migration", p:review { "nosuch" })
  end)

  it("refuses a work tree with changes there, and a migration that is held", function()
    local p <close> = waiting()
    p.repo:write("migrations/alpha/plan.md", "by hand\n")
    assert.equal(6, review(p, RESOLVE).exit)
    p.repo:git("checkout", "-q", "--", "migrations")
    local hold = p:hold "revise"
    local run = p:start({ "alpha", "--message", "x" }, hold.env, { "migration", "refine" })
    hold.arrived()
    assert.equal(5, review(p, RESOLVE).exit)
    run.stop "KILL"
    run.wait()
    assert.equal(0, review(p, RESOLVE).exit)
  end)

  it("keeps a decision when somebody edits the plan meanwhile, and publishes it later", function()
    if not project.can_confine() then
      return pending("agents cannot be confined here")
    end
    local p <close> = waiting { confined = true }
    local hold = p:hold "human-review"
    local agent = p.home:write("slow.sh", "#!/bin/sh\nset -eu\nfifo=${PLANNER_FIFO#*:}\n"
      .. "echo ready >\"$fifo.up\"; read -r _ <\"$fifo.down\"\n" .. RESOLVE .. "\n")
    sh.check { argv = { "chmod", "+x", agent } }
    local run = p:start({ "alpha" }, hold.env, { "migration", "review" }, agent)
    hold.arrived()
    p.repo:write("migrations/alpha/plan.md", "by hand\n")
    hold.release()
    assert.equal(6, run.wait())
    assert.matches("mighost migration doctor alpha", p.home:read "err", 1, true)
    p.repo:git("checkout", "-q", "--", "migrations")
    local result = review(p, "exit 9")
    assert.equal(0, result.exit, result.stderr)
    assert.is_false(manifest_of(p).awaiting_human_review)
    assert.same({}, p:problems())
  end)

  it("clears the way for refining, which clears it by itself", function()
    local p <close> = waiting()
    assert.equal(0, review(p, RESOLVE).exit)
    assert.equal(0, p:refine({ "alpha", "--message", "x" }).exit)
    assert.equal(3, p:plan({ "alpha", "--to-end" },
      { env = { PLANNER_DECISION = "approve-needs-human - again" } }).exit)
    assert.equal(0, p:refine({ "alpha", "--message", "y" }).exit)
    assert.equal(0, p:plan({ "alpha", "--to-end" }).exit)
    assert.equal(0, p:run({ "migration", "doctor", "--all" }).exit)
  end)
end)
