#!/usr/bin/env python3
"""Keeps the documentation true: runs what it shows, and checks where it points.

Usage: tools/docs.py check     (tests/docs runs it; VOUCH_BIN names the command)
       tools/docs.py update    writes outputs, pictures and measured figures anew

In README.md and docs/**/*.md

    ```sh run      is run; it must exit with 0
    ```console     lines "$ COMMAND" are run; what follows each must be its output. Numbers may
                   differ; a line "..." stands for any lines. No output shown: none is compared.

Commands run in a scratch copy of the repository, with `vouch` on the path and net.onnx and
safe.vnnlib (the embedded example) at hand. Between <!-- figures --> and <!-- /figures -->, README.md
has a table made of bench/results. Every src/**/*.def must be named by a how-to.
"""
import csv
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
VOUCH = pathlib.Path(os.environ.get("VOUCH_BIN", ROOT / "build" / "release" / "vouch")).resolve()
FENCE = re.compile(r"^```(sh run|console)\n(.*?)^```$", re.M | re.S)
FIGURES = re.compile(r"(<!-- figures[^>]*-->\n).*?(<!-- /figures -->)", re.S)
# name: property, and what else the command is given
PICTURES = {"partition": ("close_turns", ["--picture-dims", "0,2"]),
            "counterexample": ("close_turns_wide", ["--picture-dims", "0,2", "--no-attack"])}


def pages():
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md",
            ROOT / "data" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


# ---- commands --------------------------------------------------------------------------------

