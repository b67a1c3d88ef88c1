#!/usr/bin/env bash
# clang-tidy over src/, in parallel.   tools/tidy.sh BUILD_DIR [FILE ...]
# A file that passed is not looked at again until it, any header, or .clang-tidy changes.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?build folder}
shift
stamps=$build/tidy
mkdir -p "$stamps"
if [ $# -gt 0 ]; then
    files=("$@")
else
    mapfile -t files < <(find src -name '*.c' | sort)
fi

common=$( { find src include -name '*.h' -o -name '*.def' -o -name '*.inc'; echo .clang-tidy; } | sort |
          xargs cat | sha256sum)
todo=()
for file in "${files[@]}"; do
    key=$({ echo "$common"; cat "$file"; } | sha256sum | cut -c1-64)
    [ "$(cat "$stamps/${file//\//_}" 2>/dev/null)" = "$key" ] || todo+=("$file" "$key")
done

# shellcheck disable=SC2317  # called by xargs
check() {
    local file=$1 key=$2 out
    if out=$(clang-tidy --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option \
             "$file" 2>/dev/null); then
        echo "$key" >"$stamps/${file//\//_}"
    else
        printf '%s\n' "$out"
        return 1
    fi
}
export -f check
export build stamps
failed=0
# shellcheck disable=SC2016  # expanded by the inner shell
[ ${#todo[@]} -eq 0 ] ||
    printf '%s\0' "${todo[@]}" |
    xargs -0 -n 2 -P "$(nproc)" bash -c 'check "$1" "$2"' tidy || failed=1
echo "tidy: ${#files[@]} files, $((${#todo[@]} / 2)) looked at: $([ $failed = 0 ] && echo clean || echo faults)"
exit $failed
