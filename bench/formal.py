"""Formal explanations of MNIST digits by a plain network, 784-256-256-10, eps .1.

The network is trained by recipes/mnist-mlp.ini and kept in bench/out. Times are CPU seconds of one
explanation, in process, reading left out; sequential runs take minutes, so they are of the first
few digits, and compared with the batched ones of the same digits.
"""
import argparse
import json

import record
from record import SCRATCH, median, say

MNIST = record.DATA / "datasets" / "mnist"
TRAIN, TEST = (MNIST / f"{part}-images-idx3-ubyte.gz" for part in ("train", "t10k"))
EPS = 0.1
# name, options, whether it is asked of few digits alone
RUNS = [("batched, crown", ["--oracle", "crown"], False),
        ("batched, alpha", [], False),
        ("verix, crown", ["--strategy", "verix", "--oracle", "crown"], True),
        ("binary, crown", ["--strategy", "binary", "--oracle", "crown"], True)]


def arguments():
    parser = argparse.ArgumentParser(prog="bench/formal.sh", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="digits")
    parser.add_argument("--few", type=int, default=10, help="digits of the sequential runs")
    parser.add_argument("--complete", type=int, default=2,
                        help="digits with complete refinement, 60 s each")
    return parser.parse_args()


def train():
    net = SCRATCH / "mnist-mlp.onnx"
    if not net.exists():
        say("training mnist-mlp")
        record.vouch("train", record.ROOT / "recipes" / "mnist-mlp.ini", f"data.data={TRAIN}",
                     f"test={TEST}", "--threads", 1, "--out", net, "--quiet")
    return net


def explain(net, name, count, *how):
    """The explanations of the first digits, without those that are not decided."""
    say(f"{name}, {count} digits")
    report = SCRATCH / "formal.json"
    record.vouch("explain", "formal", net, TEST, "--eps", EPS, "--count", count, "--threads", 1,
                 "--json", report, "--quiet", *how)
    told = json.loads(report.read_text())["explanations"]
    return [e for e in told if e["certificate"]["decided"]]


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def sizes(told, kind):
    return mean(len(e["certificate"][kind]) for e in told)


def calls(told):
    return mean(sum(e["evaluations"].values()) for e in told)


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(MNIST, "formal")
    net, told, rows = train(), {}, []
    out = record.Record("formal", "bench/formal.sh")
    for name, how, few in RUNS:
        count = options.few if few else options.count
        told[name] = explain(net, name, count, "--attack-steps", "0", *how)
        rows.append([name, len(told[name]), median(e["cpu_seconds"] for e in told[name]),
                     sizes(told[name], "irrelevant"), calls(told[name])])
    batched, verix = told["batched, crown"], told["verix, crown"]
    same = batched[:len(verix)]
    out.figure("median CPU of an explanation, batched", median(e["cpu_seconds"] for e in batched),
               "s", "<=0.15", "<=0.05", "0.17 s, unrounded", "prototype")
    out.figure("median CPU of an explanation, sequential",
               median(e["cpu_seconds"] for e in verix), "s", "-", "-", "4.4 s, unrounded",
               "prototype")
    out.figure("mean irrelevant of 784, batched", sizes(batched, "irrelevant"))
    out.figure("questions, batched", calls(batched), "", "-", "-", "30", "prototype")
    out.figure("irrelevant, batched over sequential, same digits",
               100 * sizes(same, "irrelevant") / sizes(verix, "irrelevant"), "%", ">=100",
               ">=105")
    if options.complete > 0:
        told = explain(net, "complete", options.complete, "--oracle", "complete", "--budget", 60,
                       "--limit", 2)
        out.figure(f"unknown after complete refinement, 60 s, {len(told)} digits",
                   100 * sizes(told, "unknown") / 784, "%", "<=40", "<=10")
    out.table("runs", "ways of finding irrelevant features",
              ["run", "digits", "CPU s, median", "irrelevant, mean", "questions, mean"], rows)
    out.write()


main()
