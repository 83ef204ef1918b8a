local pack = require "lib.pack"

describe("lib.pack", function()
  it("gives back what it was given, whatever the bytes", function()
    for _, map in ipairs {
      {}, { a = "" }, { [""] = "x" },
      { a = "1 1\nb\nc\n", b = "\0\n\255", ["a\n0 0"] = "pack 1\n" },
    } do
      assert.same(map, pack.decode(pack.encode(map)))
    end
  end)

  it("gives the same text for the same map, and different ones for different maps", function()
    local seen = {}
    for _, map in ipairs {
      {}, { a = "b" }, { a = "bc" }, { ab = "c" }, { a = "", b = "c" }, { a = "b", c = "" },
      { ["a 1"] = "" }, { a = "b\n1 1\nc\nd" }, { a = "b", c = "d" },
    } do
      local packed = pack.encode(map)
      assert.is_nil(seen[packed])
      seen[packed] = true
    end
    assert.equal(pack.encode { x = "1", y = "2" }, pack.encode { y = "2", x = "1" })
  end)

  it("takes nothing that it did not give", function()
    local packed = pack.encode { a = "b", c = "d" }
    for _, text in ipairs {
      "", "pack 2\n", "x" .. packed, packed .. "x", packed .. packed, packed:sub(1, -2),
      "pack 1\n1 1\nc\nd\n1 1\na\nb\n", "pack 1\n01 1\na\nb\n", "pack 1\n99999999999 1\na\nb\n",
      "pack 1\n1 1\na\nb\n1 1\na\nb\n", "pack 1\n1 9999\na\nb\n", "pack 1\n-1 1\na\nb\n",
    } do
      assert.is_nil(pack.decode(text), text)
    end
    for cut = 0, #packed - 1 do
      local map = pack.decode(packed:sub(1, cut))
      assert.is_true(map == nil or pack.encode(map) == packed:sub(1, cut))
    end
  end)

  it("survives any damage", function()
    local packed = pack.encode { alpha = ("x"):rep(30), beta = "y" }
    for _ = 1, 300 do
      local at = math.random(#packed)
      local byte = string.char(math.random(0, 255))
      local damaged = packed:sub(1, at - 1) .. byte .. packed:sub(at + 1)
      local map = pack.decode(damaged)
      assert.is_true(map == nil or pack.encode(map) == damaged)
    end
  end)
end)
