"""What attacks find, beside PyTorch's transcription of their definitions, and whether it holds.

A network is trained as Wong, Rice and Kolter (2020) do, by `vouch train`, and attacked by vouch
and by bench/reference_attacks.py, which reads the exported weights: accuracies that are left, and
how many digits each side finds. Every adversarial is then looked at anew, in rational numbers: in
the ball and the range or not; and `vouch eval` is asked on several networks and radii whether
more points are proved than withstand attacks, which would be a defect.
"""
import argparse
import json
import math
import sys
from fractions import Fraction

import record
from record import SCRATCH, say

try:
    import reference_attacks as reference
except SystemExit as missing:
    say(missing)
    say("bench-attacks: skipped, no peer to compare with")
    sys.exit(0)
np = reference.np

MNIST = record.DATA / "datasets" / "mnist"
TRAIN, TEST = (MNIST / f"{part}-images-idx3-ubyte.gz" for part in ("train", "t10k"))
EPS = 0.3
CONV = "conv16k4s2p1 relu conv32k4s2p1 relu fc100 relu"
WONG = ["--arch", CONV, "--loss", "rs-fgsm", "--eps", EPS, "--epochs", 10, "--rate", 5e-3,
        "--schedule", "triangular", "--seed", 3]
# networks of the sandwich beside Wong's: how they are trained, what they are asked about
DENSE = "fc100 relu fc100 relu"
OTHERS = {
    "plain dense": (TRAIN, TEST, ["--arch", DENSE, "--epochs", 2]),
    "PGD dense, .1": (TRAIN, TEST, ["--arch", DENSE, "--loss", "pgd steps=5", "--eps", 0.1,
                                    "--epochs", 2]),
    "plain conv": (TRAIN, TEST, ["--arch", CONV, "--epochs", 1]),
    "glyphs": ("builtin:glyphs16?count=2000", "builtin:glyphs16?count=200&seed=9",
               ["--arch", "conv8k4s2p1 relu fc50 relu", "--epochs", 5]),
}
RADII = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3]


def arguments():
    parser = argparse.ArgumentParser(prog="bench/attacks.sh success", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="digits for AutoAttack")
    parser.add_argument("--pgd", type=int, default=2000, help="digits for PGD")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of PGD, on both sides")
    parser.add_argument("--nearest", type=int, default=100, help="digits for C&W's distances")
    parser.add_argument("--few", type=int, default=200, help="digits for Square and FAB alone")
    parser.add_argument("--each", type=int, default=50, help="points of each evaluation")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def train(name, data, settings, threads):
    path = SCRATCH / f"{name.replace(' ', '_')}.onnx"
    record.vouch("train", data, *settings, "--threads", threads, "--out", path,
                 "--anew", "--card", "none")
    return path


# ---- the attacks, by both --------------------------------------------------------------------

def attack(net, name, count, threads, *how):
    """Which points are right and withstand vouch's attack; the points found, the report."""
    report, points = SCRATCH / "attack.json", SCRATCH / "attack.npy"
    record.vouch("attack", net, TEST, "--attack", name, "--count", count,
                 "--threads", threads, "--json", report, "--out", points, *how)
    told = json.loads(report.read_text())
    outcome = [point["outcome"] for point in told["each"]]
    held = np.array([o in ("held", "doubtful") for o in outcome])
    found = [i for i, o in enumerate(outcome) if o == "found"]
    return held, found, np.load(points).reshape(len(outcome), -1), told


def breaches(clean, points, found):
    """How many of the points leave ball or range: in rational numbers, so exactly."""
    eps, leave = Fraction(EPS), 0
    for i in found:
        pairs = [(Fraction(a), Fraction(b)) for a, b in zip(points[i].tolist(), clean[i].tolist())]
        leave += any(abs(a - b) > eps or a < 0 or a > 1 for a, b in pairs)
    return leave


class Rivals:
    """Both sides on the same digits; rows of the table as they come."""

    def __init__(self, path, threads):
        self.path, self.threads = path, threads
        self.net = reference.Net(path)
        self.rows, self.found, self.outside, self.refused = [], 0, 0, 0

    def meet(self, name, count, seed=1):
        """Digits that withstood vouch, and that withstood the transcription."""
        x, y = reference.mnist(TEST, count)
        held, found, points, told = attack(self.path, name, count, self.threads, "--eps", EPS,
                                           "--seed", seed)
        theirs = reference.withstood(self.net, x, y, name, EPS, seed).numpy()
        self.found += len(found)
        self.outside += breaches(x.numpy(), points, found)
        again = self.net(reference.torch.from_numpy(points[found])).argmax(1) == y[found]
        self.refused += int(again.sum())
        self.rows.append([name, seed, count, int(held.sum()), int(theirs.sum()),
                          int((~held & theirs).sum()), int((held & ~theirs).sum()),
                          told["doubtful"]])
        say(f"{name}: vouch {self.rows[-1][3]}, reference {self.rows[-1][4]} of {count}")
        return int(held.sum()), int(theirs.sum())


def by_chance(ours, theirs):
    """How likely so uneven a split of what one side alone found is, if either were as likely."""
    n, few = ours + theirs, min(ours, theirs)
    return min(1., 2 * sum(math.comb(n, k) for k in range(few + 1)) / 2 ** n)


