#!/usr/bin/env bash
# Width and cost of bounds, domain by domain. --help: options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/bounds.py "$@"
