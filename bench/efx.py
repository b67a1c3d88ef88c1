"""Inputs that are attacked and formally explainable, by how networks were trained.

Networks are trained by recipes/efx-mnist.ini and recipes/efx-cifar.ini and words that differ, kept
in bench/out, and compared by `vouch lab efx`: accuracy, features proved irrelevant, EFX inputs.
Training and the study go on where they were stopped; delete the networks to begin anew. Of
CIFAR-10 there are 8,000 images to train on.
"""
import argparse
import json

import record
from record import SCRATCH, say

MNIST = record.DATA / "datasets" / "mnist"
CIFAR = record.DATA / "datasets" / "cifar10"
CT, AT, END = "CT + AT", "adversarial", "irrelevance"
FS, REST = "FS CT + AT", "FS CT + AT (rest)"  # boxes on the most salient half; on the other half
PGD = "loss=pgd steps=2 step=.75"
# data: trained on, tested on; radii, the last one is the larger eps; label: words of the recipe,
# seeds; the radius at which orders of traversal are compared
STUDIES = {
    "MNIST": {
        "recipe": "efx-mnist",
        "data": [MNIST / "train-images-idx3-ubyte.gz", MNIST / "t10k-images-idx3-ubyte.gz"],
        "eps": ["0.1", "0.2", "0.3"],
        "nets": {"standard": (["loss=standard"], 1),
                 AT: ([PGD, "eps=.1"], 1),
                 CT: ([], 3),
                 FS: (["eps=.1", "features=.5"], 3),
                 REST: (["eps=.1", "features=-.5"], 3),
                 END: ([PGD, "eps=.1", "regulariser=irrelevance share=.8"], 1)},
        "sweep": ["eps=.1"],
        "orders": "0.2",
        "how": ["--explain", 20]},
    "CIFAR-10": {
        "recipe": "efx-cifar",
        "data": [SCRATCH / "cifar_train.bin", SCRATCH / "cifar_test.bin"],
        "eps": ["8/255", "16/255"],
        "nets": {"standard": (["loss=standard"], 1),
                 AT: ([PGD, "eps=4/255"], 1),
                 CT: ([], 3),
                 FS: (["eps=4/255", "features=.5"], 3)},
        "sweep": None,
        "orders": None,
        "how": ["--explain", 20, "--groups", "patch"]},
}
ORDERS = ["--orders", "index,deletion,interval,reciph,gradient,learnt", "--order-strategy",
          "verix", "--groups", "patch", "--attack", "fgsm", "--explain", 3, "--order-points", 3]
SWEEP = [.25, .5, .75, -.25, -.5, -.75]  # shares of the features; -X: all but these


def arguments():
    parser = argparse.ArgumentParser(prog="bench/efx.sh", description=__doc__)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--only", choices=["mnist", "cifar-10"], help="one of the two studies")
    return parser.parse_args()


def put_records():
    """The parts of CIFAR-10 that the data folder has, as one file each, in bench/out."""
    import gzip
    for name in ("train", "test"):
        parts = (gzip.decompress(p.read_bytes()) for p in sorted(CIFAR.glob(f"{name}*.bin.gz")))
        (SCRATCH / f"cifar_{name}.bin").write_bytes(b"".join(parts))


def train(study, label, words, seed, threads):
    """The network of those words and that seed, trained once."""
    key = "".join(c if c.isalnum() else "_" for c in label.lower())
    net = SCRATCH / f"{study['recipe']}_{key}_{seed}.onnx"
    if not net.exists():
        say(f"training {net.stem}")
        record.vouch("train", record.ROOT / "recipes" / f"{study['recipe']}.ini",
                     f"data.data={study['data'][0]}", *words, f"seed={seed}", "--threads",
                     threads, "--out", net, "--quiet", "--resume")
    return f"{net}={label}"


def compare(name, study, nets, options, how):
    """The groups of a study by label."""
    key = f"efx_{name.lower().replace(' ', '_')}"
    say(f"{name}: {len(nets)} networks")
    report = SCRATCH / f"{key}.json"
    record.vouch("lab", "efx", study["data"][1], *nets, "--oracle", "crown", "--quiet",
                 "--threads", options.threads, "--resume", SCRATCH / f"{key}.journal",
                 "--html", SCRATCH / f"{key}.html", "--json", report, *how)
    return {group["label"]: group for group in json.loads(report.read_text())["groups"]}


