--- An adapter for a program of your own: `mighost plan --with ours --model M`.  It is data and pure
--- functions; mighost starts the program, keeps its logs, limits it and ends all that it started.

local text = require "lib.text"

local ANSWER_LIMIT <const> = 8 << 20

---@type mighost.Agent
return {
  needs_model  = true,          -- --model must be given
  inherits_env = false,         -- HOME, PATH, LANG and the like, and these:
  passes       = { "OURS_*" },
  secrets      = { "OURS_LOGIN" }, -- besides *_KEY, *_TOKEN, *_SECRET: never written down

  -- What to start; or nil and why not.
  command = function(call)
    return {
      argv   = { "ours", "--model", call.model, "--effort", call.effort },
      stdin  = call.prompt,     -- never an argument: it may be megabytes long
      env    = { OURS_WORK_DIR = call.work_dir },
      writes = { call.work_dir, call.artifacts },
    }
  end,

  -- Its answer.  This program prints `tokens: IN OUT` last, and `error: …` when it fails.
  answer = function(report)
    local printed = report.stdout.text(ANSWER_LIMIT)
    local body, tokens_in, tokens_out = printed:match("^(.*\n)tokens: (%d+) (%d+)%s*$")
    local trouble = printed:match("%f[^\n\0]error: ([^\n]*)")
    if report.exit ~= 0 or trouble or not body then
      local kind = (trouble or ""):find("quota", 1, true) and "rate-limited" or "broken"
      return nil, trouble and "failed: " .. text.printable(trouble)
        or ("ended with %s and no answer"):format(report.exit or "a signal"), kind
    end
    return { text = body, usage = { input_tokens = math.tointeger(tonumber(tokens_in)),
      output_tokens = math.tointeger(tonumber(tokens_out)) } }
  end,
}
