#!/usr/bin/env bash
# The example networks have the verdicts we state, and the demo shows them.
# (tests/slow/test_example_made_again.sh compares them with what their generator makes.)
set -euo pipefail

source_dir=${VOUCH_SOURCE_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -x "${VOUCH_BIN:-}" ]; then
    echo "the vouch command is not built here: verdicts not checked"
    exit 0
fi
for network in collision tiny; do
    folder=$source_dir/data/$network
    "$VOUCH_BIN" bench "$folder/instances.csv" --expected "$folder/expected.csv" \
        --out "$work/$network.csv"
    while IFS=, read -r _ property verdict; do
        [ "$property" = vnnlib ] || grep -q "$property,[^,]*,$verdict," "$work/$network.csv"
    done < "$folder/expected.csv"
done

"$BASH" "$source_dir/tools/demo.sh" "$work/demo" > "$work/demo.txt"
grep -q '^HOLDS' "$work/demo.txt"
grep -q '^VIOLATED' "$work/demo.txt"
grep -q 'advisory given: clear of conflict' "$work/demo.txt"
for name in close_turns.json close_turns.svg close_turns_wide.svg results.csv; do
    test -s "$work/demo/$name"
done
