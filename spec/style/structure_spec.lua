--- A value walks left to right, from the command line to the system, and no file requires something
--- to its left.  These tables are the architecture; a change of them is a change of it.

local source = require "spec.support.source"

--- What a Lua folder (or a file of scripts/) may require besides itself.
local MAY_REQUIRE <const> = {
  main = { "cli", "project", "commands", "lib", "host.sys" },
  -- cli is the commands' common part: options, notes, errors, JSON envelopes.
  commands = { "cli", "mighost", "project", "lib", "host.sys", "host.term" },
  -- What teams may start their own programs from.
  examples = { "cli", "mighost", "lib" },
  cli = { "lib", "host.sys", "host.term", "argparse" },
  mighost = { "loop", "planning", "migration", "project", "lib" },
  loop = {
    "planning", "migration", "project", "lib", "host.fs", "host.lock", "host.proc", "host.repo",
    "host.sys", "host.tree",
  },
  planning = {
    "migration", "project", "lib", "host.fs", "host.lock", "host.proc", "host.publish", "host.repo",
    "host.script", "host.sys", "host.tree",
  },
  project = { "lib", "host.fs", "host.tree", "host.sys" },
  migration = { "lib", "host.fs", "host.tree" },
  -- What teams write themselves gets everything it needs handed in.
  agents = { "lib" },
  rules = { "lib" },
  stages = { "lib" },
  lib = { "cjson" },
}

--- Only the transaction's two users see it.
local ONLY_IN <const> = {
  ["host.publish"] = { "scripts/planning/commit.lua", "scripts/planning/recover.lua" },
  ["cjson"] = { "scripts/lib/json.lua" },
  ["argparse"] = { "scripts/cli.lua", "scripts/cli/completion.lua" },
}

--- Requires a name that it was given: the own require of a stage, rule or agent, which checks it,
--- and that of a command script that comes with helpers.
local MAY_CHOOSE <const> = {
  ["scripts/planning/loader.lua"] = true, ["scripts/planning/jail_child.lua"] = true,
  ["scripts/project/helpers.lua"] = true,
}

local MAY_CATCH <const> = {
  ["scripts/main.lua"] = true,           -- the one top-level xpcall
  ["scripts/planning/guard.lua"] = true, -- the engine around a stage, rule or agent
}
local MAY_PRINT <const> = { main = true, cli = true, commands = true, examples = true }

--- What a family of C files (the name up to the first "_") may include besides its own headers.
local BASE <const> = { "err", "os", "path", "interrupt" }
local MAY_INCLUDE <const> = {
  err = {},
  interrupt = {},
  os = { "err" },
  path = { "err", "os" },
  dir = BASE,                           -- an open directory: reading, listing, changing entries
  atomic = { BASE, "dir" },
  fstype = BASE,                        -- which kind of file system this is
  sys = BASE,                           -- the process and the machine around it
  probe = { BASE, "sys" },              -- what the system can do, by trying
  lock = { BASE, "dir", "fstype" },
  tree = { BASE, "dir", "atomic", "fstype", "sys" },
  sandbox = BASE,                       -- what a child may write
  cgroup = { BASE, "sys" },             -- what ends a child and all that it started
  proc = { BASE, "dir", "cgroup", "sandbox", "sys" },
  script = { BASE, "sandbox" },         -- a process for what a team wrote
  term = BASE,
  repo = { BASE, "dir", "sys", "tree" }, -- commits are built from a tree's entries
  publish = { BASE, "atomic", "dir", "fstype", "lock", "repo", "sys", "tree" },
  lib = {
    BASE, "atomic", "dir", "fstype", "lock", "probe", "proc", "publish", "repo", "sandbox",
    "script", "sys",
    "term", "tree",
  },
  runtime = { BASE, "lib" },
  main = { BASE, "runtime" },
}
local LUA_HEADERS <const> = { ["lua.h"] = true, ["lauxlib.h"] = true, ["lualib.h"] = true }
local SEES_LUA <const> = { lib = true, runtime = true, main = true }

--- Calls that change names or make things durable; everything else asks one of these families.
local NAMING_CALLS <const> = {
  "fsync", "syncfs", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir",
  "link", "linkat", "mh_os_fsync", "mh_os_syncfs", "mh_os_rename", "mh_os_unlink",
}
local MAY_NAME <const> = {
  os = true, -- the table itself
  atomic = true, tree = true, publish = true,
  lock = true, repo = true, -- beneath the git directory
  dir = true,   -- host.fs: removing and renaming what a caller names
  probe = true, -- removes the two files that it made to try things with
  cgroup = true, -- the group that it made, in the kernel's own file system
}

