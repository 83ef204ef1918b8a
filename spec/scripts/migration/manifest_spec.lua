local generate = require "spec.support.generate"
local manifest = require "migration.manifest"
local migrations = require "spec.support.migration"
local strict = require "lib.strict"

local TEXT <const> = [[
{
  "awaiting_human_review": true,
  "cooldown_until": "2026-03-02T16:15:00.000+00:00",
  "created_at": "2026-03-01T00:15:00.000+00:00",
  "current_phase": "print",
  "human_review_reason": "a person should look",
  "last_touch": "2026-03-01T07:15:00.000+00:00",
  "name": "sample",
  "phases": [
    {
      "done": true,
      "effort_reason": null,
      "file": "phase-1-parse.md",
      "name": "parse",
      "precondition": "Tests are green.",
      "required_effort": null
    },
    {
      "done": false,
      "effort_reason": "Many callers.",
      "file": "phase-2-print.md",
      "name": "print",
      "precondition": "The parser is there.",
      "required_effort": "high"
    }
  ],
  "status": "in-progress",
  "wake_up_on": null
}
]]

---The text with one member of the manifest or of its first phase changed; `nil` leaves it out.
local function changed(path, value)
  local object = strict.decode(TEXT)
  local holder = path:find("^phase%.") and object.phases[1] or object
  holder[path:match("[%w_]+$")] = value
  return assert(strict.encode(object))
end

local function refused(path, value, message)
  assert.same({ nil, message }, { manifest.decode(changed(path, value)) })
end

