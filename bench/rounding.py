"""What sound rounding costs: the same kernels, built with and without its accounting.

The unsound build (CMake option VOUCH_UNSOUND, in build/unsound) leaves out the error terms of
the hot kernels; its --version says UNSOUND, and nothing else ever uses it. Both run all ACAS Xu
instances in turn; compared are CPU seconds (medians) and boxes.
"""
import argparse
import pathlib
import re
import subprocess
import sys

import record
from record import median, say

BUILD = record.ROOT / "build" / "unsound"


def arguments():
    parser = argparse.ArgumentParser(prog="bench/rounding.sh", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each build, in turn")
    parser.add_argument("--unsound", help="a binary built with VOUCH_UNSOUND (default: builds one)")
    return parser.parse_args()


def build():
    """The unsound command, built with the flags of the release preset."""
    sources = [p for p in (record.ROOT / "src").rglob("*") if p.suffix in (".c", ".h", ".inc")]
    if not any("VOUCH_UNSOUND" in p.read_text(encoding="utf-8") for p in sources):
        sys.exit("bench-rounding: no source mentions VOUCH_UNSOUND; there is nothing to compare")
    say("building the unsound kernels in build/unsound")
    for command in (["cmake", "--preset", "release", "-B", BUILD, "-DVOUCH_UNSOUND=ON"],
                    ["cmake", "--build", BUILD, "--target", "vouch_command"]):
        subprocess.run(command, cwd=record.ROOT, check=True, stdout=subprocess.DEVNULL)
    return BUILD / "vouch"


def check(binary, unsound):
    version = subprocess.run([binary, "--version"], capture_output=True, text=True,
                             check=True).stdout
    if ("UNSOUND" in version) != unsound:
        sys.exit(f"bench-rounding: {binary} says it is '{version.strip()}'")


def one_run(binary):
    """(CPU seconds, seconds of them spent reading files, boxes by property, wrong verdicts)"""
    rows, detail = record.SCRATCH / "rounding.csv", record.SCRATCH / "rounding.detail.tsv"
    run = record.Run([str(binary), "bench", record.ACASXU / "instances.csv", "--threads", 1,
                      "--quiet", "--out", rows, "--detail", detail], fine=(0, 1))
    expected, boxes, wrong = record.expected_verdicts(), {}, 0
    for row in record.read_detail(detail):
        boxes[row["property"]] = boxes.get(row["property"], 0) + row["boxes"]
        want = expected[row["onnx"], row["vnnlib"]]
        wrong += {row["verdict"], want} == {"sat", "unsat"}
    reading = sum(float(r[3]) for r in record.read_csv(rows))
    return run.cpu, reading, boxes, wrong


def extra(sound, unsound):
    return 100 * (sound - unsound) / unsound


def main():
    options = arguments()
    record.need_vouch()
    record.need_data(record.ACASXU, "rounding")
    unsound = pathlib.Path(options.unsound).resolve() if options.unsound else build()
    check(record.VOUCH, False)
    check(unsound, True)
    runs = {record.VOUCH: [], unsound: []}
    for i in range(options.runs):
        for binary, done in runs.items():
            done.append(one_run(binary))
            say(f"run {i + 1} of {options.runs}: {done[-1][0]:.3f} s CPU, "
                f"{re.sub('.*build/', 'build/', str(binary))}")
    report(options.runs, runs[record.VOUCH], runs[unsound])


def report(count, sound, unsound):
    out = record.Record("rounding", "make bench-rounding")
    cpu = [median(r[0] for r in runs) for runs in (sound, unsound)]
    bare = [median(r[0] - r[1] for r in runs) for runs in (sound, unsound)]
    boxes = [sum(runs[-1][2].values()) for runs in (sound, unsound)]
    names = list(sound[-1][2])
    out.table("boxes", "Boxes of all ACAS Xu instances, sound against unsound",
              ["property", "sound", "unsound", "extra %"],
              [[n, sound[-1][2][n], unsound[-1][2][n],
                extra(sound[-1][2][n], unsound[-1][2][n]) if unsound[-1][2][n] else 0.0]
               for n in names])
    out.figure(f"sound kernels, CPU of all 186, median of {count}", cpu[0], "s")
    out.figure(f"unsound kernels, CPU of all 186, median of {count}", cpu[1], "s")
    out.figure("cost of sound rounding: extra CPU", extra(*cpu), "%", "<=30", "<=10",
               peer="7 with error scalars, 35 in double", source="our prototype")
    out.figure("cost of sound rounding: extra CPU, reading of files left out", extra(*bare), "%",
               "<=30", "<=10")
    out.figure("cost of sound rounding: extra CPU for each box, reading left out",
               extra(bare[0] / boxes[0], bare[1] / boxes[1]), "%")
    out.figure("cost of sound rounding: extra boxes", extra(*boxes), "%")
    out.figure("wrong verdicts of the sound build", sum(r[3] for r in sound), "instances", "=0")
    out.figure("wrong verdicts of the unsound build", sum(r[3] for r in unsound), "instances")
    out.write()


if __name__ == "__main__":
    main()
