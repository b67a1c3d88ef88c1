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
new cut zz_test
new pick zz_test
new attack zz_test
new loss zz_test
compile "$root/src/op/zz_test.c"
compile "$root/src/bounds/zz_test.c"
compile "$root/src/verify/split_zz_test.c"
compile "$root/src/verify/cut_zz_test.c"
compile "$root/src/verify/pick_zz_test.c"
compile "$root/src/attack/attack_zz_test.c"
compile "$root/src/train/loss_zz_test.c"
grep -qx 'VOUCH_OP(ZzTest)' "$root/src/op/op.def"
grep -qx 'VOUCH_DOMAIN(zz_test)' "$root/src/bounds/domain.def"
grep -qx 'VOUCH_SPLIT(zz_test)' "$root/src/verify/split.def"
grep -qx 'VOUCH_CUT(zz_test)' "$root/src/verify/cut.def"
grep -qx 'VOUCH_PICK(zz_test)' "$root/src/verify/pick.def"
grep -qx 'VOUCH_ATTACK(zz_test)' "$root/src/attack/attack.def"

# the label that each kind is told to run its tests by has tests, which loop over its table
for kind in op domain split cut pick attack; do
    name=zz_label
    [ "$kind" != op ] || name=ZzLabel
    label=$("$python" "$root/tools/new.py" "$kind" "$name" | sed -n "s/.*-L \([a-z]*\)'.*/\1/p")
    if ! grep -rq "vouch_${kind}_table" "$source_dir/tests/$label"; then
        echo "no test of $source_dir/tests/$label loops over the table of kind $kind"
        exit 1
    fi
done

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
