#!/usr/bin/env python3
"""Starts a new component: a source file from a commented template, and its line in a table.

Usage: tools/new.py KIND NAME      (make new KIND=op NAME=Foo)
KIND is op (an ONNX operator type, "Foo") or another of KINDS below (lower case, "foo").
The file is a correct, if plain, component from the first moment: build, test, then improve it.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# kind: (pattern of NAME, file made, table, what a line of the table looks like, label of the
# tests that loop over the table)
KINDS = {
    "op": (r"[A-Z][A-Za-z0-9]*", "src/op/{file}.c", "src/op/op.def", "VOUCH_OP",
           "conformance"),
    "domain": (r"[a-z][a-z0-9_]*", "src/bounds/{file}.c", "src/bounds/domain.def",
               "VOUCH_DOMAIN", "property"),
    "split": (r"[a-z][a-z0-9_]*", "src/verify/split_{file}.c", "src/verify/split.def",
              "VOUCH_SPLIT", "conformance"),
    "cut": (r"[a-z][a-z0-9_]*", "src/verify/cut_{file}.c", "src/verify/cut.def", "VOUCH_CUT",
            "conformance"),
    "pick": (r"[a-z][a-z0-9_]*", "src/verify/pick_{file}.c", "src/verify/pick.def",
             "VOUCH_PICK", "conformance"),
    "attack": (r"[a-z][a-z0-9_]*", "src/attack/attack_{file}.c", "src/attack/attack.def",
               "VOUCH_ATTACK", "conformance"),
    "loss": (r"[a-z][a-z0-9_]*", "src/train/loss_{file}.c", "src/train/loss.def", "VOUCH_LOSS",
             "unit"),
    "corruption": (r"[a-z][a-z0-9_]*", "src/data/corruption_{file}.c", "src/data/corruption.def",
                   "VOUCH_CORRUPTION", "conformance"),
    "format": (r"[a-z][a-z0-9_]*", "src/data/format_{file}.c", "src/data/format.def",
               "VOUCH_DATA_FORMAT", "unit"),
    "optimiser": (r"[a-z][a-z0-9_]*", "src/train/optimiser_{file}.c", "src/train/optimiser.def",
                  "VOUCH_OPTIMISER", "unit"),
    "schedule": (r"[a-z][a-z0-9_]*", "src/train/schedule_{file}.c", "src/train/schedule.def",
                 "VOUCH_SCHEDULE", "unit"),
    "augment": (r"[a-z][a-z0-9_]*", "src/train/augment_{file}.c", "src/train/augment.def",
                "VOUCH_AUGMENT", "unit"),
    "builtin": (r"[a-z][a-z0-9_]*", "src/data/builtin_{file}.c", "src/data/builtin.def",
                "VOUCH_DATA_BUILTIN", "unit"),
    "transform": (r"[a-z][a-z0-9_]*", "src/eval/transform_{file}.c", "src/eval/transform.def",
                  "VOUCH_TRANSFORM", "unit"),
    "layer": (r"[a-z][a-z0-9_]*", "src/grad/layer_{file}.c", "src/grad/layer.def",
              "VOUCH_LAYER", "unit"),
    "grouping": (r"[a-z][a-z0-9_]*", "src/explain/group_{file}.c", "src/explain/group.def",
                 "VOUCH_GROUPING", "unit"),
    "strategy": (r"[a-z][a-z0-9_]*", "src/explain/strategy_{file}.c",
                 "src/explain/strategy.def", "VOUCH_STRATEGY", "unit"),
    "order": (r"[a-z][a-z0-9_]*", "src/explain/order_{file}.c", "src/explain/order.def",
              "VOUCH_ORDER", "unit"),
    "latent": (r"[a-z][a-z0-9_]*", "src/explain/latent_{file}.c", "src/explain/latent.def",
               "VOUCH_LATENT", "unit"),
    "explainer": (r"[a-z][a-z0-9]*", "src/cli/explain_{file}.c", "src/cli/explainer.def",
                  "VOUCH_EXPLAINER", "cli"),
    "study": (r"[a-z][a-z0-9]*", "src/cli/lab_{file}.c", "src/cli/study.def", "VOUCH_STUDY",
              "cli"),
    "command": (r"[a-z][a-z0-9]*", "src/cli/cmd_{file}.c", "src/cli/command.def",
                "VOUCH_COMMAND", "cli"),
}
APPENDED = {"layer", "study", "command", "grouping", "strategy", "order", "latent",
            "explainer"}  # tables whose order means something


def snake(name):
    """LayerNormalization -> layer_normalization; names in lower case stay."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def insert(table, macro, name, at_end):
    """Puts MACRO(name) in order among the table's rows or after them; other lines stay."""
    lines = table.read_text().splitlines() if table.exists() else []
    rows = [(i, m.group(1)) for i, line in enumerate(lines)
            if (m := re.match(rf"\s*{macro}\((\w+)[,)]", line))]
    if any(row == name for _, row in rows):
        sys.exit(f"new: {table.relative_to(ROOT)} has {name} already")
    later = [] if at_end else [i for i, row in rows if row > name]
    at = later[0] if later else (rows[-1][0] + 1 if rows else len(lines))
    lines.insert(at, f"{macro}({name})")
    table.write_text("\n".join(lines) + "\n")


def main():
    kind, name = (sys.argv[1:] + ["", ""])[:2]
    if kind not in KINDS or not name:
        sys.exit("usage: make new KIND=op NAME=Foo     (KIND: " + ", ".join(KINDS) + ")")
    pattern, place, table, macro, label = KINDS[kind]
    if not re.fullmatch(pattern, name):
        sys.exit(f"new: a name of kind {kind} matches {pattern}, not '{name}'")
    path = ROOT / place.format(file=snake(name))
    if path.exists():
        sys.exit(f"new: {path.relative_to(ROOT)} exists already")
    template = (ROOT / "tools" / "templates" / f"{kind}.c").read_text()
    insert(ROOT / table, macro, name, kind in APPENDED)
    path.write_text(template.replace("@NAME@", name))
    print(f"made  {path.relative_to(ROOT)}\nadded {macro}({name}) to {table}\n"
          f"next  follow the numbered steps in the file, then: make test ARGS='-L {label}'")


if __name__ == "__main__":
    main()
