#!/bin/sh
# Holds list and doctor to the verdicts that the older tool gave on recorded migration directories.
# usage: corpus.sh MIGHOST CORPUS required|optional
# Ends with 77 (for ctest: skipped) where CORPUS is not there and optional.
set -eu

mighost=$1 corpus=$2 need=$3

if [ ! -f "$corpus/compare.py" ]; then
    echo "corpus: not found: $corpus (choose another folder with cmake -DMIGHOST_CORPUS=DIR)"
    [ "$need" = required ] && exit 1
    exit 77
fi
exec python3 -B "$corpus/compare.py" "$corpus" --full \
    --tool "'$mighost' migration" --setup "'$mighost' init --live-migrations-dir {live}"
