--- Fuzzes strict JSON, manifests and states: what is read is written and read again as the same;
--- what is refused is refused with a message.

local root = assert(require("host.sys").realpath(debug.getinfo(1, "S").source:sub(2)))
  :match("^(.*)/spec/fuzz/")
package.path = package.path .. ";" .. root .. "/?.lua"

local corpus = require "spec.fuzz.corpus"
local fuzzer = require "spec.fuzz.fuzzer"
local generate = require "spec.support.generate"
local manifest = require "migration.manifest"
local mutate = require "spec.fuzz.mutate"
local pipelines = require "planning.pipeline"
local schedule = require "migration.schedule"
local state = require "planning.state"
local strict = require "lib.strict"

local NOW <const> = 1767225600

--- Whether it was read; a refusal has a message.
local function was_read(value, why)
  if value == nil then
    assert(type(why) == "string" and why ~= "", "refused without a message")
    return false
  end
  return true
end

local function check_strict(text)
  local value, why = strict.decode(text)
  if was_read(value, why) then
    local written = assert(strict.encode(value))
    local again, trouble = strict.decode(written)
    assert(again ~= nil, trouble)
    assert(strict.encode(again) == written, "written otherwise")
  end
end

local function check_manifest(text)
  local read, why = manifest.decode(text)
  if was_read(read, why) then
    local written = assert(manifest.encode(read))
    assert(manifest.encode(assert(manifest.decode(written))) == written, "written otherwise")
    local eligible, reason = schedule.eligible(read, NOW)
    assert(eligible or reason, "neither eligible nor not")
    schedule.order { { slug = "a", manifest = read }, { slug = "b", manifest = read } }
  end
end

local function check_state(text)
  local env = {
    pipeline = assert(pipelines.built_in()),
    published = text:match('"(migrations/[^/"]+)/%.planning') or "migrations/one",
    exists = function(path) return #path % 17 ~= 0 end,
  }
  local read, why = state.decode(text, env)
  if was_read(read, why) then
    local written = assert(state.encode(read))
    assert(state.encode(assert(state.decode(written, env))) == written, "written otherwise")
  end
end

--- One value somewhere inside is another one, missing, or under another name.
local function change_inside(random, value)
  if not strict.is_object(value) and not strict.is_array(value) then
    return generate.strict(random, 2)
  end
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  if #keys == 0 or random(12) == 1 then
    return generate.strict(random, 2)
  end
  table.sort(keys)
  local key = generate.pick(random, keys)
  if strict.is_object(value) and random(6) == 1 then
    local moved = value[key]
    value[key] = nil
    value[random(2) == 1 and generate.text(random) or "extra"] = moved
  elseif strict.is_array(value) and random(6) == 1 then
    table.remove(value, key)
  else
    value[key] = change_inside(random, value[key])
  end
  return value
end

local function damage(random, text, texts)
  if random(2) == 1 then
    local value = strict.decode(text)
    if value ~= nil then
      for _ = 1, random(2) do
        value = change_inside(random, value)
      end
      return assert(strict.encode(value))
    end
  end
  return mutate.text(random, text, texts)
end

return fuzzer.run("codecs", { ... }, function(opts)
  local manifests, states = corpus.manifests(opts.corpus), corpus.states(opts.corpus)
  return function(random)
    check_strict(assert(strict.encode(generate.strict(random, 6))))
    local text = damage(random, generate.pick(random, manifests), manifests)
    check_strict(text)
    check_manifest(text)
    text = damage(random, generate.pick(random, states), states)
    check_state(text)
    check_strict(mutate.soup(random, 30))
  end
end)
