"""Catastrophic overfitting and its cures: what single-step training loses, and what keeps it.

`vouch lab co` trains narrow networks by several methods with three seeds, on MNIST and on the
part of CIFAR-10 that the data folder has, and measures under PGD-50. Its journals stay in
bench/out, so that a stopped benchmark goes on with the run it was at; delete them to begin anew.
Radii and rates are those at which FGSM collapses within few epochs on networks this small. Of
CIFAR-10 there are 8,000 images to train on: too few for ten classes, where networks this small
learn the images by heart under any single step; so the study tells the four vehicles from four of
the animals, and half of the answers are right by chance.
"""
import argparse
import gzip
import json
import sys

import record
from record import SCRATCH, say

MNIST = record.DATA / "datasets" / "mnist"
CIFAR = record.DATA / "datasets" / "cifar10"
CONV = "conv16k4s2p1 relu conv32k4s2p1 relu fc100 relu"
CURE = "exp-ibp alpha={} points=fgsm"
FORWABS = "n-fgsm + forwabs coefficient=1e-8"
COMMON = ["--schedule", "constant", "--rate", 5e-3, "--ramp", "linear"]
STUDIES = {
    "MNIST, eps .3": {
        "data": MNIST / "train-images-idx3-ubyte.gz",
        "words": [f"test={MNIST / 't10k-images-idx3-ubyte.gz'}"],
        "cure": CURE.format(0.1),
        "also": [FORWABS],
        "epochs": 10,
        "how": ["--nets", CONV, "--eps", "0.3", "--ramp-until", 2],
        "sizes": ("--samples", 10000, "--held-out", 1000)},
    "CIFAR-10, vehicles and animals, eps 24/255": {
        "data": SCRATCH / "cifar_two_train.bin",
        "words": [f"test={SCRATCH / 'cifar_two_test.bin'}"],
        "cure": CURE.format(0.2),
        "also": [],
        "epochs": 30,
        "how": ["--nets", "cnn7/8", "--eps", "24/255", "--ramp-until", 3, "--batch", 50],
        "sizes": ("--samples", 0, "--held-out", 400)},
}
SIDES = [(0, 1, 8, 9), (4, 5, 6, 7)]  # vehicles; deer, dog, frog, horse
RECORD = 3073  # label, 1024 red, green, blue


def make_two_classes():
    """Records of the two sides, with labels 0 and 1, in bench/out."""
    side = {label: s for s, labels in enumerate(SIDES) for label in labels}
    for name in ("train", "test"):
        records = b"".join(gzip.decompress(p.read_bytes()) for p in sorted(CIFAR.glob(f"{name}*")))
        parts = (records[i:i + RECORD] for i in range(0, len(records), RECORD))
        kept = [bytes([side[r[0]]]) + r[1:] for r in parts if r[0] in side]
        (SCRATCH / f"cifar_two_{name}.bin").write_bytes(b"".join(kept))