--- Calls of the table in os.h: made through it, so that tests can make them fail.
local TABLE_CALLS <const> = {
  "write", "pwrite", "writev", "ftruncate", "truncate", "fchmod", "chmod", "fchmodat", "mkdir",
  "mkdirat", "copy_file_range", "fork", "kill", "creat", "symlink", "symlinkat", "mkdtemp",
  "mkstemp",
}
local FORBIDDEN_CALLS <const> = {
  "sprintf", "vsprintf", "strcpy", "strcat", "gets", "strtok", "system", "popen", "alloca", "atoi",
  "tmpnam", "mktemp", "longjmp", "setjmp",
}
local ALLOCATING_CALLS <const> = {
  "malloc", "calloc", "realloc", "strdup", "strndup", "asprintf",
}
local MAY_ALLOCATE <const> = {
  ["host/lib_repo_history.c"] = true, -- commits of unknown length, owned by a userdata with __gc
}
local PRINTING_CALLS <const> = { "printf", "vprintf", "puts", "putchar", "perror" }

local MAY_PRINT_C <const> = { main = true, runtime = true }

--- The items of a list, and of the lists in it.
local function set(list)
  local found = {}
  for _, item in ipairs(list) do
    if type(item) == "table" then
      for name in pairs(set(item)) do
        found[name] = true
      end
    else
      found[item] = true
    end
  end
  return found
end

local function family(path)
  return path:match("^host/([a-z]+)")
end

--- Findings for words in families that `allowed` does not name.
local function expect_no_word(words, allowed)
  source.check(source.files({ "host" }, "%.[ch]$"), function(file, report)
    for number, line in ipairs(allowed[family(file.path)] and {} or file.bare) do
      for _, word in ipairs(words) do
        if line:find("%f[%w_]" .. word .. "%f[^%w_]") then
          report(number, "uses %s", word)
        end
      end
    end
  end)
end

local function lua_sources()
  local files = {}
  for _, file in ipairs(source.files({ "scripts", "stages" }, "%.lua$")) do
    if not file.path:find("^scripts/meta/") then
      table.insert(files, file)
    end
  end
  return files
end

local function group_of_file(path)
  return path:match("^scripts/([^/]+)/") or path:match("^(stages)/") or path:match("([^/]+)%.lua$")
end

local function group_of_module(name)
  return name:match("^host%.") and name or name:match("^[^.]+")
end

--- Calls `visit(line number, module name or nil)` for every require in a file.
local function each_require(file, visit)
  for number, line in ipairs(file.code) do
    for _ in file.bare[number]:gmatch("%f[%w_]require%f[^%w_]") do
      visit(number, line:match("%f[%w_]require%f[^%w_]%s*%(?%s*[\"']([%w_.-]+)[\"']"))
    end
  end
end

--- Calls `visit(line number, name)` for every direct call of one of the functions.
local function each_call(file, names, visit)
  local wanted = set(names)
  for number, line in ipairs(file.bare) do
    for before, name in line:gmatch("([^%s]?)%s*%f[%w_]([%w_]+)%s*%(") do
      if wanted[name] and before ~= "." and before ~= ">" then
        visit(number, name)
      end
    end
  end
end

--- Findings for calls in families that `allowed` does not name.
local function expect_calls_only_in(names, allowed, text)
  source.check(source.files({ "host" }, "%.[ch]$"), function(file, report)
    if not allowed[family(file.path)] then
      each_call(file, names, function(number, name)
        report(number, text, name)
      end)
    end
  end)
end

