#!/usr/bin/env bash
# Reads the files into the system's cache; the rules allow no analysis here.
#   prepare_instance.sh v1 CATEGORY ONNX VNNLIB
# A nonzero exit code makes the competition skip the instance.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=vnncomp/common.sh
. "$here/common.sh"
if [ $# -ne 4 ]; then
    echo "usage: prepare_instance.sh v1 CATEGORY ONNX VNNLIB" >&2
    exit 1
fi
check_version "$1"

command=$(find_vouch)
network=$(find_file "$3")
property=$(find_file "$4")
cat "$command" "$network" "$property" >/dev/null
