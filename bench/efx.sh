#!/usr/bin/env bash
# Inputs that are attacked and formally explainable, by training. Trains for minutes to an hour; what was stopped goes on. --help lists the options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/efx.py "$@"
