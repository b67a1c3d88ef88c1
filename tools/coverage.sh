#!/usr/bin/env bash
# Runs the tests of a coverage build and sums up line coverage of src/.
#   tools/coverage.sh BUILD_DIR
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?build folder}
find "$build" -name '*.gcda' -delete
tests=0
ctest --test-dir "$build" --output-on-failure -j"$(nproc)" -LE '^slow$' || tests=1
gcovr --root . --filter 'src/' --object-directory "$build" "$build" \
    --exclude-unreachable-branches --gcov-ignore-parse-errors \
    --txt "$build/summary.txt" >"$build/gcovr.log" 2>&1 || { cat "$build/gcovr.log"; exit 1; }
cat "$build/summary.txt"
awk -F'[/ ]+' '$1 == "src" && $2 !~ /^$/ {
        for (i = 3; i < NF && $i !~ /^[0-9]+$/; i++) continue
        lines[$2] += $i; run[$2] += $(i + 1)
    }
    END { for (f in lines) printf "%-10s %6d lines %6.1f %%\n", f, lines[f], 100 * run[f] / lines[f] }
' "$build/summary.txt" | sort
exit $tests
