std = "lua54"
codes = true
max_line_length = 100
max_cyclomatic_complexity = 15
allow_defined = false

-- main.lua hands a script its arguments under this name, as lua itself does.
files["scripts/main.lua"] = { globals = { "arg" } }

-- Stubs for editors: nothing runs, so nothing uses the arguments or the values.
files["scripts/meta"] = { ignore = { "211", "212", "241" } }

files["spec"] = { std = "+busted", max_cyclomatic_complexity = false }

-- Mistakes that `mighost check` is to find.
exclude_files = { "spec/fixtures/mistakes" }
