"""Explanations of few features against brute force: minimality and duality, exactly.

The truth is made without the code that explains: for each subset of the features a property is
written here, in exact decimals, with every value of each free category as a box of its own, and
`vouch verify` decides it (`--complete exact` for the tiny networks). From the 2^n verdicts follow all
minimal abductive and contrastive sets. Each claim of `vouch explain` about a record is one case.
"""
import concurrent.futures
import decimal
import itertools
import json
import random
import struct
import subprocess

import record
from record import SCRATCH, say

WORKERS = 2
STRATEGIES = ["batched", "verix", "binary", "quickxplain", "minimum"]


class Case:
    """A record of a network: its features (inputs; of a category their values), its radius."""

    def __init__(self, name, net, points, index, eps, features, exact):
        self.name, self.net, self.points, self.index, self.eps = name, net, points, index, eps
        self.features, self.exact = features, exact  # features: (inputs, is a category) or None
        self.oracle = ["--oracle", "exact" if exact else "complete", "--limit", 60]
        told = self.explain("formal", "--strategy", "batched")
        self.x, self.label = told["data"], told["predicted"]
        self.features = features or [([i], False) for i in range(len(self.x))]
        fixed = set(told["certificate"]["fixed"])
        self.movable = [f for f in range(len(self.features)) if f not in fixed]

    def explain(self, *how):
        report = SCRATCH / "formal-tables.json"
        record.vouch("explain", how[0], self.net, self.points, "--eps", self.eps, "--index", self.index,
                     "--threads", 1, "--json", report, "--quiet", *self.oracle, *how[1:],
                     *([] if "builtin" in str(self.points) else ["--range", "0,1"]))
        told = json.loads(report.read_text())
        self.classes = len(told["output_names"])
        return told["explanations"][0]


# ---- the truth -------------------------------------------------------------------------------

def exact(x):
    """The float32 number, every digit."""
    return decimal.Decimal(struct.unpack("f", struct.pack("f", x))[0])


def text(number):
    return format(number, "f")


def boxes(case, free):
    """(low, high) of every input, for each choice of values of the free categories."""
    eps, choices = decimal.Decimal(case.eps), []
    for f, (inputs, is_category) in enumerate(case.features):
        here = [exact(case.x[i]) for i in inputs]
        if f not in free:
            choices.append([[(v, v) for v in here]])
        elif is_category:
            choices.append([[(decimal.Decimal(int(i == k)),) * 2 for i in inputs] for k in inputs])
        else:
            choices.append([[(max(decimal.Decimal(0), v - eps), min(decimal.Decimal(1), v + eps))
                             for v in here]])
    for choice in itertools.product(*choices):
        yield [end for feature in choice for end in feature]


def write_property(path, case, free):
    lines = [f"(declare-const X_{i} Real)" for i in range(len(case.x))]
    lines += [f"(declare-const Y_{k} Real)" for k in range(case.classes)]
    parts = []
    for box in boxes(case, free):
        parts.append("(and " + " ".join(f"(>= X_{i} {text(low)}) (<= X_{i} {text(high)})"
                                        for i, (low, high) in enumerate(box)) + ")")
    lines.append("(assert (or " + " ".join(parts) + "))")
    rivals = " ".join(f"(and (>= Y_{k} Y_{case.label}))" for k in range(case.classes)
                      if k != case.label)
    lines.append(f"(assert (or {rivals}))")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def decide(case, number, free):
    """Does the class stay, whatever the free features do?"""
    path = SCRATCH / f"formal-tables-{number}.vnnlib"
    write_property(path, case, free)
    how = ["--complete", "exact"] if case.exact else []
    done = subprocess.run([record.VOUCH, "verify", str(case.net), str(path), "--threads", "1",
                           "--timeout", "300", *how], capture_output=True, text=True, check=True)
    path.unlink()
    verdict = done.stdout.split("\n", 1)[0]
    if "solutions over the reals" in done.stdout:  # though none of float32 numbers
        return False
    if verdict not in ("sat", "unsat"):
        raise SystemExit(f"bench: {case.name}: a subset is {verdict}: {done.stdout}")
    return verdict == "unsat"


def subsets(features):
    for size in range(len(features) + 1):
        yield from (frozenset(s) for s in itertools.combinations(features, size))


def truth(case):
    """For each subset of the features that can move: is the class safe?"""
    sets = list(subsets(case.movable))
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        safe = pool.map(lambda k: decide(case, k, sets[k]), range(len(sets)))
        return dict(zip(sets, safe))


def minimal(holds, sets):
    """Those for which it holds, and for no part of them."""
    found = set()
    for s in sorted(sets, key=len):
        if holds(s) and not any(f < s for f in found):
            found.add(s)
    return found


# ---- the claims ------------------------------------------------------------------------------

