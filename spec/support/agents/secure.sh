#!/bin/sh
# The agent whose answers the example of a pipeline records: as planner.sh, but each phase says how
# it is taken back, the first security review finds something, and the second does not.
set -eu
planner=$(dirname "$0")/planner.sh
case $MIGHOST_STAGE-$MIGHOST_VISIT in
security-review-1)
    cat >/dev/null
    printf '1. phase-2-part-2.md: the old token stays valid. Revoke it.\n\nreview: findings\n'
    ;;
security-review-*)
    cat >/dev/null
    echo 'review: clear'
    ;;
expand-* | revise-*)
    "$planner"
    for phase in "$MIGHOST_WORK_DIR"/phase-*.md; do
        printf '\n## Rollback\n\nRevert its commit.\n' >>"$phase"
    done
    ;;
*) exec "$planner" ;;
esac
