#!/usr/bin/env bash
# Installs missing packages and builds the command.   install_tool.sh v1
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=vnncomp/common.sh
. "$here/common.sh"
check_version "${1:-}"

make -C "$here/.." build PRESET=release
"$(find_vouch)" --version
