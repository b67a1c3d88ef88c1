#!/usr/bin/env bash
# A first look at vouch on an example of its own; `make demo` builds and calls it.
set -euo pipefail
cd "$(dirname "$0")/.."

vouch=build/release/vouch
if [ ! -x "$vouch" ]; then
    echo "demo: $vouch is missing; run 'make' first" >&2
    exit 1
fi
if [ ! -d examples ]; then
    echo "demo: no examples/ folder in this checkout yet; try '$vouch --help'" >&2
    exit 1
fi
"$vouch" --help
