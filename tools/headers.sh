#!/usr/bin/env bash
# Every header compiles alone.   tools/headers.sh BUILD_DIR
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?build folder}
failed=0
count=0
read -ra libraries < <(pkg-config --cflags libprotobuf-c jansson nettle libpng libjpeg zlib)
flags=(-std=c17 -D_POSIX_C_SOURCE=200809L -D_XOPEN_SOURCE=700 -Wall -Wextra -Werror
       -Iinclude -Isrc -isystem "$build/generated"
       "${libraries[@]}")
case $(uname -m) in
x86_64) flags+=(-mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma) ;;
esac
while IFS= read -r -d '' header; do
    count=$((count + 1))
    if ! "${CC:-cc}" "${flags[@]}" -fsyntax-only -include "$header" -x c /dev/null
    then
        echo "$header: does not compile alone"
        failed=1
    fi
done < <(find include src -name '*.h' -print0)
echo "headers: $count compile alone: $([ $failed = 0 ] && echo yes || echo no)"
exit $failed
