#!/usr/bin/env bash
# Searches of several threads under the thread sanitizer: the engine's domains and heuristics,
# the general engine, an interrupted run. One thread finds the same.
set -euo pipefail

vouch=${VOUCH_BIN:?}
data=${VOUCH_SOURCE_DIR:?}/data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# same FOLDER NET PROPERTY OPTIONS...: two threads give one thread's verdict
same() {
    local folder=$data/$1 net=$2 property=$3
    shift 3
    "$vouch" verify "$folder/$net" "$folder/$property" --threads 1 "$@" >"$work/one"
    "$vouch" verify "$folder/$net" "$folder/$property" --threads 2 "$@" >"$work/two"
    if [ "$(head -n 1 "$work/one")" != "$(head -n 1 "$work/two")" ]; then
        echo "$*: one thread and two differ" >&2
        cat "$work/one" "$work/two" >&2
        exit 1
    fi
}

for options in "" "--no-clip --bisect-only" "--split smear --no-attack" "--domain symbolic" \
               "--domain zonotope --bisect-only" "--search branch --max-subproblems 1000"; do
    read -ra words <<<"$options"
    for property in close_turns.vnnlib close_turns_wide.vnnlib; do
        same collision collision.onnx "$property" "${words[@]}"
    done
    same tiny tiny.onnx below.vnnlib "${words[@]}"
done

"$vouch" verify "$data/collision/collision.onnx" "$data/collision/close_turns.vnnlib" \
    --threads 3 --domain interval --no-clip --no-attack --timeout 60 >"$work/stopped" &
sleep 1
kill -INT $! 2>/dev/null || true
wait $!
grep -qxE 'unknown|unsat' "$work/stopped"
