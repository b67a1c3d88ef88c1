#!/usr/bin/env bash
# Catastrophic overfitting and its cures, by `vouch lab co`, on MNIST and a part of CIFAR-10.
# Hours long; a run that was stopped goes on where it was. `bench/co.sh --help` lists options.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" bench/co.py "$@"
