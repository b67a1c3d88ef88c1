#!/usr/bin/env bash
# Runs every fuzz target for some seconds.   tools/fuzz.sh BUILD_DIR SECONDS [NAME ...]
# New inputs go to BUILD_DIR/corpus; a crash is left in BUILD_DIR/crashes. Mend it, then add the
# input to fuzz/corpus/NAME/, where the ordinary tests replay it.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?build folder}
seconds=${2:?seconds}
shift 2
mkdir -p "$build/crashes"
failed=0
for target in "$build"/fuzz/fuzz_*; do
    [ -x "$target" ] || continue
    name=${target##*/fuzz_}
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    mkdir -p "$build/corpus/$name"
    seeds=()
    [ -d "fuzz/corpus/$name" ] && seeds=("fuzz/corpus/$name")
    dictionary=()
    [ -f "fuzz/$name.dict" ] && dictionary=(-dict="fuzz/$name.dict")
    echo "fuzz: $name for $seconds s"
    "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/crashes/$name-" "${dictionary[@]}" \
        "$build/corpus/$name" "${seeds[@]}" >"$build/$name.log" 2>&1 || failed=1
    grep -E 'stat::number_of_executed_units|ERROR|SUMMARY' "$build/$name.log" || true
done
exit $failed
