#!/usr/bin/env bash
# Prints, NUL-separated, the C files that clang-format owns.
set -euo pipefail
cd "$(dirname "$0")/.."
folders=()
for folder in src include tests fuzz bench tools; do
    [ -d "$folder" ] && folders+=("$folder")
done
find "${folders[@]}" \( -name '*.[ch]' -o -name '*.inc' \) \
    -not -path '*/templates/*' -print0 | sort -z
