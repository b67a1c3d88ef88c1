# What the three scripts share: the version of the rules, and where the command is.
# shellcheck shell=bash

# check_version VERSION: these scripts speak v1.
check_version() {
    if [ "$1" != v1 ]; then
        echo "vnncomp: version '$1' of the rules is not known, only v1" >&2
        exit 1
    fi
}

# find_vouch: prints the command of $VOUCH_BIN, of this checkout, or of the path.
find_vouch() {
    local here
    here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    for command in "${VOUCH_BIN:-}" "$here/build/release/vouch" "$(command -v vouch || true)"; do
        if [ -n "$command" ] && [ -x "$command" ]; then
            printf '%s\n' "$command"
            return
        fi
    done
    echo "vnncomp: no vouch; run install_tool.sh v1 first" >&2
    exit 1
}

# find_file FILE: prints FILE, or FILE.gz where only that is there.
find_file() {
    for file in "$1" "$1.gz"; do
        if [ -r "$file" ]; then
            printf '%s\n' "$file"
            return
        fi
    done
    echo "vnncomp: $1: cannot be read" >&2
    exit 1
}
