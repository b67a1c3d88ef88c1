#!/usr/bin/env bash
# Every external symbol of the static library starts with vouch_ or onnx__.
#   tools/symbols.sh BUILD_DIR
set -euo pipefail
library=${1:?build folder}/libvouch.a
bad=$(nm -g --defined-only "$library" 2>/dev/null |
      awk 'NF == 3 && $3 !~ /^(vouch_|onnx__)/ { print $3 }' | sort -u)
if [ -n "$bad" ]; then
    echo "symbols: these external names of $library do not start with vouch_:"
    echo "$bad"
    exit 1
fi
echo "symbols: $(nm -g --defined-only "$library" 2>/dev/null | grep -c ' vouch_') begin with vouch_"
