local output = require "planning.output"
local tmp = require "spec.support.tmp"

local function collect(iterator)
  local lines = {}
  for line in iterator do
    table.insert(lines, line)
  end
  return lines
end

describe("planning.output", function()
  it("reads what is whole from memory", function()
    local out = output.open({ bytes = 7, head = "ab\n\ncd\n", whole = true }, "/nowhere")
    assert.equal("ab\n\ncd\n", out.text(99))
    assert.equal("ab", out.text(2))
    assert.same({ "ab", "", "cd" }, collect(out.lines()))
    assert.equal(7, out.bytes)
  end)

  it("reads what is longer from the log, piece by piece", function()
    local dir <close> = tmp.dir()
    local text = ("line of a long log\n"):rep(5000)
    local path = dir:write("log", text)
    local out = output.open({ bytes = #text, head = text:sub(1, 10), whole = false }, path)
    assert.equal(text:sub(1, 5), out.text(5))
    assert.equal(text, out.text(#text + 1))
    assert.equal(5000, #collect(out.lines()))
    local pieces = {}
    for piece in function() return out.read(1000) end do
      table.insert(pieces, piece)
    end
    assert.equal(text, table.concat(pieces))
  end)

  it("reads the same lines from memory and from a log, wherever its chunks end", function()
    local dir <close> = tmp.dir()
    local sizes = { 0, 1, 10, 65535, 65536, 65537, 131072, 200000 }
    math.randomseed(20261122)
    for _ = 1, 40 do
      local parts = {}
      for index = 1, math.random(10) do
        parts[index] = string.char(96 + index):rep(sizes[math.random(#sizes)])
      end
      local text = table.concat(parts, "\n") .. (math.random(2) == 1 and "\n" or "")
      local path = dir:write("log", text)
      local whole = output.open({ bytes = #text, head = text, tail = "", whole = true }, path)
      local long = output.open({ bytes = #text, head = "", tail = "", whole = false }, path)
      assert.is_true(table.concat(collect(whole.lines()), "|")
        == table.concat(collect(long.lines()), "|"))
    end
  end)

  it("cuts an endless line, and goes on behind it", function()
    local dir <close> = tmp.dir()
    local path = dir:write("log", ("x"):rep((16 << 20) + 70000) .. "\nafter\n\nend")
    local lines = collect(output.of_file(path).lines())
    assert.same({ 16 << 20, "after", "", "end", 4 },
      { #lines[1], lines[2], lines[3], lines[4], #lines })
  end)

  it("finds the last line with something in it", function()
    local dir <close> = tmp.dir()
    for text, last in pairs {
      ["one\ntwo\r\n \n\n"] = "two", ["one"] = "one", ["a\tb\n"] = "a b",
      [("x"):rep(70000)] = ("x"):rep(200), [("x"):rep(70000) .. "\nlast"] = "last",
    } do
      assert.equal(last, output.of_file(dir:write("log", text)).last_line())
      local held = output.open({ bytes = #text, head = text, whole = true }, "/nowhere")
      assert.equal(last, held.last_line())
    end
    assert.is_nil(output.of_file(dir:write("log", " \n")).last_line())
    assert.is_nil(output.of_file(dir:join("nothing")).last_line())
  end)

  it("reads a file that an agent was told to write, or that it did not write", function()
    local dir <close> = tmp.dir()
    assert.equal("said\n", output.of_file(dir:write("last", "said\n")).text(99))
    local missing = output.of_file(dir:join("nothing"))
    assert.equal("", missing.text(99))
    assert.equal(0, missing.bytes)
    assert.same({}, collect(missing.lines()))
  end)
end)
