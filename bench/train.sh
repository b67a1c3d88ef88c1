#!/usr/bin/env bash
# Steps of training beside PyTorch: their speed. --help lists the options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/train.py "$@"
