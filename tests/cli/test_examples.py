"""The example networks: expected verdicts, witnesses that replay, and the shape of the text."""
import csv
import pathlib
import re
import tempfile
import unittest

from cli_support import SOURCE, vouch

SUMMARY = """\
sat
VIOLATED: the witness below is an allowed input with an unsafe output
network    tiny.onnx (# inputs, # outputs, # parameters)
property   touch.vnnlib (VNN-LIB #, # box, # case)
search     # subproblems, depth #, # splits, # clips
method     domain @, split @, # thread, seed #
time       # s, CPU # s (reading # s, attack # s, search # s)
witness    case # of the property
"""


class Examples(unittest.TestCase):
    def test_verdicts_are_the_expected_ones(self):
        for folder in ("collision", "tiny"):
            base = SOURCE / "data" / folder
            done = vouch("bench", base / "instances.csv", "--expected", base / "expected.csv")
            self.assertEqual((done.returncode, done.stderr), (0, ""), done)
            count = len((base / "instances.csv").read_text().splitlines())
            self.assertIn(f"expected   {count} of {count} agree", done.stdout)

    def test_every_witness_replays(self):
        for folder in ("collision", "tiny"):
            base = SOURCE / "data" / folder
            for row in csv.DictReader((base / "expected.csv").read_text().splitlines()):
                if row["verdict"] != "sat":
                    continue
                with tempfile.TemporaryDirectory() as temporary:
                    witness = pathlib.Path(temporary) / "w.txt"
                    net, spec = base / row["onnx"], base / row["vnnlib"]
                    vouch("verify", net, spec, "--witness", witness)
                    done = vouch("eval-point", net, witness, "--spec", spec)
                    self.assertEqual(done.returncode, 0, done)

    def test_text_has_its_shape(self):
        done = vouch("verify", "tiny.onnx", "touch.vnnlib", cwd=SOURCE / "data/tiny")
        text = re.sub(r"\d+(,\d{3})*(\.\d+)?", "#", done.stdout)
        text = re.sub(r"\b(domain|split) \w+", r"\1 @", text)
        text = re.sub(r"\b(?<=# )(input|output|subproblem|split|clip)\b", r"\1s", text)
        self.assertEqual(text.splitlines()[:8], SUMMARY.splitlines())


if __name__ == "__main__":
    unittest.main(verbosity=0)
