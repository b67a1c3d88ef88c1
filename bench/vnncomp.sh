#!/usr/bin/env bash
# Every VNN-COMP benchmark there is, resumable, against what was asked and peers. --help: options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/vnncomp.py "$@"
