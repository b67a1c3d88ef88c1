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

# made KIND NAME FILE TABLE LINE: the file compiles, the table has its line
made() {
    new "$1" "$2"
    compile "$root/src/$3"
    grep -qx "$5($2)" "$root/src/$4"
}
made op ZzTest op/zz_test.c op/op.def VOUCH_OP
made domain zz_test bounds/zz_test.c bounds/domain.def VOUCH_DOMAIN
made split zz_test verify/split_zz_test.c verify/split.def VOUCH_SPLIT
made cut zz_test verify/cut_zz_test.c verify/cut.def VOUCH_CUT
made pick zz_test verify/pick_zz_test.c verify/pick.def VOUCH_PICK
made attack zz_test attack/attack_zz_test.c attack/attack.def VOUCH_ATTACK
made loss zz_test train/loss_zz_test.c train/loss.def VOUCH_LOSS
made corruption zz_test data/corruption_zz_test.c data/corruption.def VOUCH_CORRUPTION
made format zz_test data/format_zz_test.c data/format.def VOUCH_DATA_FORMAT
made optimiser zz_test train/optimiser_zz_test.c train/optimiser.def VOUCH_OPTIMISER
made schedule zz_test train/schedule_zz_test.c train/schedule.def VOUCH_SCHEDULE
made augment zz_test train/augment_zz_test.c train/augment.def VOUCH_AUGMENT
made builtin zz_test data/builtin_zz_test.c data/builtin.def VOUCH_DATA_BUILTIN
made transform zz_test eval/transform_zz_test.c eval/transform.def VOUCH_TRANSFORM
made layer zz_test grad/layer_zz_test.c grad/layer.def VOUCH_LAYER
made grouping zz_test explain/group_zz_test.c explain/group.def VOUCH_GROUPING
made strategy zz_test explain/strategy_zz_test.c explain/strategy.def VOUCH_STRATEGY
made latent zz_test explain/latent_zz_test.c explain/latent.def VOUCH_LATENT
made order zz_test explain/order_zz_test.c explain/order.def VOUCH_ORDER
made explainer zztest cli/explain_zztest.c cli/explainer.def VOUCH_EXPLAINER
made study zztest cli/lab_zztest.c cli/study.def VOUCH_STUDY
made command zztest cli/cmd_zztest.c cli/command.def VOUCH_COMMAND

# every table of src is one that a kind fills, but for those that are lines alone
for table in $(cd "$root/src" && find . -name '*.def' ! -name preset.def ! -name method.def \
    ! -name relaxation.def); do
    if ! grep -q "\"src/${table#./}\"" "$root/tools/new.py"; then
        echo "no kind of tools/new.py is for src/${table#./}"
        exit 1
    fi
done

# the label that each kind is told to run its tests by has tests, which loop over its table
for kind in op domain split cut pick attack corruption; do
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

[ "$(tail -n 1 "$root/src/cli/command.def")" = "VOUCH_COMMAND(zztest)" ]
new command aatest # the order of that table is the help text's: rows come last
[ "$(tail -n 1 "$root/src/cli/command.def")" = "VOUCH_COMMAND(aatest)" ]

printf 'VOUCH_OP(Bb)\nVOUCH_OP(Dd)\n' >"$root/src/op/op.def"
new op Cc
new op Aa
printf 'VOUCH_OP(Aa)\nVOUCH_OP(Bb)\nVOUCH_OP(Cc)\nVOUCH_OP(Dd)\n' | cmp - "$root/src/op/op.def"
