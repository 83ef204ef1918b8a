--- `.mighost/config.json`: what a project says about itself.  Every field is declared here; another
--- one is an error: a misspelt setting that does nothing is worse than one that is refused.

local fs = require "host.fs"

local strict = require "lib.strict"
local paths = require "project.paths"
local tables = require "lib.tables"
local texts = require "lib.text"

local FOLDER <const> = ".mighost"
local PATH <const> = FOLDER .. "/config.json"
local SCHEMA_VERSION <const> = 1
local MILLION <const> = 1000 * 1000
local EFFORTS <const> = { low = true, medium = true, high = true, xhigh = true }
local WEEK <const> = 7 * 24 * 60 * 60 -- seconds
local LONGEST <const> = 1000000000   -- seconds that host.proc can be told
local READ <const> = { max = 1024 * 1024, links = "inside" }

local function is_text(value)
  return type(value) == "string" and value ~= "", "a non-empty string"
end

local function is_line(value)
  return type(value) == "string" and texts.is_line(value), "one line of text"
end

local function is_path(value)
  if type(value) ~= "string" then
    return false, "a path relative to the project's root"
  end
  local normal, why = paths.normalize(value)
  return normal ~= nil, "a path relative to the project's root; it " .. (why or "")
end

---A whole number from `least` to `most`.
local function is_within(least, most, unit)
  local wanted = ("a whole number of %s from %d to %d"):format(unit, least, most)
  return function(value)
    return math.type(value) == "integer" and value >= least and value <= most, wanted
  end
end

local function is_effort(value)
  return EFFORTS[value] or false, "low, medium, high or xhigh"
end

local function is_sandbox(value)
  return value == "auto" or value == "require",
    "auto or require; only --sandbox and MIGHOST_SANDBOX can switch it off"
end

local function is_switch(value)
  return type(value) == "boolean", "true or false"
end

local function is_version(value)
  return value == SCHEMA_VERSION, ("%d, the version this mighost knows"):format(SCHEMA_VERSION)
end

local function is_environment(value)
  local is_right = strict.is_object(value)
  for name, text in pairs(is_right and value or {}) do
    is_right = is_right and name:find("^[%a_][%w_]*$") and type(text) == "string"
      and not text:find("\0", 1, true)
  end
  return is_right, "an object of environment variables: names with texts"
end

local FIELDS <const> = {
  schema_version = is_version,
  live_migrations_dir = is_path,
  taste = is_path,
  with = is_text,
  model = is_text,
  effort = is_text,
  pipeline = is_text,
  commit_message_prefix = is_line,
  timeout = is_within(1, LONGEST, "seconds"),
  silence = is_within(1, LONGEST, "seconds"),
  max_wait = is_within(0, WEEK, "seconds"),
  validation_timeout = is_within(1, LONGEST, "seconds"),
  default_effort = is_effort,
  max_allowed_effort = is_effort,
  max_attempts = is_within(1, 100, "attempts"),
  max_consecutive_failures = is_within(1, 1000, "failures"),
  keep_runs = is_within(1, 100000, "runs"),
  sandbox = is_sandbox,
  allow_fuse = is_switch,
  script_memory = is_within(8, 65536, "MiB"),
  script_seconds = is_within(1, 3600, "seconds"),
  script_instructions = is_within(MILLION, MILLION * MILLION, "instructions"),
}
-- What names programs, or what they get or may do, steers the machine of whoever cloned the
-- repository: these count as scripts, see project.trust.
local PROGRAMS <const> = {
  agent_command = is_text,
  agent_env = is_environment,
  validation_command = is_text,
}
local REQUIRED <const> = { "schema_version", "live_migrations_dir" }
local PATHS <const> = { "live_migrations_dir", "taste" }

---@class mighost.Config
---@field schema_version integer
---@field live_migrations_dir string  relative to the project's root
---@field taste? string               a file relative to the root; else the user's own counts
---@field with? string                default of --with; so are the next ones of their options
---@field model? string
---@field effort? string
---@field pipeline? string
---@field commit_message_prefix? string
---@field timeout? integer            seconds
---@field silence? integer            seconds
---@field max_wait? integer           seconds
---@field validation_timeout? integer seconds
---@field default_effort? mighost.Effort
---@field max_allowed_effort? mighost.Effort
---@field max_attempts? integer
---@field max_consecutive_failures? integer
---@field keep_runs? integer          how many runs' evidence is kept; else 20
---@field sandbox? "auto"|"require"
---@field allow_fuse? boolean         locks of a FUSE file system are relied on
---@field script_memory? integer      MiB that a call of a team's script may use
---@field script_seconds? integer     that it may take
---@field script_instructions? integer  of Lua's virtual machine
---@field agent_command? string              once the project is trusted; so are the next ones
---@field agent_env? table<string, string>
---@field validation_command? string

