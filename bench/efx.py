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
FS, REST = "FS CT + AT", "FS CT + AT (rest)"  # boxes on the most salient features; on all others
PGD = "loss=pgd steps=2 step=.75"
# data: trained on, tested on; radii, the last one is the larger eps; label: words of the recipe,
# seeds; subset: the label that is compared with CT + AT by own decisions too; sweep: shares of the
# features in boxes (-X: all but these), with what else is said and how many points are explained;
# the radius and side of patches at which orders of traversal are compared; radii that are small
# enough for a plain network
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
        "subset": REST,
        "sweep": (["eps=.1"], [.25, .5, .75, -.25, -.5, -.75], 20),
        "orders": "0.2", "patch": 4,
        "low": ["0.01", "0.02", "0.05"],
        "how": ["--explain", 50]},
    "CIFAR-10": {
        "recipe": "efx-cifar",
        "data": [SCRATCH / "cifar_train.bin", SCRATCH / "cifar_test.bin"],
        "eps": ["8/255", "16/255", "32/255"],
        "nets": {"standard": (["loss=standard"], 1),
                 AT: ([PGD, "eps=4/255"], 1),
                 CT: ([], 3),
                 FS: (["eps=4/255", "features=.1"], 1),
                 REST: (["eps=4/255", "features=-.75"], 3)},
        "subset": REST,
        "sweep": (["eps=4/255"], [.03, .1, .25, .5, -.5, -.75], 10),
        "orders": "16/255", "patch": 8,
        "low": ["1/255", "2/255", "4/255"],
        "how": ["--explain", 30]},
}
ORDERS = ["--orders", "index,deletion,interval,reciph,gradient,learnt", "--order-strategy",
          "verix", "--groups", "patch", "--attack", "fgsm", "--explain", 3, "--order-points", 3]


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


def rows_of(name, eps, groups):
    return [[label, name, e, g["networks"], cell(g["accuracy"], 100), cell(at["irrelevant"]),
             *(cell(at[key], 100) for key in ("explainable", "efx", "efx_inputs")),
             cell(at["cpu_seconds"])]
            for label, g in groups.items() for e, at in zip(eps, g["radii"])]


def compared(out, what, a, b, scale, asked="-"):
    """A figure of training on a subset less that of training on all features."""
    out.figure(what, scale * (a["mean"] - b["mean"]), "points", asked,
               peer=f"{cell(a, scale)} and {cell(b, scale)} %", source="both")


def figures(out, name, study, groups):
    """Training on a subset beside the one on all features."""
    ct = groups[CT]
    for label in (label for label in (FS, REST) if label in groups):
        fs = groups[label]
        less = f"{label} less CT + AT" + (", 3 seeds" if fs["networks"] == 3 else ", one network")
        for i, eps in enumerate(study["eps"]):
            a, b = fs["radii"][i], ct["radii"][i]
            compared(out, f"{name}, eps {eps}: EFX inputs of all points, {less}", a["efx_inputs"],
                     b["efx_inputs"], 100, ">0" if i == len(study["eps"]) - 1 else "-")
            compared(out, f"{name}, eps {eps}: EFX of right points, {less}", a["efx"], b["efx"],
                     100)
            out.figure(f"{name}, eps {eps}: irrelevant features, {label} over CT + AT",
                       a["irrelevant"]["mean"] / b["irrelevant"]["mean"], "times",
                       peer=f"{cell(a['irrelevant'])} and {cell(b['irrelevant'])}", source="both")
        compared(out, f"{name}: accuracy, {less}", fs["accuracy"], ct["accuracy"], 100, ">=0")


def own_decisions(out, name, study, nets, options):
    """The same count of the first points whether right or wrong, each from its own decision."""
    label, eps = study["subset"], study["eps"][-1]
    of = [net for net in nets if net.endswith((f"={CT}", f"={label}"))]
    own = compare(f"{name} own", study, of, options,
                  ["--eps", eps, "--wrong", *study["how"]])
    compared(out, f"{name}, eps {eps}: EFX by own decision, {label} less CT + AT, 3 seeds",
             *(own[x]["radii"][0]["efx"] for x in (label, CT)), 100)


def order_rows(name, groups):
    return [[label, name, *(cell(s) for s in g["orders"].values())]
            for label, g in groups.items()]


def sweep(name, study, options):
    """By share of the features in boxes, one seed, at the larger radius."""
    eps = study["eps"][-1:]
    words, shares, points = study["sweep"]
    nets = [train(study, f"{k:g}", [*words, f"features={k}"], 1, options.threads) for k in shares]
    swept = compare(f"{name} subsets", study, nets, options,
                    ["--eps", *eps, "--explain", points])
    return rows_of(name, eps, swept)


def run(name, study, options, out, tables):
    nets = [train(study, label, words, seed, options.threads)
            for label, (words, seeds) in study["nets"].items() for seed in range(1, seeds + 1)]
    groups = compare(name, study, nets, options, ["--eps", ",".join(study["eps"]), *study["how"]])
    figures(out, name, study, groups)
    tables["networks"] += rows_of(name, study["eps"], groups)
    own_decisions(out, name, study, nets, options)
    firsts = [net for net in nets if "_1.onnx=" in net]
    low = compare(f"{name} low", study, firsts[:1], options,
                  ["--eps", ",".join(study["low"]), "--explain", 20])
    tables["low"] += rows_of(name, study["low"], low)
    ordered = compare(f"{name} orders", study, firsts, options,
                      ["--eps", study["orders"], "--patch", study["patch"], *ORDERS])
    tables["orders"] += order_rows(f"{name}, {study['orders']}, side {study['patch']}", ordered)
    tables["subsets"] += sweep(name, study, options)


COLUMNS = ["data", "eps", "networks", "accuracy, %", "irrelevant", "explainable, %", "EFX, %",
           "EFX of all, %", "CPU s"]
TABLES = {  # title, columns
    "networks": ("by training; means and 95 % intervals over seeds", ["training", *COLUMNS]),
    "low": ("a network trained as usual, at small radii", ["training", *COLUMNS]),
    "subsets": ("boxes on a subset of the features; -X: all but those",
                ["share of the features", *COLUMNS]),
    "orders": ("patches proved irrelevant by order of traversal, by radius and side of a patch",
               ["training", "data", *ORDERS[1].split(",")])}


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(MNIST, "efx")
    record.need_data(CIFAR, "efx")
    put_records()
    topic = f"efx-{options.only}" if options.only else "efx"
    out = record.Record(topic, f"bench/efx.sh{f' --only {options.only}' if options.only else ''}")
    tables = {table: [] for table in TABLES}
    for name, study in STUDIES.items():
        if options.only in (None, name.lower()):
            run(name, study, options, out, tables)
    for table, (title, columns) in TABLES.items():
        out.table(table, title, columns, tables[table])
    out.write()


main()
