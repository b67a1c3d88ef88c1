"""The VNN-COMP benchmarks: solved instances against what was asked, and against peers.

Runs `vouch bench` over every benchmark of the data folder and keeps its log in bench/out, so
that a run can be stopped and goes on the next time. By default an instance gets 60 seconds or
its own limit, whichever is less (session mode); --full gives it its own limit. The figures are
made of all rows of the log: an instance that was decided counts with its row of the lowest
limit, another with its row of the highest. Each figure says how many instances were run, and
the table under which limits. --again drops rows of the log first, so that their instances are
run anew, after a change of the program.
"""
import argparse
import collections
import csv
import json

import record
from record import median, say

LOG = record.SCRATCH / "vnncomp.log.tsv"
PEERS = record.ROOT / "bench" / "peers.tsv"
NAMES = {"abcrown": "alpha-beta-CROWN", "pyrat": "PyRAT", "other": "best other"}
PHASES = ["load", "attack", "bounds", "search", "leaves"]
DECIDED = ("sat", "unsat")


def arguments():
    parser = argparse.ArgumentParser(prog="bench/vnncomp.sh", description=__doc__)
    parser.add_argument("--timeout", type=float, default=60, help="seconds an instance, at most")
    parser.add_argument("--full", action="store_true", help="the benchmarks' own limits")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", help="benchmarks whose name begins with one of these, a,b,c")
    parser.add_argument("--shard", help="part I of N, as I/N")
    parser.add_argument("--limit-instances", type=int, default=0, help="the first N of each")
    parser.add_argument("--total-timeout", type=float, default=0, help="of this run, seconds")
    parser.add_argument("--again", choices=["undecided", "all"],
                        help="run these anew (of --only), though the log has them")
    parser.add_argument("--no-run", action="store_true", help="figures of the log as it is")
    parser.add_argument("--starts", type=int, default=10, help="of each trivial instance")
    return parser.parse_args()


# ---- the log ---------------------------------------------------------------------------------