describe("migration.manifest", function()
  it("reads every field", function()
    local read = assert(manifest.decode(TEXT))
    assert.same({
      name = "sample", status = "in-progress", created_at = "2026-03-01T00:15:00.000+00:00",
      last_touch = "2026-03-01T07:15:00.000+00:00",
      cooldown_until = "2026-03-02T16:15:00.000+00:00",
      awaiting_human_review = true, human_review_reason = "a person should look",
      current_phase = "print", extra = {},
      phases = {
        {
          name = "parse", file = "phase-1-parse.md", precondition = "Tests are green.", done = true,
          extra = {},
        },
        {
          name = "print", file = "phase-2-print.md", precondition = "The parser is there.",
          done = false, required_effort = "high", effort_reason = "Many callers.", extra = {},
        },
      },
    }, read)
  end)

  it("writes what it read byte for byte", function()
    assert.equal(TEXT, manifest.encode(assert(manifest.decode(TEXT))))
  end)

  it("starts a migration that is to be planned", function()
    local new = manifest.new { slug = "x", now = "2026-03-01T00:15:00.000+00:00" }
    assert.same(new, manifest.decode((manifest.encode(new))))
    assert.equal("planning", new.status)
    assert.equal(new.created_at, new.last_touch)
  end)

  it("keeps keys that it does not know, whatever they hold", function()
    for seed = 1, 100 do
      local random = generate.random(seed)
      local object = strict.decode(TEXT)
      object["x-" .. generate.text(random)] = generate.strict(random, 3)
      object.phases[2]["x-" .. generate.text(random)] = generate.strict(random, 3)
      local text = assert(strict.encode(object))
      assert.equal(text, manifest.encode(assert(manifest.decode(text))), "seed " .. seed)
    end
  end)

  it("reads what an older version wrote", function()
    assert.equal("parse", manifest.decode(changed("current_phase", 0)).current_phase)
    assert.equal("print", manifest.decode(changed("current_phase", 1)).current_phase)
    for _, index in ipairs { 2, -1, math.maxinteger, strict.decode("99999999999999999999") } do
      assert.equal("", manifest.decode(changed("current_phase", index)).current_phase)
    end
    local object = strict.decode(TEXT)
    object.phases[1].precondition, object.phases[1].ready_when = nil, "it compiles"
    local read = manifest.decode((strict.encode(object)))
    assert.equal("it compiles", read.phases[1].precondition)
    assert.same({}, read.phases[1].extra)
    object.phases[1].precondition = "new"
    assert.equal("new", manifest.decode((strict.encode(object))).phases[1].precondition)
  end)

  it("takes what is absent as its default", function()
    local text = '{"name":"n","status":"done","created_at":"a","last_touch":"b","current_phase":""}'
    local read = assert(manifest.decode(text))
    assert.same({
      name = "n", status = "done", created_at = "a", last_touch = "b", current_phase = "",
      awaiting_human_review = false, phases = {}, extra = {},
    }, read)
    assert.same({}, manifest.decode((text:gsub("}", ', "phases": null}'))).phases)
  end)

  it("takes an empty cooldown as none", function()
    assert.is_nil(manifest.decode(changed("cooldown_until", "")).cooldown_until)
  end)

  it("names what is missing", function()
    for _, field in ipairs { "name", "status", "created_at", "last_touch" } do
      refused(field, nil, ("'%s' must be a string, found nothing"):format(field))
    end
    refused("current_phase", nil,
      "'current_phase' must be the name of a phase or empty, found nothing")
    for _, field in ipairs { "name", "file", "precondition" } do
      refused("phase." .. field, nil,
        ("'phases[0].%s' must be a string, found nothing"):format(field))
    end
    refused("phase.done", nil, "'phases[0].done' must be true or false, found nothing")
  end)

  it("names what has a wrong type or value", function()
    refused("status", "cancelled", "'status': unknown value \"cancelled\"")
    refused("awaiting_human_review", strict.null,
      "'awaiting_human_review' must be true or false, found null")
    refused("human_review_reason", 1,
      "'human_review_reason' must be a string or null, found integer")
    refused("wake_up_on", false, "'wake_up_on' must be a string or null, found boolean")
    refused("current_phase", "gone", "'current_phase' names no phase: \"gone\"")
    for kind, value in pairs {
      boolean = true, null = strict.null, number = strict.decode("1.0"),
    } do
      refused("current_phase", value,
        "'current_phase' must be the name of a phase or empty, found " .. kind)
    end
    refused("phases", strict.object(), "'phases' must be an array, found object")
    refused("phases", strict.array { "x" }, "'phases[0]' must be an object, found string")
    refused("phase.name", "print", 'two phases with the name "print"')
    refused("phase.done", 1, "'phases[0].done' must be true or false, found integer")
    refused("phase.required_effort", "huge", "'phases[0].required_effort': unknown effort \"huge\"")
    refused("phase.effort_reason", 1,
      "'phases[0].effort_reason' must be a string or null, found integer")
    assert.same({ nil, "the manifest must be an object, found array" }, { manifest.decode("[]") })
    assert.same({ nil, "line 1 column 1: expected a value" }, { manifest.decode("") })
  end)

  it("refuses each field with each value of a wrong type", function()
    local wrong = {
      name = "s", status = "s", created_at = "s", last_touch = "s", wake_up_on = "s?",
      cooldown_until = "s?", awaiting_human_review = "b", human_review_reason = "s?", phases = "a?",
      ["phase.name"] = "s", ["phase.file"] = "s", ["phase.precondition"] = "s",
      ["phase.done"] = "b", ["phase.required_effort"] = "s?", ["phase.effort_reason"] = "s?",
    }
    local values = {
      s = "text", b = true, a = strict.array(), o = strict.object(), i = 7,
      n = strict.decode("1.5"), ["?"] = strict.null,
    }
    for path, fits in pairs(wrong) do
      for kind, value in pairs(values) do
        if not fits:find(kind, 1, true) then
          local read, message = manifest.decode(changed(path, value))
          assert.is_nil(read, path .. " " .. kind)
          assert.is_truthy(message:find(path:match("[%w_]+$"), 1, true), message)
        end
      end
    end
  end)

  it("does not write what could not be read again", function()
    local read = assert(manifest.decode(TEXT))
    read.human_review_reason = "\xff"
    assert.same({ nil, "human_review_reason: the text is not valid UTF-8" },
      { manifest.encode(read) })
  end)

  it("loads a migration's own, and tells absence from damage", function()
    local m <close> = migrations.new()
    local dir <close> = m:open()
    assert.equal("sample", manifest.load(dir).name)
    m:write("manifest.json", "{")
    local read, message, name = manifest.load(dir)
    assert.is_nil(read)
    assert.matches("^manifest%.json: line 1 column 2: ", message)
    assert.equal("EINVAL", name)
    os.remove(m:path("manifest.json"))
    assert.equal("ENOENT", select(3, manifest.load(dir)))
  end)
end)
