#!/usr/bin/env bash
# Formal explanations of MNIST digits: batched against one feature after the other. --help lists
# the options. `bench/formal.sh latent`: of a network with prototypes, by its latent maps.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
case "${1:-}" in
latent) exec "$python" bench/formal_latent.py "${@:2}" ;;
*) exec "$python" bench/formal.py "$@" ;;
esac
