#!/usr/bin/env bash
# The documentation is true: its commands run, show what they print, and its links resolve.
set -euo pipefail
if [ ! -x "${VOUCH_BIN:-}" ]; then
    echo "skipped: the vouch command is not built here"
    exit 77
fi
"${VOUCH_PYTHON:-python3}" "${VOUCH_SOURCE_DIR:?}/tools/docs.py" check