def accuracy(out, rivals, name, title, count, seeds):
    """Mean accuracies over the seeds, on both sides, and whether chance explains the difference."""
    first = len(rivals.rows)
    pairs = [rivals.meet(name, count, seed) for seed in range(1, seeds + 1)]
    held, theirs = (sum(side) / seeds for side in zip(*pairs))
    alone = [sum(row[column] for row in rivals.rows[first:]) for column in (5, 6)]
    of = f"{title}, {count} digits, {seeds} seeds" if seeds > 1 else f"{title}, {count} digits"
    out.figure(f"{of}, eps .3: robust accuracy", 100 * held / count, "%",
               peer=f"{100 * theirs / count:.1f} %", source="transcription in PyTorch")
    out.figure(f"{of}: difference from the transcription", 100 * abs(held - theirs) / count,
               "points", "<=0.5", "<=0.1",
               f"found alone: vouch {alone[0]}, transcription {alone[1]}",
               f"McNemar: p {by_chance(*alone):.2f}")


def distances(out, rivals, count):
    """How near C&W comes in L2, on both sides."""
    x, y = reference.mnist(TEST, count)
    _, found, _, told = attack(rivals.path, "cw", count, rivals.threads, "--norm", "l2", "--eps",
                               "inf")
    ours = np.array([told["each"][i]["distance"] for i in found])
    right = (rivals.net(x).argmax(1) == y).numpy()
    theirs = reference.cw(rivals.net, x, y).numpy()[right]
    theirs = theirs[np.isfinite(theirs)]
    out.figure(f"C&W, {count} digits: found", len(ours), "digits", peer=f"{len(theirs)}",
               source="transcription in PyTorch")
    for title, of in (("mean", np.mean), ("median", np.median)):
        out.figure(f"C&W, {count} digits: {title} L2 distance from the transcription's",
                   100 * abs(float(of(ours)) / float(of(theirs)) - 1), "%", "<=3", "-",
                   f"vouch {of(ours):.3f}, transcription {of(theirs):.3f}", "same digits")


def successes(out, rivals, few):
    for name, title in (("square", "Square"), ("fab-t", "FAB-T")):
        held, theirs = rivals.meet(name, few)
        out.figure(f"{title} alone, {few} digits: difference of the shares found",
                   100 * abs(held - theirs) / few, "points", "<=1", "-",
                   f"left: vouch {held}, transcription {theirs}", "same digits")


# ---- evaluation between attack and proof -----------------------------------------------------

def sandwich(out, nets, options):
    """Attack accuracy is never below certified accuracy, and no point is both hit and proved."""
    rows, below = [], 0
    for name, (path, data) in nets.items():
        report = SCRATCH / "eval.json"
        run = record.vouch("eval", path, data, "--eps", ",".join(map(str, RADII)), "--attack",
                           "pgd,apgd-t", "--certify", "alpha", "--count", options.each,
                           "--threads", options.threads, "--json", report, "--quiet", fine=(0, 4))
        if run.code == 4:
            below += 1
            continue
        told = json.loads(report.read_text())
        for at, radius in enumerate(told["radii"]):
            both = sum(bool(point["found_by"][at] and point["certified_by"][at])
                       for point in told["each"])
            below += both > 0 or radius["withstood"] < radius["certified"]
            rows.append([name, radius["eps"], told["points"], told["right"], radius["withstood"],
                         radius["certified"]])
    out.figure(f"evaluations, {len(nets)} networks × {len(RADII)} radii, {options.each} points "
               "each: more proved than withstand attacks", below, "pairs", "=0")
    out.table("sandwich", "points right, withstanding PGD and APGD-T, and proved (alpha)",
              ["network", "eps", "points", "right", "withstand", "proved"], rows)


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(MNIST, "attacks")
    reference.torch.set_num_threads(options.threads)
    out = record.Record("attacks-success", " ".join(["bench/attacks.sh success", *sys.argv[1:]]))
    wong = train("wong", TRAIN, WONG, options.threads)
    rivals = Rivals(wong, options.threads)
    accuracy(out, rivals, "pgd", "PGD-40 × 3", options.pgd, options.seeds)
    accuracy(out, rivals, "autoattack", "AutoAttack", options.count, 1)
    successes(out, rivals, options.few)
    distances(out, rivals, options.nearest)
    out.figure(f"{rivals.found} adversarials of these runs, exactly in ball and range",
               100 - 100 * rivals.outside / max(rivals.found, 1), "%", "=100", "-",
               "rational arithmetic", "script")
    out.figure("adversarials that PyTorch's float32 classifies as labelled", rivals.refused, "",
               "-", "=0")
    out.table("digits", "digits right that withstand, of both sides; found by one side alone",
              ["attack", "seed", "digits", "vouch leaves", "transcription leaves", "vouch alone",
               "transcription alone", "doubtful"], rivals.rows)
    out.write()  # what is known is kept if the rest is not waited for
    nets = {"Wong": (wong, TEST)}
    for name, (data, test, settings) in OTHERS.items():
        nets[name] = (train(name, data, settings, options.threads), test)
    sandwich(out, nets, options)
    out.write()


main()
