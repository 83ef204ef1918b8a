#!/bin/sh
# Plans a real migration of this repository, in a scratch clone, with the recorded agent: no model, no cost.
# usage: demo.sh PROJECT MIGHOST   (vendor/bootstrap.sh demo calls it)
set -eu

project=$1 mighost=$2
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mighost-demo.XXXXXX")
repo=$scratch/mighost

# git and mighost see neither the user's settings nor state; the checkout may belong to somebody else.
export GIT_CONFIG_GLOBAL="$scratch/gitconfig" GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
export XDG_STATE_HOME="$scratch/state" XDG_CONFIG_HOME="$scratch/config"
unset MIGHOST_WITH MIGHOST_SANDBOX
git config --file "$GIT_CONFIG_GLOBAL" safe.directory '*'

# say COMMAND...: the words as one would type them
say() {
    printf '\n$'
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./:=-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
}

leave() {
    code=$?
    printf '\nThe scratch repository is %s\nRemove it with: rm -rf %s\n' "$repo" "$scratch"
    exit "$code"
}
trap leave EXIT

# show COMMAND...: a command as a user would type it, then what it prints
show() {
    say "$@"
    "$@"
}

mighost() {
    "$mighost" "$@"
}

git -C "$project" rev-parse --quiet --verify HEAD >/dev/null 2>&1 || {
    printf 'demo: %s is not a git clone with a commit; the demo plans a change to it\n' "$project" >&2
    exit 1
}
show git clone --quiet "$project" "$repo"
cd "$repo"
git checkout --quiet -B main
base=$(git rev-parse HEAD)
git config user.name "mighost demo"
git config user.email "demo@example.invalid"

show mighost init --commit

# What to plan is what the recorded agent was asked.
recording=$project/stages/recordings
target=$(sed -n 's/^Target: //p' "$recording"/*/approaches-1/prompt.md | head -n 1)
show mighost plan.lua --target "$target" --with replay --to-end

slug=$(mighost migration list --no-headers | cut -f 1)
show mighost migration list
show mighost migration show "$slug"
show git log --format='%h %s' "$base.."
