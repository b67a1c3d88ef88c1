#!/usr/bin/env bash
# Attacks and training steps beside PyTorch: their speed, and what they find. Each alone:
# `bench/attacks.sh speed` or `success`, with options; --help after it lists them.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
case "${1:-}" in
speed) exec "$python" bench/attacks.py "${@:2}" ;;
success) exec "$python" bench/attacks_success.py "${@:2}" ;;
*)
	"$python" bench/attacks.py "$@"
	"$python" bench/attacks_success.py
	;;
esac