def cell(summary, scale=1):
    mean, half = summary["mean"], summary["half"]
    return ("-" if mean is None else f"{scale * mean:.1f}" if half is None
            else f"{scale * mean:.1f} ± {scale * half:.1f}")


def rows_of(name, study, groups):
    return [[label, name, eps, g["networks"], cell(g["accuracy"], 100),
             cell(g["radii"][i]["irrelevant"]), cell(g["radii"][i]["explainable"], 100),
             cell(g["radii"][i]["efx"], 100), cell(g["radii"][i]["cpu_seconds"])]
            for label, g in groups.items() for i, eps in enumerate(study["eps"])]


def figures(out, name, study, groups):
    """Training on a subset beside the one on all features."""
    ct = groups[CT]
    for label in (label for label in (FS, REST) if label in groups):
        fs = groups[label]
        for i, eps in enumerate(study["eps"]):
            a, b = fs["radii"][i], ct["radii"][i]
            asked = ">0" if i == len(study["eps"]) - 1 else "-"
            out.figure(f"{name}, eps {eps}: EFX inputs, {label} less CT + AT, 3 seeds",
                       100 * (a["efx"]["mean"] - b["efx"]["mean"]), "points", asked,
                       peer=f"{cell(a['efx'], 100)} and {cell(b['efx'], 100)} %", source="both")
            out.figure(f"{name}, eps {eps}: irrelevant features, {label} over CT + AT",
                       a["irrelevant"]["mean"] / b["irrelevant"]["mean"], "times",
                       peer=f"{cell(a['irrelevant'])} and {cell(b['irrelevant'])}", source="both")
        out.figure(f"{name}: accuracy, {label} less CT + AT, 3 seeds",
                   100 * (fs["accuracy"]["mean"] - ct["accuracy"]["mean"]), "points", ">=0",
                   peer=f"{cell(fs['accuracy'], 100)} and {cell(ct['accuracy'], 100)} %",
                   source="both")


def order_rows(name, groups):
    return [[label, name, *(cell(s) for s in g["orders"].values())]
            for label, g in groups.items()]


def run(out, name, study, options, tables):
    nets = [train(study, label, words, seed, options.threads)
            for label, (words, seeds) in study["nets"].items() for seed in range(1, seeds + 1)]
    groups = compare(name, study, nets, options, ["--eps", ",".join(study["eps"]), *study["how"]])
    figures(out, name, study, groups)
    tables["networks"] += rows_of(name, study, groups)
    if study["orders"]:
        firsts = [net for net in nets if "_1.onnx=" in net]
        ordered = compare(f"{name} orders", study, firsts, options,
                          ["--eps", study["orders"], *ORDERS])
        out.table("orders", f"patches proved irrelevant by order of traversal, {name}, eps "
                  f"{study['orders']}", ["training", "data", *next(iter(ordered.values()))["orders"]],
                  order_rows(name, ordered))
    if study["sweep"]:
        nets = [train(study, f"{k:g}", [*study["sweep"], f"features={k}"], 1, options.threads)
                for k in SWEEP]
        swept = compare(f"{name} subsets", study, nets, options,
                        ["--eps", ",".join(study["eps"]), "--explain", 20])
        tables["subsets"] += rows_of(name, study, swept)


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(MNIST, "efx")
    record.need_data(CIFAR, "efx")
    put_records()
    topic = f"efx-{options.only}" if options.only else "efx"
    out = record.Record(topic, f"bench/efx.sh{f' --only {options.only}' if options.only else ''}")
    tables = {"networks": [], "subsets": []}
    for name, study in STUDIES.items():
        if options.only in (None, name.lower()):
            run(out, name, study, options, tables)
    columns = ["data", "eps", "networks", "accuracy, %", "irrelevant", "explainable, %", "EFX, %",
               "CPU s"]
    for table, first, title in (
            ("networks", "training", "by training; means and 95 % intervals over seeds"),
            ("subsets", "share of the features", "boxes on a subset of the features; -X: all "
             "but those")):
        if tables[table]:
            out.table(table, title, [first, *columns], tables[table])
    out.write()


main()
