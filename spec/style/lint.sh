#!/bin/sh
# Runs every linter over the sources; a tool that is missing is a failure, never a skip.
# usage: lint.sh BUILD   (a configured build folder, for its compile_commands.json)
set -eu

build=$1
cd "$(dirname "$0")/../.."
failed=''

# run NAME COMMAND...: all linters run, so that one call shows everything
run() {
    name=$1
    shift
    echo "lint: $name"
    if ! command -v "$name" >/dev/null 2>&1; then
        echo "lint: $name is not installed (sh vendor/bootstrap.sh test installs it)" >&2
        failed="$failed $name"
    elif ! "$@"; then
        failed="$failed $name"
    fi
}

jobs=$(nproc)

# clang-tidy counts on stderr what it found in system headers and did not report.
tidy() {
    printf '%s\n' host/*.c | xargs -P "$jobs" -n 4 clang-tidy --quiet -p "$build" 2>"$build/tidy.err" &&
        return
    grep -v 'warnings\{0,1\} generated' "$build/tidy.err" >&2
    return 1
}

run luacheck luacheck --quiet --no-color scripts stages spec
run clang-format clang-format --dry-run -Werror host/*.[ch] spec/fuzz/*.[ch]
run clang-tidy tidy
run cppcheck cppcheck --quiet --error-exitcode=1 --inline-suppr -j "$jobs" --std=c11 \
    --enable=warning,performance,portability --suppress=missingIncludeSystem \
    -D_GNU_SOURCE '-DMH_VERSION=""' '-DMH_LUA_DIR=""' '-DMH_LUA_C_DIR=""' host

if [ -n "$failed" ]; then
    echo "lint: failed:$failed" >&2
    exit 1
fi
echo "lint: clean"
