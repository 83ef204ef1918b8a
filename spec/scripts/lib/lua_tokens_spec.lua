local generate = require "spec.support.generate"
local source = require "spec.support.source"
local tokens = require "lib.lua_tokens"

local function show(text)
  local words = {}
  for index, token in ipairs(tokens.read(text)) do
    words[index] = ("%s %s %d"):format(token.kind, token.value, token.line)
  end
  return words
end

describe("lib.lua_tokens", function()
  it("reads names, keywords, numbers, strings and signs with their lines", function()
    assert.same({
      "keyword local 1", "name x 1", "sign < 1", "name const 1", "sign > 1", "sign = 1",
      "number 16 1", "sign .. 1", "number 0.5 1", "sign == 2", "sign // 2", "sign ... 2",
      "sign :: 2", "sign ~= 2", "end  3",
    }, show "local x <const> = 0x10 .. .5\n == // ... :: ~= \n")
  end)

  it("leaves out comments, long ones too, and the line for the kernel", function()
    assert.same({ "name a 2", "name b 6", "end  6" },
      show "#!/usr/bin/env mighost\na -- c\n--[==[ x\n]]\n--]==]\nb")
    assert.same({ "end  1" }, show "-- to the end")
    assert.same({ "end  1" }, show "--[[ without an end")
  end)

  it("takes strings of every form as one token", function()
    assert.same({ [[string a\"b 1]], "string c 1", "string \nd] 1", "name e 3", "end  3" },
      show '"a\\"b" \'c\' [=[\nd]]=]\n e')
    assert.same({ "string a\\z\n   b 1", "name c 2", "end  2" }, show '"a\\z\n   b" c')
    assert.same({ "string a\\\nb 1", "name c 2", "end  2" }, show '"a\\\nb" c')
    assert.same({ "string a 1", "name b 2", "end  2" }, show '"a\nb')
  end)

  it("reads whatever it is given to its end", function()
    local text = table.concat(source.read("stages/final-review.lua").lines, "\n")
    for seed = 1, 200 do
      local random = generate.random(seed)
      local cut = text:sub(random(#text), random(#text)) .. string.char(random(256) - 1)
      local read = tokens.read(cut:rep(random(3)))
      assert.equal("end", read[#read].kind)
    end
  end)
end)
