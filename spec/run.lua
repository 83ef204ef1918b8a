--- Runs busted specs inside mighost, so that they see the host's own modules.
--- usage: mighost spec/run.lua [--filter PATTERN] [--list] [--verbose] [PATH...]
--- A PATH is a spec file or a folder; without one every spec runs except bench, crash and fuzz.

local lfs = require "lfs"
local sys = require "host.sys"

local USAGE <const> =
  "usage: mighost spec/run.lua [--filter PATTERN] [--list] [--verbose] [PATH...]\n"
local ON_REQUEST <const> = { bench = true, crash = true, fuzz = true }

--- The project's root, from this file's own path: specs must not depend on the caller's folder.
local function find_root()
  local path = debug.getinfo(1, "S").source:match("^@(.*)$")
  if not path:find("^/") then
    path = lfs.currentdir() .. "/" .. path
  end
  return (path:gsub("/%./", "/"):match("^(.*)/spec/run%.lua$"))
end

local function parse_arguments(args)
  local opts = { filter = {}, paths = {}, list = false, verbose = false }
  local i = 1
  while i <= #args do
    local word = args[i]
    if word == "--filter" and args[i + 1] then
      i = i + 1
      table.insert(opts.filter, args[i])
    elseif word == "--list" then
      opts.list = true
    elseif word == "--verbose" then
      opts.verbose = true
    elseif word:find("^%-") then
      return nil, word
    else
      table.insert(opts.paths, word)
    end
    i = i + 1
  end
  return opts
end

--- Adds the spec files of a folder, deepest last, in byte order of their names.
local function add_folder(files, folder, skip)
  local names = {}
  for name in lfs.dir(folder) do
    table.insert(names, name)
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local path = folder .. "/" .. name
    local mode = lfs.attributes(path, "mode")
    if mode == "file" and name:find("_spec%.lua$") then
      table.insert(files, path)
    elseif mode == "directory" and not name:find("^%.") and not skip[name] then
      add_folder(files, path, {})
    end
  end
end

local function find_files(paths, root)
  local files = {}
  if #paths == 0 then
    add_folder(files, root .. "/spec", ON_REQUEST)
  end
  for _, path in ipairs(paths) do
    local mode = lfs.attributes(path, "mode")
    if mode == "directory" then
      add_folder(files, (path:gsub("/+$", "")), {})
    elseif mode == "file" then
      table.insert(files, path)
    else
      return nil, path
    end
  end
  return files
end

--- Counts what decides the exit code, and stops the run once a signal came.
local function watch(busted)
  local seen = { tests = 0, bad = 0 }
  local function count_bad()
    seen.bad = seen.bad + 1
    return nil, true
  end
  busted.subscribe({ "error" }, count_bad)
  busted.subscribe({ "failure" }, count_bad)
  busted.subscribe({ "test", "end" }, function()
    seen.tests = seen.tests + 1
    seen.signal = sys.interrupted() -- busted took the error that it raised for a failed test's
    busted.skipAll = seen.signal ~= nil
    return nil, true
  end)
  return seen
end

local function show_through(busted, opts)
  local options = { verbose = opts.verbose, language = "en", arguments = {} }
  require("busted.outputHandlers.plainTerminal")(options):subscribe(options)
  require("busted.modules.filter_loader")()(busted, {
    tags = {}, excludeTags = {}, filter = opts.filter, filterOut = {}, list = opts.list,
  })
end

local function run(files, opts)
  local busted = require("busted.core")()
  require("busted")(busted)
  local seen = watch(busted)
  show_through(busted, opts)
  if not opts.list then
    require("spec.support.leftovers").watch(busted)
  end
  local load_files = require("busted.modules.test_file_loader")(busted, { "lua" })
  load_files(files, { "_spec%.lua$" }, { excludes = {}, recursive = false })
  require("busted.execute")(busted)(1, {})
  return seen
end

local root = find_root()
local opts, unknown = parse_arguments({ ... })
if not opts then
  io.stderr:write("mighost spec/run.lua: unusable argument: ", unknown, "\n", USAGE)
  return 2
end
local files, missing = find_files(opts.paths, root)
if not files then
  io.stderr:write("mighost spec/run.lua: no such file or folder: ", missing, "\n")
  return 2
end
package.path = package.path .. ";" .. root .. "/?.lua"
local seen = run(files, opts)
if seen.signal then
  return 128 + seen.signal
elseif seen.bad == 0 and seen.tests == 0 then
  io.stderr:write("mighost spec/run.lua: no test ran\n")
  return 1
end
return seen.bad == 0 and 0 or 1
