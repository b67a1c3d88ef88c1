#!/usr/bin/env python3
"""Every network of the benchmarks is supported, and computes what an evaluator of ours in numpy
says, at points of a property's box.

The evaluator is in reference.py. `vouch eval-point` gives the output in float64 and an interval
around the exact one; both must fit. Points are a property's corners of least values, and random
ones. Skipped where the benchmarks or python3-onnx are absent.
"""
import gzip
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    for alias in (object, bool, int, float):  # onnx 1.12 still uses these
        if alias.__name__ not in np.__dict__:
            setattr(np, alias.__name__, alias)
    import onnx
    import reference
except ImportError:
    onnx = None

VOUCH = os.environ.get("VOUCH_BIN", "build/dev/vouch")
DATA = pathlib.Path(os.environ.get("VOUCH_SHARED_DATA", "")) / "vnncomp"
PER_BENCHMARK = 2      # networks of a benchmark that are evaluated, and properties of each
BIG = 1 << 20          # bytes of a packed network beyond which it is left out
BOUND = re.compile(rb"\(\s*(<=|>=)\s+X_(\d+)\s+([-+.\deE]+)\s*\)")


def unpacked(path):
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def box_of(path):
    """Least and greatest bound that the property states of each input, anywhere in it."""
    low, high = {}, {}
    for relation, i, number in BOUND.findall(unpacked(path)):
        side, pick = (low, min) if relation == b">=" else (high, max)
        side[int(i)] = pick(side.get(int(i), float(number)), float(number))
    return low, high


def points(low, high, n, rng):
    """Float32 numbers: the least corner, and one at random."""
    def point(t):
        return [float(np.float32(low.get(i, 0) + t() * (high.get(i, 1) - low.get(i, 0))))
                for i in range(n)]
    return [point(lambda: 0), point(rng.random)]


def evaluate(network, point):
    """[(float64, low, high)] of each output."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(" ".join(repr(v) for v in point))
        file.flush()
        done = subprocess.run([VOUCH, "eval-point", str(network), file.name],
                              capture_output=True, text=True, timeout=200, check=False)
    if done.returncode:
        raise AssertionError(f"{network}: {done.stderr}")
    rows = [line.replace("[", " ").replace("]", " ").replace(",", " ").split()
            for line in done.stdout.splitlines() if re.match(r"\s*\S+\s.*\[", line)]
    return [tuple(float(v) for v in row[-3:]) for row in rows]


def cases():
    """(network, property) pairs, several of each benchmark."""
    for folder in sorted(DATA.iterdir()) if DATA.is_dir() else []:
        seen = {}
        for line in (folder / "instances.csv").read_text().splitlines():
            net, prop = (folder / (f.strip() + ".gz") for f in line.split(",")[:2])
            seen.setdefault(net, prop)
        small = [c for c in seen.items() if c[0].stat().st_size < BIG] or list(seen.items())[:1]
        step = max(1, len(small) // PER_BENCHMARK)
        yield from small[::step][:PER_BENCHMARK]


@unittest.skipUnless(onnx, "python3-onnx is not installed")
@unittest.skipUnless(DATA.is_dir(), "the benchmarks are absent (VOUCH_SHARED_DATA)")
class Networks(unittest.TestCase):
    def test_every_network_is_supported(self):
        networks = [p for p in sorted(DATA.rglob("*.onnx.gz")) if p.stat().st_size < BIG]
        for network in networks:
            done = subprocess.run([VOUCH, "info", str(network)], capture_output=True, text=True,
                                  timeout=60, check=False)
            with self.subTest(network=network.name):
                self.assertRegex(done.stdout, r"(?m)^supported +yes", done.stdout + done.stderr)

    def test_outputs_agree_with_an_independent_evaluator(self):
        rng = random.Random(1)
        for network, prop in cases():
            model = onnx.load_model_from_string(unpacked(network))
            constant = {t.name for t in model.graph.initializer}
            n = sum(int(np.prod([d.dim_value or 1 for d in i.type.tensor_type.shape.dim]))
                    for i in model.graph.input if i.name not in constant)
            for point in points(*box_of(prop), n, rng):
                with self.subTest(network=network.name):
                    self.compare(reference.run(model, point), evaluate(network, point))

    def compare(self, expected, found):
        self.assertEqual(len(expected), len(found))
        size = 1 + float(np.max(np.abs(expected)))
        for e, (value, low, high) in zip(expected, found):
            self.assertLessEqual(abs(value - e), 1e-9 * size)
            self.assertLessEqual(low - 1e-9 * size, e)
            self.assertLessEqual(e, high + 1e-9 * size)


if __name__ == "__main__":
    unittest.main(verbosity=2)
