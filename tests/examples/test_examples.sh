#!/usr/bin/env bash
# The example program decides properties of the embedded network data/tiny:
# y = relu(x0 + x1) - relu(x0 - x1) + 1/2, which lies in [-1.5, 2.5] on [-1, 1]^2.
set -euo pipefail
example=$VOUCH_BUILD_DIR/examples/verify
network=$VOUCH_SOURCE_DIR/data/tiny/tiny.onnx
[ -f "$network" ] || { echo "skipped: $network is not there"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# property BOUND: is y >= BOUND reachable?
property() {
    cat <<END
(declare-const X_0 Real)
(declare-const X_1 Real)
(declare-const Y_0 Real)
(assert (>= X_0 -1)) (assert (<= X_0 1))
(assert (>= X_1 -1)) (assert (<= X_1 1))
(assert (>= Y_0 $1))
END
}

# expect CODE FIRST_LINE ARGUMENT...
expect() {
    local code=0 out
    out=$("$example" "${@:3}" 2>"$dir/err") || code=$?
    if [ "$code" != "$1" ] || [ "${out%%$'\n'*}" != "$2" ]; then
        echo "example ${*:3}: exit code $code, output: $out $(cat "$dir/err")"
        exit 1
    fi
}

property 2.6 >"$dir/holds.vnnlib"
property 2 >"$dir/violated.vnnlib"
expect 0 unsat "$network" "$dir/holds.vnnlib"
expect 0 sat "$network" "$dir/violated.vnnlib" timeout 30 threads 2
expect 3 '' "$network" "$dir/missing.vnnlib"
expect 3 '' "$network" "$dir/holds.vnnlib" colour red
grep -q "no setting 'colour'" "$dir/err"
expect 2 '' "$network"
echo "example: 5 calls as described"
