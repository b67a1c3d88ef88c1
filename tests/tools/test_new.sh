#!/usr/bin/env bash
# tools/new.py makes files that compile, and adds their lines in order and only once.
set -euo pipefail
python=${VOUCH_PYTHON:-python3}
source_dir=${VOUCH_SOURCE_DIR:-$(dirname "$0")/../..}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cp -r "$source_dir/src" "$source_dir/include" "$source_dir/tools" "$root/"

compile() {
    "${CC:-cc}" -std=c17 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Wconversion \
        -Werror -I"$root/include" -I"$root/src" -fsyntax-only "$1"
}

new() { "$python" "$root/tools/new.py" "$@" >/dev/null 2>&1; }

new op ZzTest
new domain zz_test
new split zz_test
compile "$root/src/op/zz_test.c"
compile "$root/src/bounds/zz_test.c"
compile "$root/src/verify/split_zz_test.c"
grep -qx 'VOUCH_OP(ZzTest)' "$root/src/op/op.def"
grep -qx 'VOUCH_DOMAIN(zz_test)' "$root/src/bounds/domain.def"
grep -qx 'VOUCH_SPLIT(zz_test)' "$root/src/verify/split.def"

refuse() {
    if new "$@"; then
        echo "accepted: $*"
        exit 1
    fi
}
refuse op ZzTest     # a second time
refuse op lower_case # not an operator's name
refuse nothing Foo

printf 'VOUCH_OP(Bb)\nVOUCH_OP(Dd)\n' >"$root/src/op/op.def"
new op Cc
new op Aa
printf 'VOUCH_OP(Aa)\nVOUCH_OP(Bb)\nVOUCH_OP(Cc)\nVOUCH_OP(Dd)\n' | cmp - "$root/src/op/op.def"
