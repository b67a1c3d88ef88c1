"""Gradients of training in float32 against definitions in float64: a row for every kind of layer
and every loss, as tests/grad/test_gradients.c and tests/train/test_loss_gradients.c measure them.
The figure is the Euclidean norm of what is off, over that of the gradient."""
import argparse
import re
import subprocess
import sys

import record
from record import say

TESTS = {"test_grad_gradients": "grad/test_gradients",
         "test_train_loss_gradients": "train/test_loss_gradients"}
BUILD = record.ROOT / "build" / "dev"
LINE = re.compile(r"gradient (.+) (\S+) (\S+)")  # name, error, what the test lets pass


def build():
    say("building the tests that measure gradients")
    for command in (["cmake", "--preset", "dev"],
                    ["cmake", "--build", "--preset", "dev", "--target", *TESTS]):
        done = subprocess.run(command, cwd=record.ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr}")


def measured():
    """(name, error) of every line; a test that fails has measured too."""
    for program in TESTS.values():
        done = subprocess.run([BUILD / "tests" / program], capture_output=True, text=True,
                              check=False)
        rows = LINE.findall(done.stdout)
        if not rows:
            sys.exit(f"bench: {program} measured nothing:\n{done.stderr}")
        for name, error, _ in rows:
            yield name, float(error)


def main():
    argparse.ArgumentParser(prog="bench/train.sh gradients", description=__doc__).parse_args()
    build()
    out = record.Record("train-gradients", "bench/train.sh gradients")
    for name, error in measured():
        out.figure(f"gradient {name}", error, "of its norm", "<=1e-6")
    out.write()


main()
