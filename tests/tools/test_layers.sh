#!/usr/bin/env bash
# tools/layers.py finds every kind of breach of the include law, and accepts what it allows.
set -euo pipefail
python=${VOUCH_PYTHON:-python3}
source_dir=${VOUCH_SOURCE_DIR:-$(dirname "$0")/../..}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

put() { # put FILE LINE...
    mkdir -p "$(dirname "$root/$1")"
    local file=$root/$1
    shift
    printf '%s\n' "$@" >"$file"
}

law() { "$python" "$source_dir/tools/layers.py" "$root"; }

mkdir -p "$root/src"
cp "$source_dir/src/LAYERS" "$root/src/"
put include/vouch/a.h '#include <stdbool.h>'
put src/base/a.h '#include <vouch/a.h>'
put src/base/b_priv.h ''
put src/base/a.c '#include "base/a.h"' '#include "base/b_priv.h"'
put src/num/a.h '#include <immintrin.h>' '#include "base/a.h"'
put src/op/a.h '#include "num/a.h"'
put src/verify/a.h '#include "base/a.h"' '#include "op/a.h"'
law >/dev/null

# each line: the file that breaks the law, and how
while read -r file line; do
    put "$file" "$line"
    if law >/dev/null; then
        echo "not found: $file with $line"
        exit 1
    fi
    rm "$root/$file"
done <<'BREACHES'
src/base/up.c #include "num/a.h"
src/check/trust.c #include "op/a.h"
src/num/private.c #include "base/b_priv.h"
src/op/simd.c #include <immintrin.h>
src/op/lost.c #include "nowhere.h"
src/unlisted/x.c #include "base/a.h"
include/vouch/leak.h #include "base/a.h"
BREACHES
rmdir "$root/src/unlisted"
law >/dev/null
