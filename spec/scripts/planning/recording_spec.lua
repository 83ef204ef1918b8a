local json = require "lib.json"
local recording = require "planning.recording"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

local function make_call(dir, more)
  return tables.copy({
    stage = "expand", visit = 1, slug = "alpha", agent = "command", model = nil, effort = "high",
    prompt = ("Work in %s for alpha, live %s, in %s.\n"):format(dir:join("work"), "/repo/m/alpha",
      "/repo/src"),
    work_dir = dir:join("work"), live_dir = "/repo/m/alpha", repo_root = "/repo",
  }, more)
end

local OUTCOME <const> = {
  text = "Wrote it.\n", files = { "plan.md", "sub/dir/b.md" }, removed = { "old.md" },
  report = { exit = 0, wall = 1.5, cpu = 3 },
}

local function fill(dir)
  dir:write("work/plan.md", "plan")
  dir:write("work/sub/dir/b.md", "b\0c")
  dir:write("work/untouched.md", "u")
end

describe("planning.recording", function()
  it("replaces what differs from place to place", function()
    local dir <close> = tmp.dir()
    local call = make_call(dir)
    assert.equal("Work in <work-dir> for <slug>, live <live-dir>, in <repo>/src.\n",
      recording.normalise(call.prompt, call))
  end)

  it("saves a call and finds it again", function()
    local dir <close> = tmp.dir()
    fill(dir)
    local call = make_call(dir)
    assert(recording.save(dir:join("rec"), call, OUTCOME))
    local found = assert(recording.find(dir:join("rec"), call))
    assert.equal("Wrote it.\n", found.answer)
    assert.same({ "old.md" }, found.removed)
    assert.equal("b\0c", dir:read("rec/expand-1/files/sub/dir/b.md"))
    assert.is_false(dir:exists("rec/expand-1/files/untouched.md"))
    assert.is_nil(recording.compare(found, recording.normalise(call.prompt, call)))
    local about = json.decode(dir:read("rec/expand-1/call.json"))
    assert.equal("planning.expand", about.role)
    assert.equal(64, #about.prompt_sha256)
    assert.same({ exit = 0, wall = 1.5 }, about.report)
    assert.same({ "expand-1" }, dir:names("rec"))
  end)

  it("replaces an earlier recording of the same visit as a whole", function()
    local dir <close> = tmp.dir()
    fill(dir)
    assert(recording.save(dir:join("rec"), make_call(dir), OUTCOME))
    assert(recording.save(dir:join("rec"), make_call(dir),
      { text = "Nothing.\n", files = {}, removed = {}, report = { exit = 0 } }))
    assert.same({ "answer.md", "call.json", "prompt.md" }, dir:names("rec/expand-1"))
    local found = assert(recording.find(dir:join("rec"), make_call(dir)))
    assert.is_nil(found.files)
    assert.same({}, found.removed)
  end)

  it("keeps visits apart", function()
    local dir <close> = tmp.dir()
    fill(dir)
    assert(recording.save(dir:join("rec"), make_call(dir, { visit = 2 }), OUTCOME))
    local found, message, name = recording.find(dir:join("rec"), make_call(dir))
    assert.is_nil(found)
    assert.matches("no answer for visit 1 of expand", message)
    assert.equal("EAGENT", name)
  end)

  it("shows in what a prompt differs", function()
    local difference = recording.compare({ prompt = "a\nb\nc\n" }, "a\nB\nc\n")
    assert.equal(" a\n-b\n+B\n c", difference)
  end)

  it("refuses a recording that is damaged, or that reaches out of the work dir", function()
    local dir <close> = tmp.dir()
    local good = '{"schema":1,"removed":[]}'
    for pattern, files in pairs {
      ["answer%.md"] = { ["call.json"] = good, ["prompt.md"] = "p" },
      ["prompt%.md"] = { ["call.json"] = good, ["answer.md"] = "a" },
      ["not valid JSON"] = { ["call.json"] = "{", ["answer.md"] = "a", ["prompt.md"] = "p" },
      ["schema 1"] = { ["call.json"] = '{"schema":2,"removed":[]}', ["answer.md"] = "a",
        ["prompt.md"] = "p" },
      ["outside the work dir"] = { ["call.json"] = '{"schema":1,"removed":["a/../../x"]}',
        ["answer.md"] = "a", ["prompt.md"] = "p" },
    } do
      for name, text in pairs(files) do
        dir:write("rec/expand-1/" .. name, text)
      end
      local found, message, code = recording.find(dir:join("rec"), make_call(dir))
      assert.is_nil(found)
      assert.matches(pattern, message)
      assert.equal("EAGENT", code)
      tmp.remove(dir:join("rec"))
    end
    for _, path in ipairs { "/etc/passwd", "..", "../x", "x/.." } do
      dir:write("rec/expand-1/call.json", json.encode { schema = 1, removed = { path } })
      dir:write("rec/expand-1/answer.md", "a")
      dir:write("rec/expand-1/prompt.md", "p")
      assert.is_nil((recording.find(dir:join("rec"), make_call(dir))), path)
    end
  end)

  it("says why a call cannot be saved", function()
    local dir <close> = tmp.dir()
    local saved, message = recording.save(dir:join("rec"), make_call(dir), OUTCOME)
    assert.is_nil(saved)
    assert.is_string(message)
    dir:write("file", "x")
    assert.is_nil((recording.save(dir:join("file/rec"), make_call(dir), OUTCOME)))
  end)

  it("says beforehand where calls can be saved, and makes nothing", function()
    local dir <close> = tmp.dir()
    dir:write("file", "x")
    for _, path in ipairs { "", "/rec", "/deep/er/rec" } do
      assert.is_true(recording.can_save(dir.path .. path))
    end
    local can, message, code = recording.can_save(dir:join("file/rec"))
    assert.is_nil(can)
    assert.matches("file", message)
    assert.equal("ENOTDIR", code)
    assert.same({ "file" }, dir:names("."))
  end)
end)
