#!/bin/sh
# From a fresh clone on Debian 12 to a running mighost, as root or with sudo.
# usage: sh vendor/bootstrap.sh demo|test|build
#   demo   builds a release and lets it plan a migration in a scratch clone of this repository
#   test   builds, runs every test through ctest, again under sanitizers, then the linters
#   build  builds a release in build/release and says how to install it
# Packages that are missing are named, then installed with apt-get; nothing is downloaded otherwise.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
release=$root/build/release
sanitize=$root/build/sanitize

say() {
    printf '\n== %s\n' "$*"
}

fail() {
    printf 'bootstrap: %s\n' "$*" >&2
    exit 1
}

# packages GROUP...: the packages of these groups, a line each
packages() {
    for group in "$@"; do
        sed -n "s/^${group}[ ]*\([^ ]*\).*/\1/p" "$root/vendor/packages.txt"
    done
}

is_debian_12() {
    [ -r /etc/os-release ] || return 1
    # shellcheck source=/dev/null
    (. /etc/os-release && [ "${ID-}" = debian ] && [ "${VERSION_ID-}" = 12 ])
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# need GROUP...: installs what is missing of these groups
need() {
    wanted=$(packages "$@" | tr '\n' ' ')
    if ! is_debian_12; then
        printf 'bootstrap: this script knows Debian 12 only.  On another system, install what these\n'
        printf 'packages hold and follow "Building by hand" in vendor/README.md:\n'
        printf '  %s\n' "$wanted"
        exit 1
    fi >&2
    missing=''
    for package in $wanted; do
        is_installed "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "Installing with apt-get:$missing"
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        fail "that needs root or sudo; as root: apt-get install --no-install-recommends$missing"
    fi
    as_root apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends $missing </dev/null
}

# build FOLDER TARGET OPTION...
build() {
    folder=$1 target=$2
    shift 2
    say "Building in $folder"
    cmake -S "$root" -B "$folder" -G Ninja "$@"
    cmake --build "$folder" --target "$target"
}

# run_tests NAME FOLDER: every test through ctest; what failed is remembered in $failed.  A test that
# fails is run once more: many wait for real processes, and a loaded machine can outlast their patience.
run_tests() {
    say "Testing the $1 build"
    ctest --test-dir "$2" --output-on-failure --parallel "$(nproc)" --repeat until-pass:2 \
        --output-log "$2/ctest.log" ||
        failed="$failed $1"
}

# closing_lines NAME FOLDER: ctest's own summary once more
closing_lines() {
    printf '%s build: ' "$1"
    sed -n '/tests passed/,$ { /^\[/d; p; }' "$2/ctest.log"
}

run_all_tests() {
    failed=''
    corpus=-DMIGHOST_REQUIRE_CORPUS=${MIGHOST_REQUIRE_CORPUS:-OFF}
    need run build test lint
    build "$release" all -DCMAKE_BUILD_TYPE=Release -DMIGHOST_WERROR=ON -DMIGHOST_FUZZ=ON "$corpus"
    run_tests release "$release"
    build "$sanitize" all -DCMAKE_BUILD_TYPE=RelWithDebInfo -DMIGHOST_WERROR=ON \
        -DMIGHOST_SANITIZE=ON "$corpus"
    run_tests sanitize "$sanitize"
    say "Linting"
    cmake --build "$release" --target lint || failed="$failed lint"
    say "Result"
    closing_lines release "$release"
    closing_lines sanitize "$sanitize"
    [ -z "$failed" ] || fail "failed:$failed"
    printf 'lint: clean\n'
}

build_release() {
    need run build
    build "$release" program -DCMAKE_BUILD_TYPE=Release
    say "Built $release/bin/mighost, which runs from there.  To install it elsewhere:"
    printf '  cmake --install %s --prefix /usr/local\n' "$release"
}

case ${1-} in
demo)
    need run build
    build "$release" program -DCMAKE_BUILD_TYPE=Release
    exec sh "$root/vendor/demo.sh" "$root" "$release/bin/mighost"
    ;;
test) run_all_tests ;;
build) build_release ;;
*)
    printf 'usage: sh vendor/bootstrap.sh demo|test|build\n' >&2
    exit 2
    ;;
esac
