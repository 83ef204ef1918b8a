--- Prints the completions for a shell: bash, zsh or fish.

local cli = require "cli"
local commands = require "project.commands"

local WRITERS <const> = {
  bash = "get_bash_complete", zsh = "get_zsh_complete", fish = "get_fish_complete",
}

local parser = cli.parser {
  name = "completion",
  summary = "Prints a script that completes mighost's commands and options in a shell.",
  example = { "mighost completion bash >~/.local/share/bash-completion/completions/mighost",
    "mighost completion zsh >~/.zfunc/_mighost",
    "mighost completion fish >~/.config/fish/completions/mighost.fish" },
}
parser:argument("shell", "The shell."):choices({ "bash", "zsh", "fish" })

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end
local all = require("cli.completion").parser(commands.installed())
cli.write(all[WRITERS[opts.shell]](all))
return 0
