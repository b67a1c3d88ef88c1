"""Bounds, domain by domain: mean width of the outputs, and CPU time for a box.

Three networks: ACAS Xu 1_1 on the 1,024 sub-boxes of property 3 (every input cut in four), for
which figures of auto_LiRPA are known; and a convolutional and a residual network of our own
(bench/nets.py), each on balls around a few images. Nothing is split or batched beyond that; each
box is bounded from scratch, all outputs from both sides. `float` and `double` are the engines
of small networks, `dag` that of general ones; +M+N are gradient steps on the slopes of every
neuron, and of the outputs.
"""
import argparse
import subprocess
import sys

import record
from record import say

PROGRAM = record.ROOT / "build" / "release" / "bench" / "bounds"
LIRPA = "auto_LiRPA, the same boxes and cores"
# method: (name, what auto_LiRPA's bound of that kind had as mean width, CPU us a box, asked)
ACASXU = {
    "interval": ("119", None), "zonotope": ("-", None), "symbolic": ("-", None),
    "crown": (".066", 400), "meet": ("-", None), "float": (".066", 400), "double": (".066", 400),
    "dag": (".066", 400), "float+0+2": ("-", None), "double+2+2": ("-", None),
    "double+30+30": (".040", 20000), "dag+10+20": (".040", 20000),
}
IMAGES = ["interval", "zonotope", "symbolic", "crown", "dag", "dag+0+10", "dag+5+20"]


def arguments():
    parser = argparse.ArgumentParser(prog="bench/bounds.sh", description=__doc__)
    parser.add_argument("--program", default=PROGRAM, help="build/release/bench/bounds")
    parser.add_argument("--images", type=int, default=2, help="for each of our networks")
    parser.add_argument("--runs", type=int, default=3, help="on ACAS Xu; the least time counts")
    return parser.parse_args()


def measure(program, net, spec, parts, methods):
    """method -> (mean width, CPU us a box)"""
    found = {}
    for method in methods:
        done = subprocess.run([program, net, spec, str(parts), method], text=True, check=False,
                              capture_output=True)
        if done.returncode != 0:
            say(f"bench-bounds: {method}: {done.stderr.strip()}")
            continue
        _, _, width, cost = done.stdout.split()
        found[method] = (float(width), float(cost))
    return found


def acasxu(options, out):
    net = record.ACASXU / "onnx" / "ACASXU_run2a_1_1_batch_2000.onnx"
    spec = record.ACASXU / "vnnlib" / "prop_3.vnnlib"
    if not record.ACASXU.is_dir():
        say("bench-bounds: no ACAS Xu data, that part is skipped")
        return
    runs = []
    for i in range(options.runs):
        say(f"ACAS Xu, run {i + 1} of {options.runs}")
        runs.append(measure(options.program, net, spec, 4, ACASXU))
    rows, best = [], {}
    for method, (width, cost) in ACASXU.items():
        costs = [r[method][1] for r in runs if method in r]
        if costs:
            best[method] = (runs[0][method][0], min(costs))
            rows.append([method, *best[method], width, cost or "-"])
    out.table("acasxu", "ACAS Xu 1_1, mean of the 1,024 sub-boxes of property 3: width, and CPU "
              f"microseconds a box (least of {options.runs} runs), beside auto_LiRPA",
              ["method", "width", "us a box", "auto_LiRPA width", "auto_LiRPA us"], rows)
    for kind, fast, width in (("backward bounds", "float", 0.066),
                              ("optimised slopes", "double+30+30", 0.040)):
        peer_us = ACASXU[fast][1]
        if fast in best:
            out.figure(f"ACAS Xu, {kind} ({fast}): mean width", best[fast][0], "",
                       f"<={width}", peer=f"{width}", source=LIRPA)
            out.figure(f"ACAS Xu, {kind} ({fast}): CPU for a box", best[fast][1], "us",
                       f"<={peer_us / 10:.0f}", peer=f"about {peer_us} us", source=LIRPA)


def images(options, out):
    try:
        import nets  # pylint: disable=import-outside-toplevel
    except ImportError as e:
        say(f"bench-bounds: {e}; our networks are skipped")
        return
    for name, net, radius in (("conv", nets.conv(), .03), ("residual", nets.residual(), .015)):
        path = record.SCRATCH / f"bounds_{name}.onnx"
        net.save(path)
        found = []
        for i in range(options.images):
            say(f"{name}, image {i + 1} of {options.images}")
            spec = record.SCRATCH / f"bounds_{name}.vnnlib"
            nets.ball(spec, nets.image(net.shape, i), radius)
            found.append(measure(options.program, path, spec, 1, IMAGES))
        rows = []
        for method in IMAGES:
            got = [f[method] for f in found if method in f]
            if got:
                rows.append([method, sum(w for w, _ in got) / len(got),
                             sum(c for _, c in got) / len(got) / 1000])
        out.table(name, f"Network `{name}`, {options.images} balls of radius {radius}: mean width "
                  "of the outputs, CPU milliseconds", ["method", "width", "ms a ball"], rows)


def main():
    options = arguments()
    record.need_vouch()
    try:
        subprocess.run([options.program], capture_output=True, check=False)
    except OSError:
        sys.exit(f"bench-bounds: {options.program} is missing; run 'make' first")
    out = record.Record("bounds", "make bench-bounds")
    acasxu(options, out)
    images(options, out)
    out.write()


if __name__ == "__main__":
    main()
