#!/usr/bin/env bash
# The competition's scripts on the embedded networks: words, counterexamples, exit codes.
set -euo pipefail
scripts=$VOUCH_SOURCE_DIR/vnncomp
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fault() {
    echo "$1; results: $(cat "$dir/results" 2>/dev/null)" >&2
    exit 1
}

# run WORD CODE NET SPEC [TIMEOUT]
run() {
    local code=0
    bash "$scripts/run_instance.sh" v1 any "$3" "$4" "$dir/results" "${5:-20}" || code=$?
    [ "$code" = "$2" ] || fault "$4: exit code $code, expected $2"
    [ "$(head -n 1 "$dir/results")" = "$1" ] || fault "$4: expected $1"
    [ ! -e "$dir/results.part" ] || fault "$4: a part file is left"
}

# Every instance of the folder: the verdict expected, and of sat a replayed counterexample.
folder() {
    local onnx vnnlib rest
    while IFS=, read -r onnx vnnlib rest; do
        bash "$scripts/prepare_instance.sh" v1 any "$1/$onnx" "$1/$vnnlib" || fault "not prepared"
        rest=$(grep "^$onnx,$vnnlib," "$1/expected.csv" | cut -d, -f3)
        run "$rest" 0 "$1/$onnx" "$1/$vnnlib"
        if [ "$rest" = sat ]; then
            sed 1d "$dir/results" >"$dir/witness"
            grep -q '^((X_0 ' "$dir/witness" || fault "no counterexample"
            tail -n 1 "$dir/witness" | grep -q '^ (Y_[0-9]* .*))$' || fault "it is not closed"
            "$VOUCH_BIN" eval-point "$1/$onnx" "$dir/witness" --spec "$1/$vnnlib" >/dev/null ||
                fault "$vnnlib: the counterexample is none"
        fi
    done <"$1/instances.csv"
}

folder "$VOUCH_SOURCE_DIR/data/tiny"
folder "$VOUCH_SOURCE_DIR/data/collision"

net=$VOUCH_SOURCE_DIR/data/tiny/tiny.onnx
run timeout 0 "$VOUCH_SOURCE_DIR/data/collision/collision.onnx" \
    "$VOUCH_SOURCE_DIR/data/collision/close_turns.vnnlib" 0.00001
echo "no property" >"$dir/bad.vnnlib"
run error 3 "$net" "$dir/bad.vnnlib" 2>/dev/null
if bash "$scripts/prepare_instance.sh" v1 any "$net" "$dir/none.vnnlib" 2>/dev/null; then
    fault "a missing file was prepared"
fi
for script in install_tool prepare_instance run_instance; do
    if bash "$scripts/$script.sh" v9 any "$net" "$net" "$dir/x" 1 2>/dev/null; then
        fault "$script: another version was taken"
    fi
done
