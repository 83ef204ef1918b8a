#!/bin/sh
# The agent whose answers the example of a pipeline records: as planner.sh, but the first security
# review finds something, and the second does not.
set -eu
case $MIGHOST_STAGE-$MIGHOST_VISIT in
security-review-1)
    cat >/dev/null
    printf '1. phase-2-part-2.md: the old token stays valid. Revoke it.\n\nreview: findings\n'
    ;;
security-review-*)
    cat >/dev/null
    echo 'review: clear'
    ;;
*) exec "$(dirname "$0")/planner.sh" ;;
esac
