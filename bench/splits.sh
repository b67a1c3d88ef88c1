#!/usr/bin/env bash
# Subproblems by split heuristic and by shape of cut, on ACAS Xu. --help: options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/splits.py "$@"