def claims(case, safe):
    """(what is claimed, is it so?) of every explanation of the record."""
    everything = frozenset(case.movable)
    abductive = minimal(lambda s: safe[everything - s], safe)
    contrastive = minimal(lambda s: not safe[s], safe)
    for strategy in STRATEGIES:
        c = case.explain("formal", "--strategy", strategy)["certificate"]
        rest = frozenset(c["relevant"]) | frozenset(c["unknown"])
        yield f"{strategy}: minimal", c["minimal"] and rest in abductive
        if strategy == "minimum":
            least = min(map(len, abductive))
            yield "minimum: smallest", len(rest) == least == c["at_least"]
    c = case.explain("contrastive")["certificate"]["contrastive"]
    sizes = [len(s["features"]) for s in c["sets"]]
    if contrastive:
        yield "contrastive: smallest", c["smallest"] and min(sizes) == min(map(len, contrastive))
    else:
        yield "contrastive: none", c["none"]
    c = case.explain("contrastive", "--all", "--most", 100000)["certificate"]
    told = {kind: {frozenset(s["features"]) for s in c[kind]["sets"]}
            for kind in ("abductive", "contrastive")}
    for kind, sets in (("abductive", abductive), ("contrastive", contrastive)):
        yield f"all {kind}", c[kind]["all"] and told[kind] == sets
    yield "duality: each meets each", all(a & b for a in told["abductive"]
                                          for b in told["contrastive"])
    hitting = minimal(lambda s: all(s & b for b in told["contrastive"]), safe)
    yield "duality: minimal hitting sets", hitting == told["abductive"]


# ---- the cases -------------------------------------------------------------------------------

def train_table(name, columns, classes, seed, arch):
    """A network of numbers in [0,1] and classes by a rule that is not linear; some points."""
    r = random.Random(seed)
    weight = [[r.gauss(0, 1) for _ in range(columns)] for _ in range(classes)]
    centre = [[r.random() for _ in range(columns)] for _ in range(classes)]
    points = [[round(r.random(), 3) for _ in range(columns)] for _ in range(600)]
    score = [[sum(w * abs(v - m) for w, v, m in zip(weight[k], x, centre[k])) for x in points]
             for k in range(classes)]
    mean = [sum(s) / len(s) for s in score]
    rows = []
    for i, x in enumerate(points):
        lead = [s[i] - m for s, m in zip(score, mean)]
        rows.append(x + [f"c{lead.index(max(lead))}"])
    head = [f"x{i}" for i in range(columns)] + ["class"]
    table, net = SCRATCH / f"{name}.csv", SCRATCH / f"{name}.onnx"
    table.write_text("\n".join(",".join(map(str, row)) for row in [head, *rows]) + "\n")
    record.vouch("train", f"{table}?target=class", "--arch", arch, "--epochs", 30, "--seed", seed,
                 "--threads", 1, "--out", net, "--quiet")
    return net, [",".join(map(str, row[:-1])) for row in rows]


def loan():
    """Two categories that may not change or change freely, numbers scaled to [0,1]."""
    net, place = SCRATCH / "formal-loan.onnx", "builtin:loan?count=2000&scale=unit"
    record.vouch("train", place, "--arch", "fc12 relu fc8 relu", "--epochs", 10, "--threads", 1,
                 "--out", net, "--quiet")
    features, at = [], 0
    for values in (2, 1, 4, 4, 1, 1, 1, 1, 1, 4):  # of the columns, as src/data/loan.c has them
        features.append((list(range(at, at + values)), values > 1))
        at += values
    return net, place, features


def cases(options):
    net, place, features = loan()
    for index in range(options.records):
        yield Case("loan", net, place, index, "0.25", features, False)
    net, points = train_table("formal-ten", 10, 3, 1, "fc10 relu")
    for k in range(options.tens):
        yield Case("ten numbers", net, points[k], 0, "0.25", None, False)
    for seed in range(options.nets):
        net, points = train_table(f"formal-tiny-{seed}", 5, 3, seed, "fc6 relu")
        for k in range(2):
            yield Case("tiny, exact", net, points[k], 0, "0.25", None, True)


def run(options):
    out = record.Record("formal-tables", "bench/formal.sh --only tables")
    told, subsets_decided = {}, 0
    for case in cases(options):
        say(f"{case.name}, record {case.index}: {2 ** len(case.movable)} subsets")
        safe = truth(case)
        subsets_decided += len(safe)
        for claim, holds in claims(case, safe):
            told.setdefault(case.name, []).append(holds)
            if not holds:
                say(f"WRONG: {case.name}, {case.points}: {claim}")
    holds = [h for every in told.values() for h in every]
    out.figure("agreement with brute force, minimality and duality",
               100 * sum(holds) / len(holds), "%", "=100")
    out.figure("claims checked", len(holds))
    out.figure("subsets decided by brute force", subsets_decided)
    out.table("sets", "claims of explanations, by kind of network",
              ["network", "claims", "that hold"],
              [[name, len(every), sum(every)] for name, every in told.items()])
    out.write()
