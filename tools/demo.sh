#!/usr/bin/env bash
# A first look at vouch on an example of its own; `make demo` builds and calls it.
#
# Proves a property of a small collision-avoidance network, refutes another, shows the bounds of
# each domain; trains two classifiers of glyphs, one so that it can be proved robust, and looks at
# both. Leaves results and pictures in demo/ (or in the folder given).
set -euo pipefail
cd "$(dirname "$0")/.."

vouch=${VOUCH_BIN:-build/release/vouch}
data=data/collision
network=$data/collision.onnx
if [ ! -x "$vouch" ]; then
    echo "demo: $vouch is missing; run 'make' first" >&2
    exit 1
fi
out=${1:-demo}
mkdir -p "$out"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n== %s\n' "$*"; }

# run ARGUMENTS: shows a command of ours, then runs it
run() {
    echo "\$ vouch $*"
    "$vouch" "$@"
}

# picture NAME: NAME.svg as NAME.png too, where librsvg is there
picture() {
    if command -v rsvg-convert >/dev/null; then
        rsvg-convert --zoom 2 "$out/$1.svg" -o "$out/$1.png"
    fi
}

# witness NAME: NAME.counterexample in words
witness() {
    awk -F'[[:space:]]+' '
        BEGIN {
            split("distance|bearing|heading|own speed|intruder speed", name, "|")
            split("m|rad (positive: left)|rad (relative to ours)|m/s|m/s", unit, "|")
            split("clear of conflict|weak left|weak right|strong left|strong right", advice, "|")
        }
        { gsub(/[()]/, "") }
        $1 == "" { $0 = substr($0, 2) }
        $1 ~ /^X_/ { i = substr($1, 3) + 1; printf "    %-15s %10.2f %s\n", name[i], $2, unit[i] }
        $1 ~ /^Y_/ { i = substr($1, 3) + 1; if (i == 1 || $2 > best) { best = $2; given = i } }
        END { printf "    advisory given: %s\n", advice[given] }
    ' "$out/$1.counterexample"
}

say "The network: five numbers about an encounter in, the scores of five advisories out"
run info "$network"

# the training and the test: data/README.md, recipes/collision.ini
echo "  trained here: vouch train recipes/collision.ini"
run eval "$network" "builtin:collision?seed=3&count=300" --attack tabular --relative \
    --eps 0.01 --quiet | sed -n '/^\$/p; /^clean/p; /withstood %/,/^$/p'

say "1. A proof: a slow intruder close ahead is never 'clear of conflict'"
run verify "$network" "$data/close_turns.vnnlib" --json "$out/close_turns.json" \
    --picture "$out/close_turns.svg" --picture-dims 0,2
picture close_turns

say "2. A refutation: the same in a cone twice as wide"
# without --no-attack the witness is found before there is a partition to draw
run verify "$network" "$data/close_turns_wide.vnnlib" --no-attack --json "$out/close_turns_wide.json" \
    --picture "$out/close_turns_wide.svg" --picture-dims 0,1 \
    --witness "$out/close_turns_wide.counterexample"
picture close_turns_wide
echo "  in words:"
witness close_turns_wide

say "3. What the domains know without splitting"
run bounds "$network" "$data/close_turns.vnnlib"

say "4. All four example properties against their expected verdicts"
run bench "$data/instances.csv" --expected "$data/expected.csv" --out "$out/results.csv"

say "5. Two classifiers of glyphs: trained as usual, and on bounds (recipes/)"
for kind in standard certified; do
    run train "recipes/glyphs-$kind.ini" --out "$out/glyphs-$kind.onnx" --anew --quiet
done

say "6. How many of 100 new glyphs withstand changes of .1 in every pixel, and for how many that is proved"
for kind in standard certified; do
    run eval "$out/glyphs-$kind.onnx" "builtin:glyphs16?seed=3&count=100" --eps 0.02,0.05,0.1 \
        --quiet --html "$out/glyphs-$kind.html" --picture "$out/glyphs-$kind.svg" |
        sed -n '/^\$/p; /^clean/p; /withstood %/,/^$/p'
done

say "7. What an attack makes of glyphs for the standard one: before, after, difference"
run attack "$out/glyphs-standard.onnx" "builtin:glyphs16?seed=3&count=20" --eps 0.1 --quiet \
    --picture "$out/attack.png" | sed -n '/^\$/p; /^clean/p; /^pgd/p; /^robust/p'

say "Where to look"
for file in "$out"/*; do
    echo "  $file"
done
