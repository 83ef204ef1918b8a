#!/bin/sh
# An agent for specs of pipelines of a team's own: planner.sh, and reviews that it does not know.
#   TEAM_FINDINGS    "<stage>-<visit> …": these reviews find something (default: all are clear)
set -eu
here=$(dirname "$0")

case $MIGHOST_STAGE in
approaches | pick-best | expand | review | revise | review-2 | final-review)
    exec "$here/planner.sh"
    ;;
esac
cat >/dev/null
echo "$MIGHOST_STAGE $MIGHOST_VISIT" >>"${PLANNER_LOG:-/dev/null}"
case " ${TEAM_FINDINGS:-} " in
*" $MIGHOST_STAGE-$MIGHOST_VISIT "*) printf '1. Something is missing.\n\nreview: findings\n' ;;
*) echo "review: clear" ;;
esac
