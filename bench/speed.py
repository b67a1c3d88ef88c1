"""Our speed beside PyTorch's on the same cores, for bench-attacks and bench-train.

The networks, batches and measures are those of bench/torch_baseline.py, which also writes the
networks as ONNX for us; our side is bench/speed.c. Both are asked in turn, several times; the best
of each counts. On one thread processor time is measured, which other programs disturb less, on two
the clock. bench/peak.c measures what share of the machine's peak a step is.
"""
import argparse
import subprocess
import sys

import record
from record import say

PROGRAM = record.ROOT / "build" / "release" / "bench" / "speed"
PEAK = PROGRAM.with_name("peak")
PEER = record.ROOT / "bench" / "torch_baseline.py"
BATCH = {"mlp": 256, "small": 256, "cnn7": 128}
TITLE = {"mlp": "MLP", "small": "small conv", "cnn7": "CNN-7"}
# what torch_baseline measures: what speed.c does
WHATS = {"fgsm": "fgsm", "pgd10": "pgd10", "std": "train standard", "ibp": "train ibp kappa=0",
         "ibp-ce": "train ibp kappa=.5", "mtl": "train mtl-ibp alpha=.5 steps=1 step=1",
         "train-fgsm": "train fgsm", "train-pgd10": "train pgd"}


def arguments(prog, description):
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--rounds", type=int, default=3, help="each side is asked so often")
    parser.add_argument("--seconds", type=float, default=2, help="for each figure and round")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--net", choices=BATCH, nargs="+", default=list(BATCH))
    return parser.parse_args()


def ours(net, what, seconds, threads):
    done = subprocess.run([PROGRAM, record.SCRATCH / f"{net}.onnx", str(BATCH[net]), WHATS[what],
                           str(seconds), str(threads)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {done.stderr.strip()}")
    return float(done.stdout)


def peer(*options):
    done = subprocess.run([sys.executable, PEER, *map(str, options)], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        say(done.stderr.strip().splitlines()[-1])
        say("bench: skipped, no peer to compare with")
        sys.exit(0)
    return done


# What a step does as often as one on the samples as they are; boxes have two planes.
PLANES = {"std": 1, "ibp": 2}


def share_of_peak(out, net, threads, rates):
    """How much of the operations that the machine can do at most a step does."""
    done = subprocess.run([PEAK, record.SCRATCH / f"{net}.onnx", "1", str(threads)],
                          capture_output=True, text=True, check=True)
    peak, step = map(float, done.stdout.split())
    for what in [w for w in rates if w in PLANES]:
        rate = rates[what] * step * PLANES[what]
        out.figure(f"{TITLE[net]}, {what}, {threads} thread{'s' * (threads > 1)}: useful "
                   "operations, of the peak measured", 100 * rate / peak, "%",
                   ">=85" if net == "cnn7" else "-", "-", f"{record.number(peak)} GFLOP/s",
                   "multiply-adds in registers")


def compare(topic, options, whats):
    """Every network and thread count asked for, into bench/results/TOPIC.tsv."""
    record.need_vouch()
    peer("--export", record.SCRATCH)
    out = record.Record(topic, " ".join([f"bench/{topic}.sh", *sys.argv[1:]]))
    rows = []
    for threads in options.threads:
        for net in options.net:
            rates = {}
            for what in whats:
                best, best_peer = 0.0, 0.0
                for _ in range(options.rounds):
                    best = max(best, ours(net, what, options.seconds, threads))
                    done = peer("--net", net, "--what", what, "--threads", threads, "--seconds",
                                options.seconds)
                    best_peer = max(best_peer, float(done.stdout.split()[2]))
                rates[what] = best
                rows.append([TITLE[net], what, threads, best, best_peer, best / best_peer])
                out.figure(f"{TITLE[net]}, {what}, {threads} thread{'s' * (threads > 1)}: times "
                           "PyTorch's speed", best / best_peer, "x", ">=1", ">=2",
                           f"{record.number(best_peer)} images/s", "PyTorch 1.13, same run")
            share_of_peak(out, net, threads, rates)
    out.table("images", "images a second, best of the rounds; one thread by processor time",
              ["network", "what", "threads", "vouch", "PyTorch 1.13", "ratio"], rows)
    say(peer("--net", "mlp", "--what", "fgsm", "--seconds", 0).stderr)
    out.write()
