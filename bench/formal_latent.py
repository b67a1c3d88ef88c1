"""Latent explanations of MNIST digits by a network with 30 prototypes on 4 x 4 components
(recipes/mnist-prototypes.ini, kept in bench/out): mean size of the set of pairs by the way of
bounding and by what latent maps may be. "any numbers" is the form of Soria et al. 2026."""
import argparse
import json

import record
from record import SCRATCH, median, say

MNIST = record.DATA / "datasets" / "mnist"
TRAIN, TEST = (MNIST / f"{part}-images-idx3-ubyte.gz" for part in ("train", "t10k"))
WAYS = ["top", "hypersphere", "triangle", "spheres", "domain"]
# name, options, whether it is asked of few digits alone
DOMAINS = [("any numbers", ["--anywhere"], False), ("last activation", [], False),
           ("images within .01", ["--eps", ".01"], True),
           ("images within .03", ["--eps", ".03"], True)]


def arguments():
    parser = argparse.ArgumentParser(prog="bench/formal.sh latent", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="digits")
    parser.add_argument("--few", type=int, default=25, help="digits with bounds of the encoder")
    return parser.parse_args()


def train():
    net = SCRATCH / "mnist-prototypes.onnx"
    if not net.exists():
        say("training mnist-prototypes")
        record.vouch("train", record.ROOT / "recipes" / "mnist-prototypes.ini",
                     f"data.data={TRAIN}", f"test={TEST}", "--threads", 1, "--out", net, "--quiet")
    return net


def explain(net, count, way, how):
    say(f"{way}, {' '.join(how) or 'last activation'}, {count} digits")
    report = SCRATCH / "latent.json"
    record.vouch("explain", "latent", net, TEST, "--count", count, "--bounds", way, "--json",
                 report, "--quiet", *how)
    return json.loads(report.read_text())["explanations"]


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else float("nan")


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(MNIST, "formal")
    net, rows, sizes = train(), [], {}
    out = record.Record("formal-latent", "bench/formal.sh latent")
    for way in WAYS:
        for domain, how, few in DOMAINS:
            told = explain(net, options.few if few else options.count, way, how)
            right = [e["size"] for e in told if e["entailed"] and e["label"] == e["predicted"]]
            wrong = [e["size"] for e in told if e["entailed"] and e["label"] != e["predicted"]]
            sizes[way, domain] = mean(right)
            rows.append([way, domain, len(right), mean(right), len(wrong), mean(wrong),
                         median(e["cpu_seconds"] for e in told)])
    paper = min(sizes[way, "any numbers"] for way in ("top", "hypersphere", "triangle"))
    out.figure("pairs of 480, the best of the paper's three ways, any numbers", paper)
    out.figure("pairs of 480, spheres, any numbers", sizes["spheres", "any numbers"])
    out.figure("pairs of 480, spheres, images within .01", sizes["spheres", "images within .01"])
    out.figure("spheres over the best of the paper's ways",
               100 * sizes["spheres", "any numbers"] / paper, "%", "<=100")
    out.table("sizes", "mean number of pairs of latent explanations",
              ["bounds", "latent maps", "right digits", "pairs", "wrong digits", "pairs of these",
               "CPU s, median"], rows)
    out.write()


main()
