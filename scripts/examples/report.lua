--- Writes a report of all migrations as Markdown to standard output.
---
---   mighost ./report.lua >migrations.md

local cli = require "cli"
local mighost = require "mighost"

local parser = cli.parser {
  name = "./report.lua",
  summary = "Writes a report of all migrations as Markdown.",
  example = "mighost ./report.lua >migrations.md",
}
local project, code, opts = cli.enter(parser, { ... }, mighost.open)
if not project then
  return code
end

--- One line, with Markdown's own characters escaped.
local function plain(text)
  return (text:gsub("%s+", " "):gsub("[|\\`*_<>]", "\\%0"))
end

local function describe(row)
  local lines = { ("## %s"):format(plain(row.slug)), "" }
  local function add(line)
    table.insert(lines, line)
  end
  local seen = mighost.show(project, row.slug) or { phases = {}, findings = {} }
  if seen.target then
    add(plain(seen.target))
    add("")
  end
  for _, phase in ipairs(seen.phases) do
    add(("- [%s] %s"):format(phase.done and "x" or " ", plain(phase.file)))
  end
  for _, finding in ipairs(seen.findings) do
    add(("- %s: %s"):format(finding.severity, plain(finding.message)))
  end
  return table.concat(lines, "\n") .. "\n"
end

local rows, why, errno, help = mighost.list(project)
if not rows then
  return cli.fail(opts, why, errno, help)
end
cli.write("# Migrations\n\n| migration | status | stands at |\n|---|---|---|\n")
for _, row in ipairs(rows) do
  cli.write(("| %s | %s | %s |\n"):format(plain(row.slug), row.status,
    plain(row.cursor or row.reason or "")))
end
for _, row in ipairs(rows) do
  cli.write("\n" .. describe(row))
end
return 0
