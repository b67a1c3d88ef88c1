#!/usr/bin/env bash
# Speed of attacks and of training beside PyTorch. --help: options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/attacks.py "$@"
