#!/usr/bin/env bash
# Training: gradients against float64, and the speed of steps beside PyTorch. Each alone:
# `bench/train.sh gradients` or `speed`, with options; --help after it lists them.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
case "${1:-}" in
gradients) exec "$python" bench/train_gradients.py "${@:2}" ;;
speed) exec "$python" bench/train.py "${@:2}" ;;
*)
	"$python" bench/train_gradients.py
	"$python" bench/train.py "$@"
	;;
esac
