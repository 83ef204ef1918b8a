local program = require "spec.support.program"
local wishes = require "planning.wishes"

-- Where the class of a request is, and those that it extends, the last first.
local CLASSES <const> = {
  plan = { "planning/run:PlanOptions" },
  refine = { "planning/run:PlanOptions", "planning/refine:RefineOptions" },
  review = { "planning/run:PlanOptions", "planning/review:ReviewOptions" },
  undo = { "mighost:UndoRequest" },
  repair = { "mighost:RepairRequest" },
  publish = { "planning/edit:PublishRequest" },
  run = { "planning/child:RunRequest" },
}

---The fields that the annotations of a class name.
local function add_annotated(place, fields)
  local path, class = place:match("^(.*):(.*)$")
  local file <close> = assert(io.open(("%s/scripts/%s.lua"):format(program.root, path)))
  local text = file:read("a")
  local from = assert(text:find(("---@class mighost.%s[:\n]"):format(class)), place)
  for line in text:sub(from):gmatch("([^\n]*)\n") do
    if not line:find("^%-%-%-") then
      break
    end
    local name = line:match("^%-%-%-@field ([%w_]+)")
    if name then
      fields[name] = true
    end
  end
end

local function caller(what, request)
  local function interface() -- stands for a function of mighost.lua and its own check
    local function check()
      wishes.check(what, request)
    end
    check()
    return true
  end
  local done = interface()
  return done
end

describe("planning.wishes", function()
  it("knows the fields that the annotations name, and no others", function()
    for what, places in pairs(CLASSES) do
      local fields = {}
      for _, place in ipairs(places) do
        add_annotated(place, fields)
      end
      assert.same(fields, wishes.fields(what), what)
    end
  end)

  it("raises over any other, in the line of the script that gave it", function()
    assert.is_true(caller("undo", { slug = "a", to = "expand", dry_run = true }))
    for wanted, request in pairs {
      ["mighost.undo: unknown field 'dry_rnu' (did you mean 'dry_run'?)"] = { dry_rnu = true },
      ["mighost.undo: unknown field 'message'"] = { message = "x" },
      ["mighost.undo: unknown field '1'"] = { "a" },
    } do
      local ok, why = pcall(caller, "undo", request)
      assert.is_false(ok)
      assert.matches("wishes_spec%.lua:%d+: ", why)
      assert.equal(wanted, why:match("^[^:]+:%d+: (.*)$"))
    end
  end)
end)
