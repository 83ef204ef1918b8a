#!/bin/sh
# An agent for specs: makes a small plan, stage by stage, as the environment tells it.
#   PLANNER_LOG      every call appends "<stage> <visit>" here (default: nowhere)
#   PLANNER_REVIEW   "findings": the first review finds something (default: clear)
#   PLANNER_REVIEW_2 "findings": so does the second
#   PLANNER_DECISION the last word of final-review (default: approve-auto - it holds together)
#   PLANNER_FIFO     <stage>:<path>: at that stage, write "ready" to path.up and wait on path.down
set -eu
cat >/dev/null
echo "$MIGHOST_STAGE $MIGHOST_VISIT" >>"${PLANNER_LOG:-/dev/null}"
cd "$MIGHOST_WORK_DIR"

case ${PLANNER_FIFO:-} in
"$MIGHOST_STAGE":*)
    fifo=${PLANNER_FIFO#*:}
    echo ready >"$fifo.up"
    read -r _ <"$fifo.down" || true
    ;;
esac

write_plan() {
    printf '# Plan\n\n%s\n' "$1" >plan.md
    for n in 1 2; do
        printf '# Phase %s\n\n## Precondition\n\nTests are green.\n\n## Definition of Done\n\nIt works.\n' \
            "$n" >"phase-$n-part-$n.md"
    done
}

case $MIGHOST_STAGE in
approaches)
    mkdir -p approaches
    for idea in in-place rewrite; do
        printf '# %s\n\nOne way to do it.\n' "$idea" >"approaches/$idea.md"
    done
    echo "Two approaches: in-place and rewrite."
    ;;
pick-best) echo "chosen-approach: in-place" ;;
expand)
    write_plan "First version."
    echo "Wrote the plan in two phases."
    ;;
review)
    if [ "${PLANNER_REVIEW:-clear}" = findings ]; then
        printf '1. The second phase is vague.\n\nreview: findings\n'
    else
        echo "review: clear"
    fi
    ;;
revise)
    write_plan "Second version."
    echo "Made the second phase precise."
    ;;
review-2)
    if [ "${PLANNER_REVIEW_2:-clear}" = findings ]; then
        printf '1. Still vague.\n\nreview: findings\n'
    else
        echo "review: clear"
    fi
    ;;
final-review) echo "final-decision: ${PLANNER_DECISION:-approve-auto - it holds together}" ;;
*) exit 64 ;;
esac