def arguments():
    parser = argparse.ArgumentParser(prog="bench/co.sh", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--only", choices=["mnist", "cifar"], help="one of the two studies")
    parser.add_argument("--all", action="store_true",
                        help="moreover the cures that no figure asks for")
    parser.add_argument("--fast", action="store_true", help="few samples: minutes")
    return parser.parse_args()


def combined(study):
    """The cure on the points of N-FGSM."""
    return study["cure"].replace("points=fgsm", "points=n-fgsm")


def run(name, study, options):
    """The groups of a study by method, and its runs."""
    key = name.split(",")[0].replace(" ", "_")
    methods = ["fgsm", "n-fgsm", study["cure"], combined(study), *study["also"]]
    if options.all:
        methods += ["rs-fgsm", "mtl-ibp+n-fgsm", "elle-a", "grad-align"]
    sizes = ("--samples", 3000, "--held-out", 200) if options.fast else study["sizes"]
    epochs = 6 if options.fast else study["epochs"]
    report, tag = SCRATCH / f"co_{key}.json", "fast" if options.fast else f"{options.seeds}"
    say(f"{name}: {len(methods)} methods, {options.seeds} seeds")
    record.vouch("lab", "co", study["data"], *study["words"], *COMMON, *study["how"], *sizes,
                 "--epochs", epochs, "--methods", ",".join(methods), "--seeds", options.seeds,
                 "--threads", options.threads, "--json", report,
                 "--resume", SCRATCH / f"co_{key}_{tag}.journal",
                 "--html", SCRATCH / f"co_{key}.html")
    told = json.loads(report.read_text())
    return {group["method"]: group for group in told["groups"]}, told["runs"]


def overhead(rounds=5):
    """Per cent of processor time that ForwAbs adds to N-FGSM: medians of rounds in turn, one
    thread, the network of the study."""
    spent = {"n-fgsm": [], FORWABS: []}
    for _ in range(rounds):
        for method, seconds in spent.items():
            loss, _, regulariser = method.partition(" + ")
            done = record.vouch("train", MNIST / "t10k-images-idx3-ubyte.gz", "--arch", CONV,
                                "--loss", loss, "--regulariser", regulariser, "--eps", 0.3,
                                "--epochs", 3, "--threads", 1, "--card", "none", "--quiet",
                                "--anew", "--out", SCRATCH / "overhead.onnx")
            seconds.append(done.cpu)
    return 100 * (record.median(spent[FORWABS]) / record.median(spent["n-fgsm"]) - 1)


def figures(out, name, study, groups):
    pgd = {method: 100 * (group["pgd"]["mean"] or 0) for method, group in groups.items()}
    out.figure(f"{name}: FGSM's PGD-50 accuracy, as a share of N-FGSM's",
               pgd["fgsm"] / max(pgd["n-fgsm"], 1e-9), "", "<=0.2",
               peer=f"{pgd['fgsm']:.1f} and {pgd['n-fgsm']:.1f} %", source="means over seeds")
    out.figure(f"{name}: PGD-50 accuracy of CT + FGSM less N-FGSM's",
               pgd[study["cure"]] - pgd["n-fgsm"], "points", ">=-2",
               aim=">=0", peer=f"{pgd[study['cure']]:.1f} %", source=study["cure"])
    out.figure(f"{name}: PGD-50 accuracy of CT + N-FGSM less N-FGSM's",
               pgd[combined(study)] - pgd["n-fgsm"], "points", "-", ">=0",
               peer=f"{pgd[combined(study)]:.1f} %", source=combined(study))


def rows_of(name, groups):
    def cell(group, figure, scale):
        mean, half = group[figure]["mean"], group[figure]["half"]
        return ("-" if mean is None else f"{scale * mean:.2f}" if half is None
                else f"{scale * mean:.2f} ± {scale * half:.2f}")
    return [[method, name, cell(g, "clean", 100), cell(g, "single", 100), cell(g, "pgd", 100),
             g["collapsed"], g["failed"], cell(g, "seconds", 1)] for method, g in groups.items()]


def along(name, runs):
    """PGD-50 accuracy of each run after every sixth part of its epochs: when it fell, if it did."""
    def course(run):
        epochs = run["result"]["epochs"]
        marks = [len(epochs) * k // 6 for k in range(1, 7)]
        return " ".join(f"{100 * epochs[m - 1]['pgd']:.0f}" for m in marks)
    return [[run["method"], name, run["seed"], course(run)] for run in runs
            if "epochs" in (run["result"] or {})]


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(MNIST, "co")
    record.need_data(CIFAR, "co")
    make_two_classes()
    topic = f"co-{options.only}" if options.only else "co"
    out = record.Record(topic, " ".join(["bench/co.sh", *sys.argv[1:]]))
    rows, courses = [], []
    for name, study in STUDIES.items():
        if not name.lower().startswith(options.only or ""):
            continue
        groups, runs = run(name, study, options)
        figures(out, name, study, groups)
        rows += rows_of(name, groups)
        courses += along(name, runs)
    out.figure("ForwAbs + N-FGSM: processor time beyond N-FGSM's", overhead(), "%", "<=5", "<=1")
    out.table("methods", "per cent after the last epoch, mean and 95 % interval over seeds",
              ["method", "data", "clean", "FGSM", "PGD-50", "collapsed", "failed", "s an epoch"],
              rows)
    out.table("along", "PGD-50 accuracy, per cent, after each sixth of the epochs",
              ["method", "data", "seed", "course"], courses)
    if not options.fast:
        out.write()


main()
