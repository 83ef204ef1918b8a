--- Any program as an agent: `--with command --agent-command 'PROGRAM ARGS'`.
--- The prompt comes on its standard input, its standard output is the answer; attached to the
--- terminal it finds the prompt in the file that MIGHOST_PROMPT names.

local text = require "lib.text"

local ANSWER_LIMIT <const> = 8 << 20

local function variables(call)
  return {
    MIGHOST_ROLE = call.role,
    MIGHOST_STAGE = call.stage,
    MIGHOST_VISIT = tostring(call.visit),
    MIGHOST_SLUG = call.slug,
    MIGHOST_WORK_DIR = call.work_dir,
    MIGHOST_LIVE_DIR = call.live_dir,
    MIGHOST_REPO_ROOT = call.repo_root,
    MIGHOST_ARTIFACTS = call.artifacts,
    MIGHOST_MODEL = call.model,
    MIGHOST_EFFORT = call.effort,
  }
end

local function words(call)
  if not call.agent_command or not call.agent_command:find("%S") then
    return nil, "the agent \"command\" needs --agent-command 'PROGRAM ARGS'"
  end
  local argv, why = text.shell_split(call.agent_command)
  if not argv then
    return nil, ("--agent-command %s: %s"):format(call.agent_command, why)
  end
  return argv
end

---@type mighost.Agent
return {
  needs_model = false,
  inherits_env = true,

  command = function(call)
    local argv, why = words(call)
    if not argv then
      return nil, why
    end
    return {
      argv = argv,
      env = variables(call),
      stdin = call.prompt,
      writes = { call.work_dir, call.artifacts },
    }
  end,

  interactive = function(call)
    local argv, why = words(call)
    if not argv then
      return nil, why
    end
    local env = variables(call)
    env.MIGHOST_PROMPT = call.prompt_file
    return { argv = argv, env = env, writes = { call.work_dir, call.artifacts } }
  end,

  answer = function(report)
    if report.exit == 0 then
      return { text = report.stdout.text(ANSWER_LIMIT) }
    end
    local why = report.signal and ("was ended by signal %d"):format(report.signal)
      or ("exited with status %d"):format(report.exit)
    local last = report.stderr.last_line() or report.stdout.last_line()
    return nil, last and why .. ": " .. last or why, "broken"
  end,
}
