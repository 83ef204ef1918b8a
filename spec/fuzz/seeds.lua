--- Writes what the fuzz targets start from: for each a folder of inputs and a dictionary. An input
--- that broke something once stays here.
--- usage: mighost spec/fuzz/seeds.lua FOLDER

local fs = require "host.fs"

local FIELDS <const> = {
  "operation", "slug", "live", "worktree", "gitdir", "token", "branch", "head", "base", "next",
  "base_tree", "next_tree", "workspace", "message", "author_name", "author_email",
  "committer_name", "committer_email", "time", "offset",
}
local VERSION <const> = "mighost-journal 1\n"

--- A journal without its last line, which the target adds; `values` by the fields' names.
local function journal(values)
  local parts = { VERSION }
  for _, name in ipairs(FIELDS) do
    local value = values[name] or ""
    table.insert(parts, ("%s %s\n%s\n"):format(name, values[name .. "_size"] or #value, value))
  end
  return table.concat(parts)
end

local ALL <const> = {
  operation = "planning.expand", slug = "split-parser", live = "migrations", worktree = "/r",
  gitdir = "/r/.git", token = "0123456789abcdef", branch = "refs/heads/main",
  head = ("a"):rep(40), base = ("b"):rep(64), next = ("c"):rep(64), workspace = "/w",
  message = "mighost: planning/split-parser/expand\n\n16 b\nslug 4\n", author_name = "Ann",
  author_email = "ann@example.org", time = "1767225600", offset = "-420",
}

local TARGETS <const> = {
  journal = {
    inputs = {
      journal(ALL), journal {}, VERSION, "mighost-journal 2\n",
      journal { operation_size = "00" }, journal { operation_size = "+0" },
      journal { operation_size = "\n0" }, journal { slug = "a\0b" },
      journal { slug_size = "18446744073709551615" },
    },
    words = { "mighost-journal 1\n", "sha256 ", " 0\n\n", table.unpack(FIELDS) },
  },
  lock = {
    inputs = {
      "pid: 7\nstart: 81\nboot: 0f-1\nhost: here\noperation: planning.expand\nsince: now\n", "",
      "\n", "\27[2J\27]0;title\7", "one\rtwo", ("é"):rep(120), ("x"):rep(5000),
    },
    words = { "pid: ", "\27[2J", "\r", "\u{202E}" },
  },
  path = {
    inputs = {
      "", ".", "..", "/", "a/b/f", "a//b", "a/./b", "a/in/f", "a/out", "a/up/f", "in", "root/etc",
      "a/../f", "a/b/../../..", "f/", "...", ("n"):rep(256), "a/../../proc/self/root",
    },
    words = { "../", "./", "//", "a/", "b/", "f", "in", "out", "root", "up", "/proc/self/fd/3" },
  },
  redact = {
    inputs = {
      "\1\3\12abcdefghijkl--abcdefghijkl--abcdefgh", "\2\5\10aaaaaaaaaa\8aaaaaaaa" .. ("a"):rep(60),
      "\3\1\9abababaaa\9babababab\16ababababababaaab" .. ("ab"):rep(40), "\0\0nothing to hide",
    },
    words = { "\8", "\16", "aaaaaaaa", "abababab", "cdab" },
  },
  script = { -- host/script_wire.h has the kinds
    inputs = {
      "", "\0\1\2", "\3\1\0\0\0\0\0\0\128", "\4\0\0\0\0\0\0\248\127", "\5\3\0\0\0abc",
      "\7\8", "\7\5\1\0\0\0a\7\1\0\8\2\1\8", "\6\1\0\0\0", "\7\6\0\0\0\0\0\8",
      "\7\4\0\0\0\0\0\0\248\127\1\8", "\5\255\255\255\255x", ("\7\1"):rep(101), ("\0"):rep(251),
      "\7\1\8", "\8",
    },
    words = { "\7", "\8", "\5\1\0\0\0a", "\3\1\0\0\0\0\0\0\0", "\6\1\0\0\0" },
  },
  status = {
    inputs = {
      "\0 M a\0?? b c\0!! d/\0", "\0" .. ("?? x\0"):rep(12), "\0?? \27[2J\n\127\0",
      "\0R  new\0old\0", "\0R", "\0C  a\0",
      "\1Ann Lee <ann@example.org> 1767225600 +0000\n", "\1<a@b>", "\1x<a@b>",
      "\1 <> 0", "\1A <b", "\1A <b <c> d>",
    },
    words = { "?? ", " M ", "R  ", "!! ", " <", "> ", "\0" },
  },
  term = {
    inputs = { "\40\10plain", "\40\4日本語", "\3\40e\u{301}e\u{301}", "\40\40a\27[2Jb\u{202E}c\255" },
    words = { "\u{202E}", "\u{FEFF}", "\u{301}", "日", "\u{1F600}", "\239\191", "\27[" },
  },
}

--- A word as libFuzzer reads it.
local function quote(word)
  return '"' .. word:gsub('[%c"\\\x80-\xFF]', function(char)
    return ("\\x%02X"):format(char:byte())
  end) .. '"\n'
end

local folder = ...
if not folder then
  io.stderr:write("usage: mighost spec/fuzz/seeds.lua FOLDER\n")
  return 2
end
local here <close> = assert(fs.open_dir("."))
local home <close> = folder:find("^/") and assert(fs.open_dir("/")) or here
local base = folder:gsub("^/", "")
for name, target in pairs(TARGETS) do
  local words = {}
  for index, word in ipairs(target.words) do
    words[index] = quote(word)
  end
  assert(home:mkdir(base .. "/" .. name))
  for index, input in ipairs(target.inputs) do
    local path = ("%s/%s/%02d"):format(base, name, index)
    assert(home:write(path, input, { durable = false }))
  end
  assert(home:write(("%s/%s.dict"):format(base, name), table.concat(words), { durable = false }))
end
return 0
