"""How many subproblems each split heuristic and each shape of cut needs, on ACAS Xu.

One subproblem is one input box bounded, the root included; a cell is the sum over the networks
for which the property is proved. First table: forward symbolic bounds, bisection, no attack, no
clipping, one thread; heuristics side by side. Second table: everything on (backward bounds with
optimised slopes, compression, clipping), the shapes of a cut under each heuristic.

A cell that is hopeless is cut short by a cap on each instance and a limit on its time, and then
reads >N: N boxes were bounded and the property was not decided on all its networks.
"""
import argparse
import math

import record
from record import say

PROPERTIES = ["P1", "P3", "P4", "P5", "P9", "P10"]
HEURISTICS = ["random", "width", "smear", "reciph", "gap", "auto"]
SHAPES = ["bisect", "three", "four", "off-centre", "pair", "auto"]
NEURON_STEPS = [1, 2]  # slope steps for every unstable neuron: fewer, dearer boxes
PLAIN = ["--domain", "symbolic", "--bisect-only", "--no-attack", "--no-clip"]
SLIDES = {  # boxes in the table of the ReCIPH slides, for comparison
    "width": [68567, 319306, 25906, 142637, 3055, 1331],
    "reciph": [15289, 16140, 1828, 7023, 2395, 335],
    "smear": [16521, 209924, 2206, 29169, 3877, 217],
}
AIMS = [13000, 1800, 500, 850, 1900, 250]
SOURCE = "their table, boxes"


class Cell:
    """Boxes and CPU seconds of one property; `decided` if all its networks were."""

    def __init__(self, rows, wanted):
        self.boxes, self.cpu = sum(r["boxes"] for r in rows), sum(r["cpu"] for r in rows)
        self.against = sum(r["verdict"] == "sat" for r in rows)
        self.decided = sum(r["verdict"] == "unsat" for r in rows) == wanted

    def __str__(self):
        return ("" if self.decided else ">") + f"{self.boxes:,}"

    def below(self, other, or_equal=False):
        """For certain below `other`, a cell or a number."""
        number = getattr(other, "boxes", other)
        return self.decided and (self.boxes < number or or_equal and self.boxes == number)


def arguments():
    parser = argparse.ArgumentParser(prog="bench/splits.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cap", type=int, default=1_000_000, help="boxes of an instance")
    parser.add_argument("--cell-s", type=int, default=150, help="seconds of a cell")
    parser.add_argument("--properties", nargs="+", default=PROPERTIES, choices=PROPERTIES)
    parser.add_argument("--heuristics", nargs="+", default=HEURISTICS, choices=HEURISTICS)
    return parser.parse_args()


class Bench:
    def __init__(self, options):
        self.options = options
        self.wanted, self.instances = {}, {}
        proved = [k for k, v in record.expected_verdicts().items() if v == "unsat"]
        for name in options.properties:
            mine = [k for k in proved if record.property_of(k[1]) == name]
            self.wanted[name] = len(mine)
            self.instances[name] = record.write_instances(f"splits.{name}", mine)

    def cells(self, label, settings):
        """A cell for each property."""
        detail, out = record.SCRATCH / "splits.detail.tsv", []
        for name in self.options.properties:
            record.vouch("bench", self.instances[name], *settings, "--threads", 1, "--quiet",
                         "--max-subproblems", self.options.cap, "--total-timeout",
                         self.options.cell_s, "--detail", detail)
            out.append(Cell(record.read_detail(detail), self.wanted[name]))
            say(f"{label} {name}: {out[-1]} boxes, {out[-1].cpu:.2f} s")
        return out

    def slides(self, heuristic):
        return [SLIDES[heuristic][PROPERTIES.index(p)] for p in self.options.properties]

    def aims(self):
        return [AIMS[PROPERTIES.index(p)] for p in self.options.properties]


