#!/usr/bin/env python3
"""Measures the length of functions and files of src/ against the figures we keep.

Functions: median at most 15 lines, 90 % at most 45, none over 80. Files: at most 800 lines.
A function that has to be longer says why in a comment, directly above it, that holds the
words "LONG: reason". Prints a table for each folder; exits 1 where a figure is missed.

Usage: tools/style.py [ROOT]
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

MEDIAN, NINETY, LONGEST, FILE_LINES, PARAMETERS = 15, 45, 80, 800, 6
TEMPLATE = re.compile(r"FN\((\w+)\)(.*)")  # FN(name)(parameters) in a .inc file


def functions(files):
    """(path, name, first line, last line, number of parameters) of every C function."""
    command = ["ctags", "--languages=C", "--langmap=C:+.inc", "--sort=no", "--kinds-C=f",
               "--fields=+neS", "-f", "-", "--output-format=json", "-L", "-"]
    out = subprocess.run(command, input="\n".join(map(str, files)), text=True,
                         capture_output=True, check=True).stdout
    for line in out.splitlines():
        tag = json.loads(line)
        if "end" in tag:
            name, signature = tag["name"], tag.get("signature", "")
            template = TEMPLATE.search(tag["pattern"]) if name == "FN" else None
            if template:
                name, signature = template.groups()
            yield tag["path"], name, tag["line"], tag["end"], signature.count(",") + 1


def excused(path, line):
    """True if the comment that ends right above the function gives a reason."""
    above = pathlib.Path(path).read_text(errors="replace").splitlines()[:line - 1]
    comment = []
    while above and above[-1].strip() and not above[-1].startswith("}"):
        comment.append(above.pop())
    return any("LONG:" in text for text in comment)


def rank(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else here
    files = sorted(p for p in (root / "src").rglob("*.*") if p.suffix in (".c", ".h", ".inc"))
    lengths, faults, wide = collections.defaultdict(list), [], 0
    for path, name, first, last, count in functions([f for f in files if f.suffix != ".h"]):
        folder = pathlib.Path(path).relative_to(root / "src").parts[0]
        length = last - first + 1
        lengths[folder].append(length)
        wide += count > PARAMETERS
        if length > LONGEST and not excused(path, first):
            faults.append(f"{pathlib.Path(path).relative_to(root)}:{first}: {name} has {length} "
                          f"lines (at most {LONGEST}, or a comment 'LONG: reason')")
    for file in files:
        lines = len(file.read_text(errors="replace").splitlines())
        if lines > FILE_LINES:
            faults.append(f"{file.relative_to(root)}: {lines} lines (at most {FILE_LINES})")

    everything = [n for values in lengths.values() for n in values]
    print(f"{'folder':<12}{'functions':>10}{'median':>8}{'90 %':>6}{'longest':>9}")
    for folder, values in sorted(lengths.items()) + [("all", everything)]:
        print(f"{folder:<12}{len(values):>10}{rank(values, .5):>8}{rank(values, .9):>6}"
              f"{max(values, default=0):>9}")
    if rank(everything, .5) > MEDIAN:
        faults.append(f"median function length over {MEDIAN}")
    if rank(everything, .9) > NINETY:
        faults.append(f"more than 10 % of functions have over {NINETY} lines")
    print(f"style: {len(files)} files, {wide} functions with over {PARAMETERS} parameters, "
          f"{len(faults)} faults")
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
