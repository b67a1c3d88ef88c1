"""Robust networks of MNIST, trained by our recipes and measured on digits they have not seen.

One network is trained against a single step and then attacked (Wong, Rice, Kolter 2020); two are
trained on bounds and then certified, point by point, by complete verification. Networks stay in
bench/out: a stopped benchmark goes on with the epoch, and the digit, that it was at; delete them
to begin anew. What is selected (an epoch, a seed) is selected by the recipe's own validation.
"""
import argparse
import json

import record
from record import SCRATCH, say

MNIST = record.DATA / "datasets" / "mnist"
TRAIN, TEST = (MNIST / f"{part}-images-idx3-ubyte.gz" for part in ("train", "t10k"))
PGD = "pgd:steps=50:restarts=10"
LIMIT = 30
WONG = "98.50 / 88.77 / 82.93 %"
# recipe, radius, asked and aim of certified accuracy, what others have published
CERTIFIED = [("mnist-certified-1", 0.1, ">=96.5", ">=98", "97.08 %",
              "Gowal et al. 2018, medium network"),
             ("mnist-certified-3", 0.3, ">=87", ">=91", "about 90 %",
              "Zhang et al. 2020, small network")]


def arguments():
    parser = argparse.ArgumentParser(prog="bench/certified.sh", description=__doc__)
    parser.add_argument("--count", type=int, default=10000,
                        help="digits for complete verification")
    parser.add_argument("--few", type=int, default=1000, help="digits for AutoAttack")
    parser.add_argument("--pgd", type=int, default=10000, help="digits for PGD-50-10")
    parser.add_argument("--limit", type=int, default=LIMIT, help="seconds a digit, for proofs")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--only", choices=["wong", "proofs"], help="one of the two parts")
    parser.add_argument("--eps", type=float, choices=[row[1] for row in CERTIFIED],
                        help="proofs of one of the networks alone")
    return parser.parse_args()


def train(recipe, threads):
    """The network of a recipe, trained once, and the hours that took (as its card says)."""
    net, card = SCRATCH / f"{recipe}.onnx", SCRATCH / f"{recipe}.card.json"
    if not (net.exists() and card.exists()):
        say(f"training {recipe}")
        record.vouch("train", record.ROOT / "recipes" / f"{recipe}.ini", f"data.data={TRAIN}",
                     f"test={TEST}", "--threads", threads, "--out", net, "--card", card,
                     "--resume", "--quiet")
    return net, json.loads(card.read_text())


def evaluate(net, journal, eps, count, *how):
    """The report of `vouch eval`; what an earlier run of the same found is not done again."""
    report = SCRATCH / f"{net.stem}.eval.json"
    record.vouch("eval", net, TEST, "--eps", eps, "--count", count, "--json", report,
                 "--resume", SCRATCH / f"{journal}.journal", *how)
    return json.loads(report.read_text())


def share(part, told):
    return 100 * part / told["points"]


def wong(out, options):
    """Accuracy of the network trained against a single step: clean, PGD-50-10, AutoAttack."""
    net, _ = train("wong-mnist", options.threads)
    source, how = "Wong, Rice, Kolter 2020", ["--certify", "none", "--threads", options.threads]
    told = evaluate(net, "wong-pgd", 0.3, options.pgd, "--attack", PGD, *how)
    out.figure("MNIST .3, RS-FGSM: clean accuracy", share(told["right"], told), "%", ">=98.2",
               ">=98.5", WONG, source)
    out.figure(f"MNIST .3, RS-FGSM: PGD-50-10, {told['points']} digits",
               share(told["radii"][0]["withstood"], told), "%", ">=87", ">=88.77", WONG, source)
    told = evaluate(net, "wong-autoattack", 0.3, options.few, "--attack", "autoattack", *how)
    out.figure(f"MNIST .3, RS-FGSM: AutoAttack, {told['points']} digits",
               share(told["radii"][0]["withstood"], told), "%", ">=81", ">=82.93", WONG, source)


def certified(out, rows, options):
    for recipe, eps, asked, aim, peer, source in CERTIFIED:
        if options.eps not in (None, eps):
            continue
        net, card = train(recipe, options.threads)
        told = evaluate(net, recipe, eps, options.count, "--attack", "pgd", "--certify",
                        "complete", "--limit", options.limit, "--threads", options.threads)
        at = told["radii"][0]
        out.figure(f"MNIST {eps}: certified accuracy, {told['points']} digits",
                   share(at["certified"], told), "%", asked, aim, peer, source)
        rows.append([recipe, eps, share(told["right"], told), share(at["withstood"], told),
                     share(at["certified"], told), at["timed_out"], at["certify_seconds"],
                     sum(e["seconds"] for e in card["epochs"]) / 60])


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(MNIST, "certified")
    only = options.only
    topic, flags = (f"certified-{only}", f" --only {only}") if only else ("certified", "")
    if options.eps:
        topic, flags = f"{topic}-{options.eps}", f"{flags} --eps {options.eps}"
    flags += f" --limit {options.limit}" if options.limit != LIMIT else ""
    out, rows = record.Record(topic, f"bench/certified.sh{flags}"), []
    if only != "proofs":
        wong(out, options)
    if only != "wong":
        certified(out, rows, options)
        out.table("networks", "per cent of the digits; seconds of proofs, minutes of training",
                  ["recipe", "eps", "clean", "PGD", "certified", "limit", "proofs, last run, s",
                   "training, min"], rows)
    out.write()


main()