describe("Lua modules", function()
  it("require only what lies to their right", function()
    source.check(lua_sources(), function(file, report)
      local group = group_of_file(file.path)
      local allowed = set(MAY_REQUIRE[group] or {})
      allowed[group] = true
      each_require(file, function(number, name)
        if not name and not MAY_CHOOSE[file.path] then
          report(number, "a require of something other than a plain name")
        elseif name and not allowed[group_of_module(name)] then
          report(number, "%s may not require %s", group, name)
        end
      end)
    end)
  end)

  it("keep the transaction and the libraries of others behind one door each", function()
    source.check(lua_sources(), function(file, report)
      each_require(file, function(number, name)
        if ONLY_IN[name] and not set(ONLY_IN[name])[file.path] then
          report(number, "%s belongs to %s", name, table.concat(ONLY_IN[name], " and "))
        end
      end)
    end)
  end)

  it("catch errors in exactly two places", function()
    source.check(lua_sources(), function(file, report)
      for number, line in ipairs(file.bare) do
        if line:find("%f[%w_]x?pcall%f[^%w_]") and not MAY_CATCH[file.path] then
          report(number, "catches errors: %s", file.lines[number])
        end
      end
    end)
  end)

  it("print in commands, their common part and main alone", function()
    source.check(lua_sources(), function(file, report)
      for number, line in ipairs(file.bare) do
        local prints = line:find("%f[%w_.]print%s*%(") or line:find("%f[%w_]io%.write")
          or line:find("%f[%w_]io%.std[oe]") or line:find("%f[%w_]sys%.write%s*%(")
        if prints and not MAY_PRINT[group_of_file(file.path)] then
          report(number, "prints: %s", file.lines[number])
        end
      end
    end)
  end)

  it("run no shell and load no code but through the registry and main", function()
    source.check(lua_sources(), function(file, report)
      for number, line in ipairs(file.bare) do
        local call = line:match("%f[%w_]os%.execute") or line:match("%f[%w_]io%.popen")
          or line:match("%f[%w_]os%.exit") or line:match("%f[%w_]dofile%f[^%w_]")
        if call then
          report(number, "uses %s", call)
        end
      end
    end)
  end)
end)

describe("C files", function()
  it("include only what lies to their right", function()
    source.check(source.files({ "host" }, "%.[ch]$"), function(file, report)
      local own = family(file.path)
      local allowed = set(MAY_INCLUDE[own] or {})
      allowed[own] = true
      for number, line in ipairs(file.code) do
        local header = line:match('^%s*#%s*include%s+"([^"]+)"')
        if header and (not MAY_INCLUDE[own] or not allowed[family("host/" .. header)]) then
          report(number, "%s may not include %s", own, header)
        end
      end
    end)
  end)

  it("see Lua in bindings, the runtime and main alone", function()
    source.check(source.files({ "host" }, "%.[ch]$"), function(file, report)
      for number, line in ipairs(file.code) do
        local header = line:match("^%s*#%s*include%s+<(%w+%.h)>")
        if LUA_HEADERS[header] and not SEES_LUA[family(file.path)] then
          report(number, "includes %s", header)
        end
      end
    end)
  end)

  it("allocate nothing in bindings: scratch memory is Lua's, and a raise cannot leak", function()
    source.check(source.files({ "host" }, "^lib[a-z_]*%.[ch]$"), function(file, report)
      each_call(file, ALLOCATING_CALLS, function(number, name)
        if not MAY_ALLOCATE[file.path] then
          report(number, "a binding calls %s", name)
        end
      end)
    end)
  end)

  it("rename, remove and sync in few places", function()
    expect_calls_only_in(NAMING_CALLS, MAY_NAME,
      "%s is for atomic, tree, publish, lock, repo, dir, probe and cgroup")
  end)

  it("make calls that change something through the table in os.h", function()
    expect_calls_only_in(TABLE_CALLS, { os = true }, "%s must go through mh_os")
  end)

  it("call nothing that is unbounded or hides a shell", function()
    expect_calls_only_in(FORBIDDEN_CALLS, {}, "%s is forbidden")
  end)

  it("print in main and the runtime alone", function()
    expect_calls_only_in(PRINTING_CALLS, MAY_PRINT_C, "prints with %s")
    expect_no_word({ "stdout", "stderr" }, MAY_PRINT_C)
  end)

  it("use no fixed path buffer", function()
    expect_no_word({ "PATH_MAX" }, {})
  end)

  it("keep state in the system-call table, the signal flag and the runtime alone", function()
    local may = {
      ["host/os.c"] = true, ["host/interrupt.c"] = true, ["host/runtime.c"] = true,
      ["host/repo.c"] = true, -- whether libgit2 was started
    }
    source.check(source.files({ "host" }, "%.c$"), function(file, report)
      for number, line in ipairs(file.bare) do
        local variable = line:find("^%a[%w_ *]*[%w_%]]%s*=") or line:find("^%a[%w_ *]*[%w_%]]%s*;")
          or line:find("^%s+static%s")
        local constant = line:find("%f[%w_]const%f[^%w_]") or line:find("^%a*%s*enum%s")
          or line:find("^typedef") or line:find("^struct%s+[%w_]+;")
          or line:find("^%s+static char [%w_]+%[%]") -- words for an argv, which takes no const
        if variable and not constant and not may[file.path] then
          report(number, "a variable outlives its function: %s", line)
        end
      end
    end)
  end)
end)
