#!/usr/bin/env bash
# Decides one instance and writes the verdict, with the counterexample of a sat.
#   run_instance.sh v1 CATEGORY ONNX VNNLIB RESULTS_FILE TIMEOUT_S
# The category is not looked at. RESULTS_FILE says `timeout` until there is a verdict, so that a
# run that the competition kills has left the right word.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=vnncomp/common.sh
. "$here/common.sh"
if [ $# -ne 6 ]; then
    echo "usage: run_instance.sh v1 CATEGORY ONNX VNNLIB RESULTS_FILE TIMEOUT_S" >&2
    exit 1
fi
check_version "$1"

results=$5
command=$(find_vouch)
# A twentieth of the limit, at most a second, to end in.
limit=$(awk -v t="$6" 'BEGIN { m = t / 20; print t - (m < 1 ? m : 1) }')
echo timeout >"$results"
part=$results.part
trap 'rm -f "$part"' EXIT

code=0
"$command" verify "$3" "$4" --timeout "$limit" --threads "${VOUCH_THREADS:-0}" --witness - \
    >"$part" || code=$?
if [ "$code" -ne 0 ]; then
    echo error >"$part"
fi
mv "$part" "$results"
exit "$code"