def by_heuristic(bench, out):
    names, shown = bench.options.heuristics, bench.options.properties
    cells = {h: bench.cells(h, [*PLAIN, "--split", h]) for h in names}
    limits = (f"an instance is given up after {bench.options.cap:,} boxes, a cell after "
              f"{bench.options.cell_s} s")
    columns = ["property", *names]
    rows = [[p, *[str(cells[h][i]) for h in names], *[f"{bench.slides(h)[i]:,}" for h in SLIDES]]
            for i, p in enumerate(shown)]
    out.table("heuristics", f"Subproblems by heuristic; {' '.join(PLAIN)}; {limits}",
              [*columns, *[f"slides: {h}" for h in SLIDES]], rows)
    out.table("heuristics_cpu", "CPU seconds of the same runs", columns,
              [[p, *[cells[h][i].cpu for h in names]] for i, p in enumerate(shown)])
    count_wins(cells, out)
    return [c for line in cells.values() for c in line]


def count_wins(cells, out):
    if "reciph" not in cells:
        return
    for other, text, better, rest in (("width", "reciph below width", "reciph", "width"),
                                      ("auto", "auto at most reciph", "auto", "reciph")):
        if other in cells:
            wins = sum(a.below(b, better == "auto") for a, b in zip(cells[better], cells[rest]))
            out.figure(f"forward bounds, bisection: {text}, of {len(cells[better])}", wins,
                       "properties", ">=5" if other == "width" else ">=4", ">=6")


def spread(cells, theirs):
    """Mean of the ratios to the slides' boxes (geometric): which row is best."""
    if not all(c.decided for c in cells):
        return math.inf
    return math.exp(sum(math.log(c.boxes / s) for c, s in zip(cells, theirs)) / len(cells))


def by_shape(bench, out):
    slides, shown = bench.slides("reciph"), bench.options.properties
    heuristics = [h for h in ("auto", "gap", "smear", "reciph") if h in bench.options.heuristics]
    lines = {(h, s): bench.cells(f"{h}, {s}", ["--split", h, "--cut", s])
             for h in heuristics for s in SHAPES}
    for steps in NEURON_STEPS if "auto" in heuristics else []:
        shape = f"bisect --neuron-steps {steps}"
        lines["auto", shape] = bench.cells(f"auto, {shape}",
                                           ["--split", "auto", "--cut", *shape.split()])
    rows = [[f"{h}, {s}", *map(str, cells), sum(c.cpu for c in cells), spread(cells, slides)]
            for (h, s), cells in lines.items()]
    rows += [["slides: reciph", *[f"{n:,}" for n in slides], "-", "1"],
             ["aim", *[f"{n:,}" for n in bench.aims()], "-", "-"]]
    out.table("cuts", "Subproblems by heuristic and shape of cut, all methods on; CPU seconds; "
              "geometric mean of the ratios to the slides' ReCIPH",
              ["split, cut", *shown, "CPU s", "to slides"], rows)
    out.table("cuts_cpu", "CPU seconds of the same runs", ["split, cut", *shown],
              [[f"{h}, {s}", *[c.cpu for c in cells]] for (h, s), cells in lines.items()])
    best = min(lines, key=lambda k: spread(lines[k], slides))
    for key, text in ((best, f"fewest boxes (--split {best[0]} --cut {best[1]})"),
                      (("auto", "auto"), "default settings")):
        if key in lines:
            wins = sum(c.below(s) for c, s in zip(lines[key], slides))
            out.figure(f"all methods, {text}: below the slides' ReCIPH, of {len(slides)}", wins,
                       "properties", ">=4")
    for name, cell, theirs, aim in zip(shown, lines[best], slides, bench.aims()):
        out.figure(f"all methods, --split {best[0]} --cut {best[1]}: {name}", cell.boxes,
                   "boxes" if cell.decided else "boxes, not decided", aim=f"<={aim}",
                   peer=f"{theirs} (ReCIPH slides)", source=SOURCE)
    return [c for cells in lines.values() for c in cells]


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(record.ACASXU, "splits")
    out = record.Record("splits", "make bench-splits")
    bench = Bench(options)
    cells = by_shape(bench, out) + by_heuristic(bench, out)
    out.figure("verdicts sat where unsat is expected, all runs of this benchmark",
               sum(c.against for c in cells), "instances", "=0")
    out.write()


if __name__ == "__main__":
    main()
