#!/usr/bin/env bash
# Line coverage of src/ by the tests: `make coverage`, and its total as a figure.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
[ -x "$python" ] || python=python3
make coverage
PYTHONPATH=bench "$python" - <<'END'
import record

total = next(line.split() for line in open("build/coverage/summary.txt") if line.startswith("TOTAL"))
out = record.Record("coverage", "make bench-coverage")
out.figure("line coverage of src/ by make test", 100 * int(total[2]) / int(total[1]), "%", ">=85",
           ">=92")
out.write()
END
