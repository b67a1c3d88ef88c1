#!/usr/bin/env bash
# The example networks are what makes them: tiny byte for byte; collision, which is trained, has the
# verdicts we state with another seed too.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/tiny"
"${VOUCH_BUILD_DIR:?}/tools/make_example" "$work"
cmp "$work/tiny/tiny.onnx" "${VOUCH_SOURCE_DIR:?}/data/tiny/tiny.onnx"

cp -r "$VOUCH_SOURCE_DIR/data/collision" "$work"
for seed in 1 2; do
    "${VOUCH_BIN:?}" train "$VOUCH_SOURCE_DIR/recipes/collision.ini" seed=$seed --quiet \
        --out "$work/collision/collision.onnx"
    "$VOUCH_BIN" bench "$work/collision/instances.csv" \
        --expected "$work/collision/expected.csv" --out "$work/results.csv"
done
