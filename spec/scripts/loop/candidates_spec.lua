local candidates = require "loop.candidates"
local loop = require "spec.support.loop"
local time = require "lib.time"

local function yes()
  return true
end

local function slugs(site)
  local found = {}
  for index, candidate in ipairs(assert(candidates.list(site:context(), yes))) do
    found[index] = candidate.slug
  end
  return found
end

describe("phases that may run now", function()
  it("are those of migrations carried out that wait for nothing, the oldest first", function()
    local site <close> = loop.new()
    local soon = time.format(require("host.sys").now() + 3600, 0)
    local just = time.format(require("host.sys").now(), 0)
    site:migration("b-new", { "one" }, { created_at = "2026-05-01T00:00:00.000+00:00" })
    site:migration("a-old", { "one", "two" }, { status = "in-progress", current_phase = "two" })
    site:migration("cooling", { "one" }, { cooldown_until = soon })
    site:migration("asleep", { "one" }, { wake_up_on = soon, last_touch = just })
    site:migration("forgotten", { "one" },
      { wake_up_on = soon, created_at = "2026-04-01T00:00:00.000+00:00" })
    site:migration("person", { "one" }, { awaiting_human_review = true })
    site:migration("over", { "one" }, { status = "done", current_phase = "" })
    site:migration("empty", { "one" }, { current_phase = "" })
    site.repo:write("migrations/broken/manifest.json", "{")
    assert.same({ "a-old", "forgotten", "b-new" }, slugs(site))
  end)

  it("stand at the phase that the cursor names, unless that is done", function()
    local site <close> = loop.new()
    site:migration("move", { "one", "two" }, { current_phase = "two" })
    local found = assert(candidates.find(site:context(), "move"))
    assert.same({ "two", 2 }, { found.phase.name, found.index })
    found.manifest.phases[2].done = true
    assert.is_nil((candidates.current(found.manifest)))
    assert.is_nil(candidates.find(site:context(), "nowhere"))
  end)
end)
