#!/usr/bin/env bash
# The main job on ACAS Xu: verdicts, CPU, memory, seeds, start-up, threads. --help: options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/acasxu.py "$@"