local function check_field(key, value)
  local is_right = FIELDS[key] or PROGRAMS[key]
  if not is_right then
    return nil, "unknown field " .. key
  elseif value == strict.null then
    return true
  end
  local ok, wanted = is_right(value)
  if not ok then
    return nil, ("%s must be %s"):format(key, wanted)
  end
  return true
end

local function fill_in(config)
  for _, key in ipairs(REQUIRED) do
    if config[key] == nil then
      return nil, key .. " is missing"
    end
  end
  for _, key in ipairs(PATHS) do
    config[key] = config[key] and paths.normalize(config[key])
  end
  return config
end

--- The fields of a decoded file, apart those that count as scripts; a null counts as absent.
local function check(fields)
  if not strict.is_object(fields) then
    return nil, "it must hold an object, not " .. strict.kind(fields)
  end
  local config, programs = {}, {}
  for _, key in ipairs(tables.sorted_keys(fields)) do
    local ok, why = check_field(key, fields[key])
    if not ok then
      return nil, why
    elseif fields[key] ~= strict.null then
      (PROGRAMS[key] and programs or config)[key] = fields[key]
    end
  end
  local filled, lack = fill_in(config)
  return filled, filled and programs or lack
end

local function read(root)
  local dir <close>, message, name = fs.open_dir(root)
  if not dir then
    return nil, message, name
  end
  local text, why, errno = dir:read(PATH, READ)
  if not text then
    return nil, why, errno
  end
  local fields, problem = strict.decode(text)
  if fields == nil then
    return nil, ("%s/%s: %s"):format(root, PATH, problem), "ECONFIG"
  end
  return fields, nil, nil, text
end

local M = {}

--- Reads and checks a project's configuration.  What counts as a script is kept apart: it belongs
--- into the configuration only once it is trusted.
---@param root string
---@return mighost.Config? config, table<string, any>|string programs_or_message, string? name
function M.load(root)
  local fields, message = read(root)
  if fields == nil then
    return nil, "cannot read the configuration: " .. message, "ECONFIG"
  end
  local config, programs = check(fields)
  if not config then
    return nil, ("%s/%s: %s"):format(root, PATH, programs), "ECONFIG"
  end
  return config, programs
end

---@class mighost.ConfigUpgrade
---@field path string     absolute
---@field from integer    the version it was at; 0 when it did not say
---@field to integer
---@field changed boolean whether the file is to be written anew

--- Brings the file up to the current version and its usual form; what it says stays as it is.
---@param root string
---@param dry_run? boolean   only look
---@return mighost.ConfigUpgrade? done, string? message, string? name
function M.upgrade(root, dry_run)
  local fields, message, name, text = read(root)
  if fields == nil then
    return nil, "cannot read the configuration: " .. message, name == "ENOENT" and name or "ECONFIG"
  end
  local from = strict.is_object(fields) and fields.schema_version or 0
  if math.type(from) == "integer" and from > SCHEMA_VERSION then
    return nil, ("%s/%s is of version %d, written by a newer mighost; this one knows %d"):format(
      root, PATH, from, SCHEMA_VERSION), "ECONFIG"
  elseif from == 0 and strict.is_object(fields) then
    fields.schema_version = SCHEMA_VERSION
  end
  local config, why = check(fields)
  if not config then
    return nil, ("%s/%s: %s"):format(root, PATH, why), "ECONFIG"
  end
  local changed = strict.encode(fields) ~= text
  if changed and not dry_run then
    local ok, trouble, errno = M.write(root, { schema_version = SCHEMA_VERSION })
    if not ok then
      return nil, trouble, errno
    end
  end
  return { path = root .. "/" .. PATH, from = from, to = SCHEMA_VERSION, changed = changed }
end

--- Writes a project's configuration: what the file held, with the fields of `changes` replaced.
---@param root string
---@param changes table<string, string>
---@return true? ok, string? message, string? name
function M.write(root, changes)
  local fields, message, name = read(root)
  if fields == nil and name ~= "ENOENT" then
    return nil, message, name
  end
  fields = fields or strict.object()
  fields.schema_version = SCHEMA_VERSION
  for key, value in pairs(changes) do
    fields[key] = value
  end
  local dir <close>, why, errno = fs.open_dir(root)
  if not dir then
    return nil, why, errno
  end
  local made, trouble, code = dir:mkdir(FOLDER)
  if not made then
    return nil, trouble, code
  end
  return dir:write(PATH, strict.encode(fields))
end

--- Where the file is, relative to the root.
M.path = PATH

return M
