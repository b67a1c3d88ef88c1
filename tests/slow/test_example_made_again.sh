#!/usr/bin/env bash
# The example networks are, byte for byte, what their generator makes.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/collision" "$work/tiny"
"${VOUCH_BUILD_DIR:?}/tools/make_example" "$work"
for network in collision tiny; do
    cmp "$work/$network/$network.onnx" "${VOUCH_SOURCE_DIR:?}/data/$network/$network.onnx"
done
