local program = require "spec.support.program"
local schema = require "spec.support.schema"
local strict = require "lib.strict"
local tmp = require "spec.support.tmp"

local GOOD <const> = [[{"schema":1,"ok":true,"code":0,"message":null,"fix":null,"data":{]]
  .. [["mighost":"1","interface":1,"lua":"5.4","libgit2":null,"git":"2","landlock_abi":0,]]
  .. [["sandbox":"none","read_only_mounts":false,"seccomp":false,]]
  .. [["exchange":null,"reflink":false}}]]

describe("spec.support.schema", function()
  it("accepts a document that keeps to its schema", function()
    assert.is_nil(schema.problem("version", GOOD))
    assert.equal("5.4", schema.expect("version", GOOD .. "\n").data.lua)
    assert.is_nil(schema.problem("version",
      '{"schema":1,"ok":false,"code":2,"message":"why","fix":"do","data":null}'))
  end)

  it("sees every way in which one does not", function()
    for from, to in pairs {
      ['"schema":1'] = '"schema":2',
      ['"schema":1,'] = "",
      ['"code":0'] = '"code":1',
      ['"ok":true'] = '"ok":false',
      ['"fix":null'] = '"fix":"x"',
      ['"lua":"5.4"'] = '"lua":""',
      ['"interface":1'] = '"interface":0',
      ['"landlock_abi":0'] = '"landlock_abi":1.5',
      ['"sandbox":"none"'] = '"sandbox":"some"',
      ['"exchange":null'] = '"exchange":"yes"',
      ['"reflink":false'] = '"reflink":false,"more":1',
      ['"libgit2":null,'] = "",
      ['"data":{'] = '"data":[{',
      ["null}$"] = "x",
    } do
      local text = GOOD:gsub(from:gsub("%p", "%%%0"), (to:gsub("%%", "%%%%")))
      if text ~= GOOD then
        assert.is_string(schema.problem("version", text), to)
      end
    end
    assert.has_error(function()
      schema.expect("version", GOOD)
    end)
    assert.has_error(function()
      schema.expect("version", GOOD .. "\n" .. GOOD .. "\n")
    end)
  end)

  it("finds what is wrong deep inside, and a value that no form has", function()
    local row = '{"slug":"a","status":"%s","cursor":null,"awaiting_review":false,"last_touch":null,'
      .. '"cooldown":null,"reason":null}'
    local whole = '{"schema":1,"ok":true,"code":0,"message":null,"fix":null,"data":'
      .. '{"migrations":[' .. row:format("ready") .. "," .. row .. "]}}"
    assert.is_nil(schema.problem("list", whole:format("done")))
    assert.matches("document%.data%.migrations%[2%]%.status is not one of the values",
      schema.problem("list", whole:format("finished")))
  end)

  it("has only schemas whose every word it knows", function()
    local lfs = require "lfs"
    local known = {}
    for word in ([[$schema $defs $ref title type const enum minLength maxLength minimum minItems
      required additionalProperties properties items oneOf]]):gmatch("%S+") do
      known[word] = true
    end
    local function walk(node, file)
      for word, value in next, node do
        assert.is_true(known[word], file .. ": " .. word)
        local inner = (word == "$defs" or word == "properties" or word == "oneOf") and value
          or word == "items" and { value } or {}
        for _, child in next, inner do
          walk(child, file)
        end
      end
    end
    local folder, count = program.root .. "/spec/fixtures/json", 0
    for name in lfs.dir(folder) do
      if name:find("%.json$") then
        local handle <close> = assert(io.open(folder .. "/" .. name))
        walk(assert(strict.decode(handle:read("a"))), name)
        count = count + 1
      end
    end
    assert.is_true(count >= 9)
  end)

  it("raises over a schema with a word that it does not know", function()
    local dir <close> = tmp.dir()
    local script = dir:write("try.lua", ([[
      package.path = %q .. "/?.lua;" .. package.path
      local io_open = io.open
      io.open = function(path, ...)
        return io_open(path:find("list.json") and %q or path, ...)
      end
      require("spec.support.schema").problem("list", "{}")
    ]]):format(program.root, dir:write("odd.json", '{"pattern": "x"}')))
    local result = program.run { args = { script } }
    assert.matches("unknown keyword in a schema: pattern", result.stderr)
  end)
end)
