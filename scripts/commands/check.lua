--- Checks stages, pipelines, rules and agents of your own without asking an agent.

local cli = require "cli"
local mighost = require "mighost"

local EXIT_FINDINGS <const> = 1

local parser = cli.parser {
  name = "check",
  summary = "Checks everything that a team can customise, without asking an agent: every file "
    .. "loads, every outcome leads somewhere, every walk through a pipeline ends, and prompts, "
    .. "judges, rules and agents cope with samples.  Prints what is wrong with its file and line, "
    .. "and the most agent calls that each pipeline can take.  Ends with 1 when something is an "
    .. "error.",
  example = { "mighost check", "mighost check --json" },
  json = true,
}
local project, code, opts = cli.enter(parser, { ... }, mighost.open)
if not project then
  return code
end

local function count_errors(diagnostics)
  local errors = 0
  for _, found in ipairs(diagnostics) do
    errors = errors + (found.severity == "error" and 1 or 0)
  end
  return errors
end

local function to_json(inspection)
  local json = require "lib.json"
  for _, found in ipairs(inspection.diagnostics) do
    found.fix = json.null
  end
  json.array(inspection.diagnostics)
  json.array(inspection.pipelines)
  return inspection
end

local function show(inspection)
  local prose = require "lib.prose"
  for _, found in ipairs(inspection.diagnostics) do
    cli.write_text(("%s:%d: %s: %s (%s)\n    %s\n"):format(found.path, found.line, found.severity,
      found.message, found.code, found.mend))
  end
  for _, pipeline in ipairs(inspection.pipelines) do
    cli.write_text(("%s: %s, at most %s of agents (%s)\n"):format(pipeline.name,
      prose.count(pipeline.stages, "stage"), prose.count(pipeline.calls, "call"), pipeline.path))
  end
end

local inspection, why, errno, help = mighost.check(project)
if not inspection then
  return cli.fail(opts, why, errno, help)
end
local errors = count_errors(inspection.diagnostics)
local exit = errors > 0 and EXIT_FINDINGS or 0
local verdict = errors > 0 and ("%d of %d problems are errors"):format(errors,
  #inspection.diagnostics) or nil
if opts.json then
  return cli.answer(opts, exit, to_json(inspection), verdict)
end
show(inspection)
return exit
