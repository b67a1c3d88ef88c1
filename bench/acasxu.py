"""The main job on ACAS Xu: verdicts, CPU time, memory, seeds, start-up and threads.

CPU seconds are user and system time of the whole process, reading files included. Everything
that is timed runs several times in turn; the table says which statistic it is.
"""
import argparse
import collections
import json
import os
import subprocess

import record
import replay
from record import median, say

LIMIT_S = 116
PEERS = {  # CPU seconds of nnenum and of ReluVal, on the same two cores
    "P1": ("346", "249"), "P2": ("183", "-"), "P3": ("35", "264 (3 undecided)"),
    "P4": ("22", "21.4"), "P5": ("6.0", "9.2"), "P6": ("26.5", "-"), "P7": ("undecided", "-"),
    "P8": ("undecided", "-"), "P9": ("14.6", "undecided"), "P10": ("2.1", "0.81"),
}
HERE = "our run, two shared cores"


def arguments():
    parser = argparse.ArgumentParser(prog="bench/acasxu.sh", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of all 186 instances")
    parser.add_argument("--seeds", type=int, default=20, help="for properties 7 and 8")
    parser.add_argument("--starts", type=int, default=30, help="of each trivial instance")
    parser.add_argument("--hard", type=int, default=8, help="instances for the threads")
    parser.add_argument("--rounds", type=int, default=7, help="of 1 against 2 threads")
    return parser.parse_args()


# ---- all instances ---------------------------------------------------------------------------

def run_all(runs):
    """(CPU seconds of each run, detail rows of each run, last verdicts)"""
    cpu, details = [], []
    rows, detail = record.SCRATCH / "acasxu.csv", record.SCRATCH / "acasxu.detail.tsv"
    for i in range(runs):
        say(f"all instances, run {i + 1} of {runs}")
        run = record.vouch("bench", record.ACASXU / "instances.csv", "--timeout", LIMIT_S,
                           "--threads", 1, "--quiet", "--out", rows, "--detail", detail)
        cpu.append(run.cpu)
        details.append(record.read_detail(detail))
    verdicts = {(r[1], r[2]): r[4] for r in record.read_csv(rows)}
    return cpu, details, verdicts


def compare(verdicts, out):
    """Figures about verdicts; the comparison is this script's, not the command's."""
    expected = record.expected_verdicts()
    equal = sum(verdicts.get(key) == want for key, want in expected.items())
    against = sum({verdicts.get(key), want} == {"sat", "unsat"} for key, want in expected.items())
    out.figure("ACAS Xu: verdicts equal to expected.csv, of 186", equal, "instances", ">=186",
               peer="186 (alpha-beta-CROWN, GPU), 184 (PyRAT, 64 cores), 184 (nnenum, two cores)",
               source="VNN-COMP 2024; nnenum: our run")
    out.figure("ACAS Xu: verdicts contradicted", against, "instances", "=0")


def hardest_first(details):
    """(median CPU seconds, net, property, onnx, vnnlib), the hardest first."""
    cpu = collections.defaultdict(list)
    for rows in details:
        for row in rows:
            cpu[row["onnx"], row["vnnlib"]].append(row["cpu"])
    return sorted(((median(c), record.net_of(o), record.property_of(v), o, v)
                   for (o, v), c in cpu.items()), reverse=True)


def by_property(details, hardest):
    rows = []
    for name, (nnenum, reluval) in PEERS.items():
        mine = [r for r in details[-1] if r["property"] == name]
        ranked = [h for h in hardest if h[2] == name]
        count = collections.Counter(r["verdict"] for r in mine)
        if mine:
            rows.append([name, len(mine), count["unsat"], count["sat"],
                         sum(r["boxes"] for r in mine), sum(h[0] for h in ranked),
                         ranked[0][0], ranked[0][1], nnenum, reluval])
    return rows


def memory():
    """Largest resident size of a run of all instances, MiB.

    A process inherits the peak of the one it was started from, so a small shell starts this.
    """
    detail = record.SCRATCH / "memory.detail.tsv"
    subprocess.run(["sh", "-c", '"$@" >/dev/null; exit $?', "sh", record.VOUCH, "bench",
                    record.ACASXU / "instances.csv", "--quiet", "--timeout", str(LIMIT_S),
                    "--threads", "1", "--detail", detail], check=True)
    return max(r["peak"] for r in record.read_detail(detail))


# ---- witnesses -------------------------------------------------------------------------------

def witness_of(onnx, vnnlib, seed):
    """(run, does exact arithmetic confirm the witness?)"""
    answer = record.SCRATCH / "answer.json"
    net, spec = record.ACASXU / onnx, record.ACASXU / vnnlib
    run = record.vouch("verify", net, spec, "--seed", seed, "--threads", 1, "--timeout",
                       LIMIT_S, "--json", answer)
    got = json.loads(answer.read_text())
    return run, got["verdict"] == "sat" and replay.is_witness(net, spec, got["witness"]["input"])


def seeds(instances, count, out):
    for name in ("P7", "P8"):
        onnx, vnnlib = next(i for i in instances if record.property_of(i[1]) == name)
        runs = [witness_of(onnx, vnnlib, seed) for seed in range(1, count + 1)]
        out.figure(f"{name}: seeds with a witness that exact arithmetic confirms, of {count}",
                   sum(valid for _, valid in runs), "seeds", f">={count}",
                   peer="undecided in 116 s (nnenum)", source=HERE)
        out.figure(f"{name}: CPU, median of {count} seeds", median(r.cpu for r, _ in runs), "s",
                   "<=2", "<=0.2")


def all_witnesses(verdicts, out):
    sat = [key for key, verdict in verdicts.items() if verdict == "sat"]
    say(f"replaying {len(sat)} witnesses exactly")
    valid = sum(witness_of(onnx, vnnlib, 1)[1] for onnx, vnnlib in sat)
    out.figure("ACAS Xu: sat verdicts whose witness exact arithmetic confirms", valid,
               f"of {len(sat)}", f">={len(sat)}")


# ---- start-up --------------------------------------------------------------------------------

def trivial_instances():
    for folder in (record.ROOT / "data" / "tiny", record.DATA / "vnncomp" / "test"):
        if (folder / "instances.csv").exists():
            for row in record.read_csv(folder / "instances.csv"):
                yield folder / row[0], folder / row[1]


def start_up(count, out):
    slowest = (0.0, "")
    for onnx, vnnlib in trivial_instances():
        wall = median(record.vouch("verify", onnx, vnnlib).wall for _ in range(count))
        slowest = max(slowest, (1000 * wall, f"{onnx.stem}"))
    out.figure(f"start-up and verdict, slowest trivial instance ({slowest[1]}), wall, "
               f"median of {count}", slowest[0], "ms", "<=30", "<=10",
               peer="2100 (alpha-beta-CROWN), 400 (nnenum): start-up alone", source=HERE)


# ---- threads ---------------------------------------------------------------------------------

def hard_run(instances, threads):
    detail = record.SCRATCH / "threads.detail.tsv"
    record.vouch("bench", instances, "--threads", threads, "--quiet", "--timeout", LIMIT_S,
                 "--detail", detail)
    rows = record.read_detail(detail)
    return {r["net"] + " " + r["property"]: r for r in rows}


def both_at_once(instances):
    """Wall seconds of two runs of one thread each, side by side."""
    command = [record.VOUCH, "bench", instances, "--threads", "1", "--quiet"]
    begun = record.time.perf_counter()
    runs = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    for run in runs:
        run.wait()
    return record.time.perf_counter() - begun


def threads(hardest, rounds, out):
    if os.cpu_count() < 2:
        say("threads: skipped, one core")
        return
    instances = record.write_instances("hard", [h[3:5] for h in hardest])
    one, two, alone, pair = [], [], [], []
    for i in range(rounds):
        say(f"threads, round {i + 1} of {rounds}")
        one.append(hard_run(instances, 1))
        two.append(hard_run(instances, 2))
        alone.append(record.vouch("bench", instances, "--threads", 1, "--quiet").wall)
        pair.append(both_at_once(instances))
    rows, sums = [], [0.0, 0.0]
    for name in one[0]:
        best = [min(r[name]["seconds"] for r in runs) for runs in (one, two)]
        sums = [s + b for s, b in zip(sums, best)]
        rows.append([name, one[0][name]["verdict"], one[0][name]["boxes"], *best,
                     best[0] / best[1]])
    same = all(r[n]["verdict"] == one[0][n]["verdict"] for r in one + two for n in one[0])
    equal = all(r[n]["boxes"] == one[0][n]["boxes"] for r in one + two for n in one[0]
                if one[0][n]["verdict"] == "unsat")
    out.table("threads", f"Threads: wall seconds of the hardest, best of {rounds}",
              ["instance", "verdict", "boxes", "1 thread", "2 threads", "ratio"], rows)
    out.figure(f"2 threads against 1: wall of the {len(rows)} hardest, best of {rounds}",
               sums[0] / sums[1], "times", ">=1.7")
    out.figure("what two processes side by side reach on this machine",
               2 * min(alone) / min(pair), "times")
    out.figure("2 threads against 1: same verdicts", int(same), "yes=1", "=1")
    out.figure("2 threads against 1: same number of boxes for each unsat", int(equal), "yes=1")


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(record.ACASXU, "acasxu")
    out = record.Record("acasxu", "make bench-acasxu")
    cpu, details, verdicts = run_all(options.runs)
    hardest = hardest_first(details)
    compare(verdicts, out)
    out.figure(f"ACAS Xu: CPU of all 186 instances in one run, median of {options.runs}",
               median(cpu), "s", "<=8", "<=2.5", peer="879, 2 undecided (nnenum)", source=HERE)
    out.figure(f"ACAS Xu: CPU of all 186 instances, least of {options.runs}", min(cpu), "s")
    out.figure(f"ACAS Xu: hardest instance ({hardest[0][1]} {hardest[0][2]}), CPU, median of "
               f"{options.runs}", hardest[0][0], "s", "<=1", "<=0.2",
               peer="59 (nnenum, P2)", source=HERE)
    out.figure("ACAS Xu: peak memory of one run", memory(), "MiB", "<=500", "<=100")
    out.table("properties", f"ACAS Xu by property: CPU seconds, median of {options.runs} runs; "
              "peers on the same two cores (P5, P9, P10: their one instance)",
              ["property", "instances", "unsat", "sat", "boxes", "CPU s", "hardest s", "of net",
               "nnenum CPU s", "ReluVal CPU s"], by_property(details, hardest))
    seeds(list(verdicts), options.seeds, out)
    all_witnesses(verdicts, out)
    start_up(options.starts, out)
    threads(hardest[:options.hard], options.rounds, out)
    out.write()


if __name__ == "__main__":
    main()
