"""Formal explanations of images: batched against one feature after the other, of several networks.

Networks are trained by recipes and kept in bench/out: 784-256-256-10 (recipes/mnist-mlp.ini), a
small convolutional one of MNIST as it comes and with certified and adversarial training
(recipes/efx-mnist.ini), a narrow CNN-7 of a part of CIFAR-10 (recipes/efx-cifar.ini). Times are CPU
seconds of one explanation, in process, reading left out (complete refinement takes two threads); sequential runs take minutes, so they are
of the first few digits, and compared with the batched ones of the same digits. Sets that are proved
are attacked, bench/irrelevant.c: 100 walks of 100 steps that move irrelevant features alone.
"""
import argparse
import gzip
import json
import subprocess

import formal_tables
import record
from record import SCRATCH, median, say

MNIST, CIFAR = (record.DATA / "datasets" / name for name in ("mnist", "cifar10"))
TRAIN, TEST = (MNIST / f"{part}-images-idx3-ubyte.gz" for part in ("train", "t10k"))
ATTACK = record.ROOT / "build" / "release" / "bench" / "irrelevant"
EPS = 0.1
# name, options, whether it is asked of few digits alone
RUNS = [("batched, crown", ["--oracle", "crown"], False),
        ("batched, alpha", [], False),
        ("verix, crown", ["--strategy", "verix", "--oracle", "crown"], True),
        ("binary, crown", ["--strategy", "binary", "--oracle", "crown"], True)]
# file, what it is, recipe, words of its own, data, eps, features, asked and aimed at
IMAGES = [("formal-conv-std", "conv, MNIST, standard", "efx-mnist", ["loss=standard"], "mnist",
           EPS, ["pixel"], "<=2", "<=0.3"),
          ("formal-conv-ct", "conv, MNIST, CT + AT", "efx-mnist", ["eps=.1"], "mnist", EPS,
           ["pixel"], "<=2", "<=0.3"),
          ("formal-cnn7", "CNN-7/8, CIFAR-10, CT + AT", "efx-cifar", [], "cifar", "8/255",
           ["value", "pixel"], "<=30", "<=5")]


def arguments():
    parser = argparse.ArgumentParser(prog="bench/formal.sh", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="digits")
    parser.add_argument("--few", type=int, default=10,
                        help="digits of the sequential runs, images of other networks")
    parser.add_argument("--complete", type=int, default=2,
                        help="digits with complete refinement, 60 s each")
    parser.add_argument("--only", choices=["tables"], help="one part: few features, against brute "
                        "force")
    parser.add_argument("--records", type=int, default=2, help="of a table with categories")
    parser.add_argument("--tens", type=int, default=1, help="records of ten numbers")
    parser.add_argument("--nets", type=int, default=4, help="tiny networks, two records each")
    return parser.parse_args()


def cifar(part):
    """The part of CIFAR-10 that the data folder has, as one file, in bench/out."""
    path = SCRATCH / f"cifar_{part}.bin"
    if not path.exists():
        pieces = sorted(CIFAR.glob(f"{part}*.bin.gz"))
        path.write_bytes(b"".join(gzip.decompress(p.read_bytes()) for p in pieces))
    return path


def places(data):
    """What a network is trained on, and what is explained."""
    return (TRAIN, TEST) if data == "mnist" else (cifar("train"), cifar("test"))


def train(name, recipe, words, data):
    net = SCRATCH / f"{name}.onnx"
    if not net.exists():
        say(f"training {name}")
        record.vouch("train", record.ROOT / "recipes" / f"{recipe}.ini",
                     f"data.data={places(data)[0]}", *words, "--threads", 1, "--out", net,
                     "--quiet", "--resume")
    return net


def explain(net, name, count, *how, points=TEST, eps=EPS):
    """The explanations of the first points, without those that are not decided."""
    say(f"{name}, {count} points")
    report = SCRATCH / "formal.json"
    record.vouch("explain", "formal", net, points, "--eps", eps, "--count", count, "--threads",
                 1, "--json", report, "--quiet", *how)
    told = json.loads(report.read_text())["explanations"]
    return [e for e in told if e["certificate"]["decided"]]


def radius(text):
    parts = str(text).split("/")
    return float(parts[0]) / (float(parts[1]) if len(parts) > 1 else 1)


def attack(net, points, eps, count):
    """Sets attacked, and those refuted."""
    say(f"attacks on {count} sets of {net.stem}")
    told = subprocess.run([ATTACK, net, points, str(radius(eps)), str(count), "100", "100"],
                          capture_output=True, text=True, check=True).stdout.split()
    return int(told[0]), int(told[1])


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def sizes(told, kind):
    return mean(len(e["certificate"][kind]) for e in told)


def calls(told):
    return mean(sum(e["evaluations"].values()) for e in told)


def explain_images(out, count):
    """The other networks: time, and sets refuted."""
    attacked, refuted, rows = 0, 0, []
    for name, title, recipe, words, data, eps, groups, asked, aim in IMAGES:
        points = places(data)[1]
        net = train(name, recipe, words, data)
        for group in groups:
            told = explain(net, f"{title}, {group}", count, "--oracle", "crown", "--attack-steps",
                           0, "--groups", group, points=points, eps=eps)
            kind = title if len(groups) == 1 else f"{title}, {group}s"
            time = median(e["cpu_seconds"] for e in told)
            out.figure(f"median CPU of an explanation, {kind}", time, "s", asked, aim)
            rows.append([kind, str(eps), len(told), time, sizes(told, "irrelevant"),
                         calls(told)])
        more = attack(net, points, eps, count)
        attacked, refuted = attacked + more[0], refuted + more[1]
    out.table("networks", "batched, crown, of other networks",
              ["network", "eps", "points", "CPU s, median", "irrelevant, mean",
               "questions, mean"], rows)
    return attacked, refuted


def main():
    options = arguments()
    record.need_vouch()
    if options.only == "tables":
        formal_tables.run(options)
        return
    record.need_data(MNIST, "formal")
    record.need_data(CIFAR, "formal")
    net, told, rows = train("mnist-mlp", "mnist-mlp", [f"test={TEST}"], "mnist"), {}, []
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
                       "--limit", 8, "--threads", 2)
        out.figure(f"unknown after complete refinement, 60 s, {len(told)} digits",
                   100 * sizes(told, "unknown") / 784, "%", "<=40", "<=10")
    attacked, refuted = (sum(pair) for pair in zip(attack(net, TEST, EPS, options.count),
                                                   explain_images(out, options.few)))
    out.figure(f"irrelevant sets refuted by attacks of 10,000 steps, of {attacked}", refuted, "",
               "<=0", "<=0")
    out.table("runs", "ways of finding irrelevant features",
              ["run", "digits", "CPU s, median", "irrelevant, mean", "questions, mean"], rows)
    out.write()


main()