def scratch(folder):
    """What the documented commands need, as in a checkout."""
    for name in ("data", "src", "tools", "include", "examples", "recipes"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", folder)
    example = folder / "data" / "collision"
    shutil.copy(example / "collision.onnx", folder / "net.onnx")
    shutil.copy(example / "close_turns.vnnlib", folder / "safe.vnnlib")
    (folder / "bin").mkdir()
    (folder / "bin" / "vouch").symlink_to(VOUCH)
    return folder


def run(command, folder):
    env = dict(os.environ, PATH=f"{folder / 'bin'}:{os.environ['PATH']}")
    return subprocess.run(["bash", "-c", command], cwd=folder, env=env, text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def shape(text):
    """The text with numbers blotted out, and plurals that depend on them."""
    text = re.sub(r"[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?", "#", text)
    text = re.sub(r"(?<=# )(\w+?)(es|s)?\b", lambda m: m.group(1), text)
    return [re.sub(r"\s+", " ", line).strip() for line in text.strip().splitlines()]


def same(shown, got):
    """Does the output shown, with its "..." lines, agree with what was printed?"""
    pattern = ".*".join(re.escape("\n".join(part)) for part in split_at(shape(shown), "..."))
    return re.fullmatch(pattern, "\n".join(shape(got)), re.S) is not None


def split_at(lines, mark):
    parts = [[]]
    for line in lines:
        if line == mark:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def calls(block):
    """(command, output shown) of a console block."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        lines = part.splitlines(keepends=True)
        last = 0
        while lines[last].rstrip().endswith("\\"):
            last += 1
        yield "".join(lines[:last + 1]).rstrip("\n"), "".join(lines[last + 1:])


def check_block(kind, block, folder):
    """What is wrong with a block, as text; nothing if all is well."""
    if kind == "sh run":
        done = run("set -e\n" + block, folder)
        return "" if done.returncode == 0 else f"exit code {done.returncode}:\n{done.stdout}"
    for command, shown in calls(block):
        done = run(command, folder)
        if shown.strip() and not same(shown, done.stdout):
            return f"$ {command}\nshows\n{shown}but prints\n{done.stdout}"
    return ""


def check_commands(page, folder):
    for kind, block in FENCE.findall(page.read_text()):
        fault = check_block(kind, block, folder)
        if fault:
            yield f"{page.relative_to(ROOT)}: {fault}"


# ---- links and tables ------------------------------------------------------------------------

def check_links(page):
    text = re.sub(r"^```.*?^```$|^    .*?$|`[^`\n]*`", "", page.read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        target = target.split("#")[0]
        if target and "://" not in target and not (page.parent / target).exists():
            yield f"{page.relative_to(ROOT)}: no such file: {target}"


def check_tables():
    guides = "".join(p.read_text() for p in (ROOT / "docs" / "howto").glob("*.md"))
    for table in sorted((ROOT / "src").rglob("*.def")):
        if str(table.relative_to(ROOT)) not in guides:
            yield f"docs/howto: nothing says how to add to {table.relative_to(ROOT)}"


# ---- measured figures ------------------------------------------------------------------------

def results(name):
    path = ROOT / "bench" / "results" / name
    if not path.exists():
        return [], {}
    lines = path.read_text().splitlines()
    head = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    rows = list(csv.DictReader((line for line in lines if not line.startswith("# ")),
                               delimiter="\t", quoting=csv.QUOTE_NONE))
    return rows, head


def figure(rows, start):
    return next((r["value"] for r in rows if r["figure"].startswith(start)), "not measured")


# Decided of 186, seconds, what seconds and where: measured by us, and VNN-COMP 2024's own.
PEERS = [("nnenum", "184", "879", "CPU, the same machine, 116 s limit"),
         ("nnenum", "–", "386", "VNN-COMP 2024: wall, 64 cores"),
         ("alpha-beta-CROWN", "186", "1,583", "VNN-COMP 2024: wall, GPU"),
         ("PyRAT", "184", "1,925", "VNN-COMP 2024: wall, 64 cores"),
         ("Marabou 2.0", "–", "2,696", "VNN-COMP 2024: wall, 64 cores")]


def markdown(columns, rows):
    lines = [columns, ["---", *["--:"] * (len(columns) - 1)], *rows]
    return [f"| {' | '.join(map(str, line))} |" for line in lines]


def figures_table():
    """ACAS Xu: we and the peers, as Markdown."""
    rows, head = results("acasxu.tsv")
    properties, _ = results("acasxu_properties.tsv")
    if not rows or not properties:
        return "Not measured yet: `make bench-acasxu`, then `python3 tools/docs.py update`.\n"
    ours = ("**vouch**", figure(rows, "ACAS Xu: verdicts equal"),
            f"**{figure(rows, 'ACAS Xu: CPU of all 186')}**", "CPU, one thread, two-core machine")
    out = markdown(["all 186 instances", "decided", "seconds", "measured"], [ours, *PEERS])
    out += ["", *markdown(
        ["CPU seconds, same machine", "vouch", "its boxes", "nnenum", "ReluVal"],
        [[f"property {r['property'][1:]} ({r['instances']})", r["CPU s"], f"{int(r['boxes']):,}",
          r["nnenum CPU s"], r["ReluVal CPU s"]] for r in properties])]
    out += ["", f"{head['machine']}; {head['date']}; commit {head['commit']}. Start-up and verdict of "
            f"a trivial property: {figure(rows, 'start-up')} ms; peak memory of all 186: "
            f"{figure(rows, 'ACAS Xu: peak')} MiB; largest instance: "
            f"{figure(rows, 'ACAS Xu: hardest')} s. In brackets the number of networks.", ""]
    if (ROOT / "docs" / "figures.md").exists():
        out += ["All figures, what was asked and what was reached: [docs/figures.md](docs/figures.md).",
                ""]
    return "\n".join(out)


def with_figures(text):
    return FIGURES.sub(lambda m: m.group(1) + figures_table() + m.group(2), text)


# ---- the two ways to run ---------------------------------------------------------------------

def check():
    faults = [*check_tables()]
    if (ROOT / "bench" / "results").is_dir():
        text = (ROOT / "README.md").read_text()
        if with_figures(text) != text:
            faults.append("README.md: figures differ from bench/results: tools/docs.py update")
    with tempfile.TemporaryDirectory() as temporary:
        folder = scratch(pathlib.Path(temporary))
        for page in pages():
            faults += [*check_links(page), *check_commands(page, folder)]
    print("\n".join(faults) if faults else f"docs: {len(pages())} pages, all true")
    return 1 if faults else 0


def fresh_outputs(text, folder):
    def renew(match):
        if match.group(1) != "console":
            return match.group(0)
        out = []
        for command, shown in calls(match.group(2)):
            printed = run(command, folder).stdout if shown.strip() else ""
            keep = any(line == "..." for line in shown.splitlines())
            out.append(f"$ {command}\n" + (shown if keep else printed))
        return "```console\n" + "".join(out) + "```"
    return FENCE.sub(renew, text)


def update():
    images = ROOT / "docs" / "images"
    for name, (prop, options) in PICTURES.items():
        subprocess.run([VOUCH, "verify", "collision.onnx", f"{prop}.vnnlib", "--quiet", "--picture",
                        images / f"{name}.svg", *options],
                       cwd=ROOT / "data" / "collision", stdout=subprocess.DEVNULL, check=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = scratch(pathlib.Path(temporary))
        for page in pages():
            text = page.read_text()
            page.write_text(with_figures(fresh_outputs(text, folder)))
    return 0


if __name__ == "__main__":
    what = {"check": check, "update": update}.get((sys.argv[1:] or ["check"])[0])
    sys.exit(what() if what else __doc__)
