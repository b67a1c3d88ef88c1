"""What the benchmark scripts share: running commands, and figures that say what was asked.

A figure is one line: its name, value, unit, what was asked (`<=8`, `>=186`, `=0` or `-`), a
peer's value and where that comes from, the aim beyond what was asked, and the outcome. Lines
are printed and kept in bench/results/TOPIC.tsv under a head that names machine and commit;
tools/figures.py makes docs/figures.md of these files. A figure that falls short is no error:
a benchmark measures, it does not judge.
"""
import csv
import datetime
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
SCRATCH = ROOT / "bench" / "out"
VOUCH = os.path.abspath(os.environ.get("VOUCH_BIN", ROOT / "build" / "release" / "vouch"))
DATA = pathlib.Path(os.environ.get("VOUCH_SHARED_DATA", ROOT.parent / "shared" / "data")).resolve()
ACASXU = DATA / "vnncomp" / "acasxu_2023"
COLUMNS = ["figure", "value", "unit", "asked", "peer", "source", "aim", "outcome"]


def need_vouch():
    if not os.access(VOUCH, os.X_OK):
        sys.exit(f"bench: {VOUCH} is missing; run 'make' first")
    SCRATCH.mkdir(parents=True, exist_ok=True)


def need_data(folder, topic):
    """Ends the benchmark, in peace, where its data is not there."""
    if not folder.is_dir():
        print(f"bench-{topic}: skipped, no data at {folder} (set VOUCH_SHARED_DATA)")
        sys.exit(0)


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- running ---------------------------------------------------------------------------------

class Run:
    """One finished process: exit code, output, wall and CPU seconds (user and system)."""

    def __init__(self, command, fine=(0,)):
        out = SCRATCH / f"stdout.{os.getpid()}"
        begun = time.perf_counter()
        pid = os.posix_spawn(command[0], [str(c) for c in command], os.environ, file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, str(out), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)])
        _, status, usage = os.wait4(pid, 0)
        self.wall = time.perf_counter() - begun
        self.cpu = usage.ru_utime + usage.ru_stime
        self.code = os.waitstatus_to_exitcode(status)
        self.text = out.read_text()
        out.unlink()
        if self.code not in fine:
            sys.exit(f"bench: exit code {self.code} of: {' '.join(map(str, command))}")


def vouch(*arguments, fine=(0,)):
    return Run([VOUCH, *arguments], fine)


def read_csv(path, delimiter=","):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=delimiter))


def read_detail(path):
    """The rows of `vouch bench --detail`, as dictionaries with numbers."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        row["seconds"], row["cpu"] = float(row["seconds"]), float(row["cpu_seconds"])
        row["boxes"], row["depth"] = int(row["subproblems"]), int(row["depth"])
        row["peak"] = float(row["peak_mib"])
        row["property"] = property_of(row["vnnlib"])
        row["net"] = net_of(row["onnx"])
    return rows


def property_of(vnnlib):
    name = pathlib.Path(vnnlib).name.removesuffix(".gz").removesuffix(".vnnlib")
    return name.replace("prop_", "P")


def net_of(onnx):
    name = pathlib.Path(onnx).name.removesuffix(".gz").removesuffix(".onnx")
    return name.removeprefix("ACASXU_run2a_").removesuffix("_batch_2000")


def write_instances(name, rows, limit_s=116):
    """An instances file of the (onnx, vnnlib) given; relative names are of the benchmark."""
    path = SCRATCH / f"{name}.csv"
    path.write_text("".join(f"{ACASXU / onnx},{ACASXU / spec},{limit_s}\n" for onnx, spec in rows))
    return path


def expected_verdicts():
    return {(r[0], r[1]): r[2] for r in read_csv(ACASXU / "expected.csv")[1:]}


median = statistics.median


# ---- machine and commit ----------------------------------------------------------------------

def processor():
    try:
        for line in open("/proc/cpuinfo", encoding="utf-8"):
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def system():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def commit():
    def git(*arguments):
        return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True,
                              check=False).stdout.strip()
    name = git("rev-parse", "--short=12", "HEAD") or "unknown"
    return name + (" and uncommitted changes" if git("status", "--porcelain", "--", "src") else "")


def head():
    return [("machine", f"{processor()}, {os.cpu_count()} cores, {system()}"),
            ("commit", commit()),
            ("date", datetime.date.today().isoformat()),
            ("load", f"{os.getloadavg()[0]:.2f} before the run")]


# ---- figures and tables ----------------------------------------------------------------------

def outcome(value, asked):
    """'met', 'short', or '-' where nothing was asked or there is no number."""
    for sign, holds in (("<=", lambda a, b: a <= b), (">=", lambda a, b: a >= b),
                        ("<", lambda a, b: a < b), (">", lambda a, b: a > b),
                        ("=", lambda a, b: a == b)):
        if asked.startswith(sign) and isinstance(value, (int, float)):
            return "met" if holds(value, float(asked[len(sign):])) else "short"
    return "-"


def judge(value, asked, aim):
    """What was asked and, beyond it, the aim, in a word or two."""
    got, hoped = outcome(value, asked), outcome(value, aim)
    if got == "-":
        return "-" if hoped == "-" else f"aim {hoped}"
    return "met, aim too" if (got, hoped) == ("met", "met") else got


def number(value):
    """Three digits of a measured value; counts in full."""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return str(value)


class Record:
    """The figures and tables of one topic, printed as they come and written together."""

    def __init__(self, topic, command):
        self.topic, self.figures = topic, []
        self.head = [*head(), ("command", command)]
        self.tables = []

    def figure(self, name, value, unit="", asked="-", aim="-", peer="-", source="-"):
        judged = judge(value, asked, aim)
        self.figures.append([name, number(value), unit, asked, peer, source, aim, judged])
        print(f"{judged:12} {name}: {number(value)} {unit}"
              f"   asked {asked}, aim {aim}" + (f"   [{peer}]" if peer != "-" else ""), flush=True)

    def table(self, name, title, columns, rows):
        """A table of its own, in TOPIC_NAME.tsv."""
        cells = [columns, *[[number(c) for c in row] for row in rows]]
        self.tables.append((name, title, cells))
        wide = [max(len(row[i]) for row in cells) for i in range(len(columns))]
        print(f"\n{title}")
        for row in cells:
            print("  ".join(c.ljust(w) if i == 0 else c.rjust(w)
                            for i, (c, w) in enumerate(zip(row, wide))))
        print(flush=True)

    def write(self):
        RESULTS.mkdir(parents=True, exist_ok=True)
        for name, title, cells in [("", f"figures of bench-{self.topic}", [COLUMNS, *self.figures]),
                                   *self.tables]:
            path = RESULTS / (f"{self.topic}_{name}.tsv" if name else f"{self.topic}.tsv")
            lines = [f"# {k}: {v}" for k, v in [("title", title), *self.head]]
            lines += ["\t".join(row) for row in cells]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            say(f"written: {path.relative_to(ROOT)}")
