#!/usr/bin/env bash
# Formal explanations of MNIST digits: batched against one feature after the other. --help lists
# the options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/formal.py "$@"
