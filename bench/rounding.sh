#!/usr/bin/env bash
# What sound rounding costs: the same kernels built with and without it. --help: options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/rounding.py "$@"
