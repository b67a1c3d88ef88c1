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
exit $tests