def read_log():
    if not LOG.exists():
        return []
    with open(LOG, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [r for r in rows if r["tag"] is not None]  # a torn line has no last field


def is_wanted(name, only):
    return not only or any(part and name.startswith(part) for part in only.split(","))


def drop_rows(options):
    """Takes out of the log what is to be run again."""
    if not LOG.exists():
        return
    lines = LOG.read_text(encoding="utf-8").splitlines(keepends=True)
    at = {name: i for i, name in enumerate(lines[0].rstrip("\n").split("\t"))}

    def goes(line):
        field = line.rstrip("\n").split("\t")
        if len(field) < len(at) or not is_wanted(field[at["benchmark"]], options.only):
            return False
        return options.again == "all" or field[at["verdict"]] not in DECIDED
    kept = lines[:1] + [line for line in lines[1:] if not goes(line)]
    LOG.write_text("".join(kept), encoding="utf-8")
    say(f"again: {len(lines) - len(kept)} rows dropped from {LOG.name}")


def run(options):
    command = ["bench", record.DATA / "vnncomp", "--detail", LOG, "--resume", "--threads",
               options.threads, "--tag", record.commit().replace(" ", "_")]
    for name in ("only", "shard"):
        if getattr(options, name):
            command += [f"--{name}", getattr(options, name)]
    command += ["--limit-instances", options.limit_instances,
                "--total-timeout", options.total_timeout,
                "--timeout", 0 if options.full else options.timeout]
    print(record.vouch(*command, fine=(0, 1, 3, 4)).text)


def best_rows(rows):
    """(benchmark, onnx, vnnlib) -> the row that counts."""
    best = {}
    for row in rows:
        key = row["benchmark"], row["onnx"], row["vnnlib"]
        limit = float(row["limit_s"]) or float("inf")  # 0 is none
        decided = row["verdict"] in DECIDED
        rank = (decided, -limit if decided else limit)
        if key not in best or rank >= best[key][0]:
            best[key] = (rank, row)
    return {key: row for key, (_, row) in best.items()}


# ---- figures ---------------------------------------------------------------------------------

def read_peers():
    lines = [line for line in PEERS.read_text(encoding="utf-8").splitlines()
             if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def peer_of(name, peers):
    """The longest name of the table that this one begins with."""
    fitting = [p for p in peers if name.startswith(p["benchmark"])]
    return max(fitting, key=lambda p: len(p["benchmark"]), default=None)


def scaled(peer, who, held):
    """A peer's share of the competition's instances, on the instances held."""
    if peer is None or peer[who] == "-":
        return "-"
    return f"{held * int(peer[who]) / int(peer['instances']):.1f}"


def held_instances():
    folders = sorted((record.DATA / "vnncomp").iterdir())
    return {f.name: len(record.read_csv(f / "instances.csv"))
            for f in folders if (f / "instances.csv").exists()}


def limits(rows):
    seconds = sorted({round(float(r["limit_s"])) for r in rows})
    return "-" if not rows else "-".join(map(str, dict.fromkeys([seconds[0], seconds[-1]])))


def benchmark_line(name, held, rows, peer):
    count = collections.Counter(r["verdict"] for r in rows)
    compared = collections.Counter(r["compared"] for r in rows)
    return [name, held, len(rows), limits(rows), count["sat"] + count["unsat"], count["sat"],
            count["unsat"], count["unknown"], count["timeout"], count["error"],
            compared["wrong"], compared["disagrees"],
            peer["must"] if peer else "-", peer["aim"] if peer else "-",
            *[scaled(peer, who, held) for who in NAMES],
            sum(float(r["seconds"]) for r in rows), sum(float(r["cpu_seconds"]) for r in rows),
            median([float(r["seconds"]) for r in rows]) if rows else "-",
            max([float(r["peak_mib"]) for r in rows], default=0.)]


def tables(by_name, held, peers, out):
    lines = [benchmark_line(name, n, by_name[name], peer_of(name, peers))
             for name, n in held.items()]
    sums = ["all"] + [sum(line[i] for line in lines) if i not in (3, 12, 13, 14, 15, 16, 19)
                      else "-" for i in range(1, 21)]
    sums[20] = max(line[20] for line in lines)
    out.table("benchmarks", "VNN-COMP benchmarks: solved of the instances held; peers as their "
              "share of VNN-COMP 2024's instances, scaled to those held",
              ["benchmark", "held", "run", "limit s", "solved", "sat", "unsat", "unknown",
               "timeout", "error", "wrong", "disagrees", "must", "aim",
               *NAMES.values(), "wall s", "CPU s", "median s", "peak MiB"], [*lines, sums])
    phases = [[name, *[sum(float(r[f"{p}_s"]) for r in by_name[name]) for p in PHASES],
               *[sum(r["decided_by"] == p for r in by_name[name]) for p in PHASES]]
              for name in held if by_name[name]]
    out.table("phases", "VNN-COMP benchmarks: wall seconds by phase, and instances decided in it",
              ["benchmark", *[f"{p} s" for p in PHASES], *[f"by {p}" for p in PHASES]], phases)
    contrary = [[r["benchmark"], r["onnx"], r["vnnlib"], r["verdict"], r["expected"],
                 r["compared"]]
                for rows in by_name.values() for r in rows if r["compared"] in
                ("wrong", "disagrees")]
    out.table("contradictions", "VNN-COMP benchmarks: verdicts against the consensus",
              ["benchmark", "network", "property", "vouch", "consensus", "kind"], contrary)


def goals(by_name, held, peers, out):
    for name, n in held.items():
        rows, peer = by_name[name], peer_of(name, peers)
        if peer is None:
            continue
        solved = sum(r["verdict"] in DECIDED for r in rows)
        others = ", ".join(f"{scaled(peer, who, n)} ({NAMES[who]})" for who in NAMES
                           if peer[who] != "-")
        part = ", not run" if not rows else f", limit {limits(rows)} s"
        part = part if len(rows) in (0, n) else f", {len(rows)} run{part}"
        out.figure(f"{peer['benchmark']}: solved, of {n}{part}", solved if rows else "-",
                   "instances", f">={peer['must']}", f">={peer['aim']}", peer=others or "-",
                   source="VNN-COMP 2024, scaled" if others else "-")


def totals(best, held, out):
    rows = list(best.values())
    compared = collections.Counter(r["compared"] for r in rows)
    out.figure(f"instances run, of {sum(held.values())}", len(rows), "instances")
    out.figure("solved", sum(r["verdict"] in DECIDED for r in rows), "instances")
    out.figure("unsat against a checked counterexample", compared["wrong"], "instances", "=0")
    out.figure("other disagreements with the consensus", compared["disagrees"], "instances")
    out.figure("errors", sum(r["verdict"] == "error" for r in rows), "instances", "=0")
    out.figure("peak memory of any instance", max(float(r["peak_mib"]) for r in rows), "MiB",
               "<=8192")
    commits = collections.Counter(r["tag"] for r in rows)
    out.head.append(("rows", ", ".join(f"{n} of {c}" for c, n in commits.most_common())))


def trivial(starts, out):
    """Wall time of the slowest instance of the benchmark `test`, start-up included."""
    folder, answer = record.DATA / "vnncomp" / "test", record.SCRATCH / "answer.json"
    if not folder.is_dir():
        return
    slowest = {}
    for onnx, vnnlib, _ in record.read_csv(folder / "instances.csv"):
        runs = [record.vouch("verify", folder / onnx, folder / vnnlib, "--threads", 2, "--json",
                             answer) for _ in range(starts)]
        if json.loads(answer.read_text())["verdict"] in DECIDED:
            slowest[onnx] = median(r.wall for r in runs)
    name = max(slowest, key=slowest.get)
    out.figure(f"trivial instance, wall, slowest ({name}), median of {starts}",
               1000 * slowest[name], "ms", "<=30")


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(record.DATA / "vnncomp", "vnncomp")
    if options.again:
        drop_rows(options)
    if not options.no_run:
        run(options)
    best = best_rows(read_log())
    if not best:
        say("bench-vnncomp: no row yet")
        return
    held, peers = held_instances(), read_peers()
    by_name = collections.defaultdict(list)
    for (name, *_), row in best.items():
        by_name[name].append(row)
    out = record.Record("vnncomp", "make bench-vnncomp")
    goals(by_name, held, peers, out)
    totals(best, held, out)
    trivial(options.starts, out)
    tables(by_name, held, peers, out)
    out.write()


if __name__ == "__main__":
    main()
