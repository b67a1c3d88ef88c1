#!/usr/bin/env bash
# Every static check, all of them even where one fails.   tools/lint.sh BUILD_DIR
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
build=${1:?build folder}
python=${PYTHON:-python3}
failed=()

step() {
    local name=$1
    shift
    "$@" || failed+=("$name")
}

format() {
    bash tools/sources.sh | xargs -0 -r clang-format --dry-run -Werror &&
        echo "format: clean"
}

scripts() {
    local files
    mapfile -t files < <(find .ci tools tests bench examples vnncomp \( -name '*.sh' -o -path '.ci/run' \) \
                         -type f 2>/dev/null)
    shellcheck -x "${files[@]}" && echo "shellcheck: ${#files[@]} scripts, clean"
}

step layers "$python" tools/layers.py
step style "$python" tools/style.py
step headers bash tools/headers.sh "$build"
step symbols bash tools/symbols.sh "$build"
step format format
step shellcheck scripts
step tidy bash tools/tidy.sh "$build"

if [ ${#failed[@]} -gt 0 ]; then
    echo "lint: failed: ${failed[*]}"
    exit 1
fi
echo "lint: clean"
