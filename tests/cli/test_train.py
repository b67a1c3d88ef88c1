#!/usr/bin/env python3
"""vouch train: the same file with any number of threads, a log, a network that learns; errors."""
import pathlib
import tempfile
import unittest

from cli_support import vouch

DATA = "builtin:glyphs16?count=300&seed=2"
ARCH = "conv16k3s2 relu fc24 relu"


class Train(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def train(self, name, *more, data=DATA):
        return vouch("train", data, "--arch", ARCH, "--epochs", 2, "--out", self.path / name, *more)

    def test_the_file_is_the_same_with_any_number_of_threads(self):
        for loss in ("standard", "pgd"):
            made = []
            for threads in (1, 2):
                done = self.train("net.onnx", "--loss", loss, "--threads", threads)
                self.assertEqual(done.returncode, 0, done.stderr)
                made.append((self.path / "net.onnx").read_bytes())
            self.assertEqual(made[0], made[1])
        info = vouch("info", self.path / "net.onnx")
        self.assertEqual(info.returncode, 0, info.stderr)

    def test_a_log_has_a_line_for_each_epoch_and_the_network_learns(self):
        done = self.train("net.onnx", "--log", "-", "--epochs", 12, "--rate", 0.01, "--test",
                          "builtin:glyphs16?count=100&seed=3")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "epoch,loss,accuracy,rate,seconds")
        self.assertEqual([line.split(",")[0] for line in lines[1:13]],
                         [str(i) for i in range(1, 13)])
        losses = [float(line.split(",")[1]) for line in lines[1:13]]
        self.assertLess(losses[-1], 0.7 * losses[0])
        self.assertIn("test ", done.stdout)

    def test_errors_are_one_line_and_leave_no_network(self):
        for more, text in ((["--arch", "conv3k99"], "conv3k99"), (["--arch", "pool"], "pool"),
                           (["--test", "builtin:loan?count=9"], "features")):
            done = self.train("none.onnx", *more)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(text, done.stderr)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
            self.assertFalse((self.path / "none.onnx").exists())


if __name__ == "__main__":
    unittest.main()
