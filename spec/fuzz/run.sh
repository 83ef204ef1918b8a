#!/bin/sh
# Runs one fuzz target from its seeds; an input that breaks it is kept and named.
# usage: run.sh MIGHOST PROGRAM FOLDER SECONDS
#   FOLDER keeps the seeds, what the target has learnt (reused by the next run) and what broke it
set -eu

mighost=$1 program=$2 folder=$3 seconds=$4
name=$(basename "$program")
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

mkdir -p "$folder/learnt/$name" "$folder/found"
"$mighost" "$here/seeds.lua" "$folder/seeds"
if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
    -dict="$folder/seeds/$name.dict" -artifact_prefix="$folder/found/$name-" \
    -print_final_stats=1 "$folder/learnt/$name" "$folder/seeds/$name" >"$folder/$name.log" 2>&1; then
    echo "fuzz $name: $(sed -n 's/^stat::number_of_executed_units: //p' "$folder/$name.log") inputs"
else
    tail -n 60 "$folder/$name.log"
    echo "fuzz $name: failed; again: $program <the file named above>" >&2
    exit 1
fi
