#!/usr/bin/env bash
# The property tests of all domains, on ten thousand networks.
set -eu
VOUCH_NETS=${VOUCH_NETS:-10000} "$VOUCH_BUILD_DIR/tests/property/test_domains"
VOUCH_NETS=${VOUCH_NETS:-10000} "$VOUCH_BUILD_DIR/tests/property/test_domains_exact"
