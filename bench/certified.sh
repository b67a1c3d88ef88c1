#!/usr/bin/env bash
# Robust networks of MNIST trained by recipes, attacked and certified. --help lists the options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/certified.py "$@"
