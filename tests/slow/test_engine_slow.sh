#!/usr/bin/env bash
# The batched engine and whole verifications against exact oracles, on ten thousand networks.
set -eu
export VOUCH_NETS=${VOUCH_NETS:-10000}
for test in test_pwl test_engine_f32 test_engine_f64 test_verify; do
    "$VOUCH_BUILD_DIR/tests/property/$test"
done
