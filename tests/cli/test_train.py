#!/usr/bin/env python3
"""vouch train: the same file with any number of threads, a log, a network that learns; errors."""
import hashlib
import json
import os
import pathlib
import pty
import signal
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree

from cli_support import SOURCE, VOUCH, vouch

try:
    import jsonschema
except ImportError:
    jsonschema = None

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
        self.assertEqual(lines[0], "epoch,loss,accuracy,certified,rate,eps,clean,robust,best,seconds")
        self.assertEqual([line.split(",")[0] for line in lines[1:13]],
                         [str(i) for i in range(1, 13)])
        losses = [float(line.split(",")[1]) for line in lines[1:13]]
        self.assertLess(losses[-1], 0.7 * losses[0])
        self.assertIn("test ", done.stdout)

    def test_a_card_is_written_beside_the_network_unless_it_is_not_wanted(self):
        for name, more, files in (("a.onnx", (), ["a.card.json", "a.onnx"]),
                                  ("b", ("--epochs", 1), ["b", "b.card.json"]),
                                  ("c.onnx", ("--card", "none"), ["c.onnx"])):
            before = set(self.path.iterdir())
            done = self.train(name, *more)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(sorted(p.name for p in set(self.path.iterdir()) - before), files)
        card = json.loads((self.path / "a.card.json").read_text())
        self.assertEqual(card["network"], str(self.path / "a.onnx"))

    def test_errors_are_one_line_and_leave_no_network(self):
        for more, text in ((["--arch", "conv3k99"], "conv3k99"), (["--arch", "pool"], "pool"),
                           (["--test", "builtin:loan?count=9"], "features")):
            done = self.train("none.onnx", *more)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(text, done.stderr)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
            self.assertFalse((self.path / "none.onnx").exists())

    def recipe(self, text):
        path = self.path / "r.ini"
        path.write_text(text)
        return path

    def test_a_recipe_is_the_same_as_its_options(self):
        recipe = self.recipe(f"[data]\ndata = {DATA}\nvalidation = .2\n[network]\narch = {ARCH}\n"
                             "[loss]\nloss = rs-fgsm step=1\neps = .05\n[schedule]\nepochs = 9\n")
        done = vouch("train", recipe, "epochs=2", "--rate", "0.002", "--out", self.path / "a.onnx")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.train("b.onnx", "--loss", "rs-fgsm step=1", "--eps", ".05", "--rate", ".002",
                          "--validation", ".2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.path / "a.onnx").read_bytes(), (self.path / "b.onnx").read_bytes())

    def test_recipes_of_the_repository_are_read(self):
        for recipe in sorted((SOURCE / "recipes").glob("*.ini")):
            done = vouch("train", recipe, "data=none.csv")
            self.assertIn("none.csv", done.stderr, recipe)

    def test_bad_recipes_name_file_and_line(self):
        recipe = self.recipe("[data]\ndata = x\n[schedule]\nepochs = many\n")
        done = vouch("train", recipe)
        self.assertEqual(done.returncode, 2)
        self.assertIn("r.ini:4: ", done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1)
        recipe.write_text("[schedule]\nepochs = 1\n")
        self.assertIn("names no data", vouch("train", recipe).stderr)
        done = vouch("train", recipe, "--log", recipe)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(recipe.read_text(), "[schedule]\nepochs = 1\n")

    def test_curves_and_card_tell_of_every_epoch(self):
        done = self.train("net.onnx", "--curves", self.path / "c.svg", "--card",
                          self.path / "card.json", "--validation", ".2", "--test", DATA)
        self.assertEqual(done.returncode, 0, done.stderr)
        xml.etree.ElementTree.parse(self.path / "c.svg")
        card = json.loads((self.path / "card.json").read_text())
        self.assertEqual(card["schema"], 1)
        schema = json.loads((SOURCE / "docs/schema/card.json").read_text())
        self.assertLessEqual(set(card), set(schema["properties"]))
        self.assertLessEqual(set(schema["required"]), set(card))
        if jsonschema:
            jsonschema.validate(card, schema)
        self.assertEqual([row["epoch"] for row in card["epochs"]], [1, 2])
        self.assertTrue(0 <= card["epochs"][1]["robust"] <= card["epochs"][1]["clean"] <= 1)
        self.assertEqual(card["data"]["sha256"], card["test"]["sha256"])
        self.assertIn("epochs = 2", card["recipe"])
        (self.path / "again.ini").write_text(card["recipe"])
        done = vouch("train", self.path / "again.ini", "--out", self.path / "again.onnx")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.path / "again.onnx").read_bytes(),
                         (self.path / "net.onnx").read_bytes())

    def test_training_goes_on_from_a_network_and_leaves_frozen_layers(self):
        self.assertEqual(self.train("a.onnx").returncode, 0)
        done = self.go_on("b.onnx", "--rate", 0)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.path / "a.onnx").read_bytes(), (self.path / "b.onnx").read_bytes())
        done = self.go_on("b.onnx", "--frozen", 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual((self.path / "a.onnx").read_bytes(),
                            (self.path / "b.onnx").read_bytes())
        done = self.go_on("c.onnx", data="builtin:loan?count=50")
        self.assertIn("a.onnx: 256 inputs", done.stderr)

    def test_a_new_head_carries_a_network_over_to_other_classes(self):
        table, few = self.path / "many.csv", self.path / "few.csv"
        for path, classes in ((table, 4), (few, 3)):
            rows = [f"{i % 17 / 16},{i % 13 / 12},{'abcd'[(i % 17 * 12 + i % 13 * 16) * classes // 385]}"
                    for i in range(400)]
            path.write_text("\n".join(["x,y,label", *rows]) + "\n")
        first, then = self.path / "a.onnx", self.path / "b.onnx"
        done = vouch("train", table, "--arch", "fc24 relu", "--rate", ".02", "--batch", 20, "--out",
                     first)
        self.assertEqual(done.returncode, 0, done.stderr)
        work = ("train", few, "--start", first, "--rate", ".02", "--batch", 20, "--out", then)
        self.assertIn("--new-head replaces", vouch(*work).stderr)
        for more in ((), ("--frozen", 1), ("--ensemble", 2)):
            done = vouch(*work, "--new-head", *more)
            self.assertEqual(done.returncode, 0, done.stderr)
            card = json.loads((self.path / "b.card.json").read_text())
            self.assertGreater(card["data"]["accuracy"], .8)
        made = []
        for seed in (1, 2):
            vouch(*work, "--new-head", "--frozen", 1, "--seed", seed)
            made.append(then.read_bytes())
        self.assertNotEqual(*made)
        self.refused(vouch("train", few, "--new-head", "--out", then), "new-head: without start")
        self.refused(vouch(*work, "--new-head", "--frozen", 2), "frozen: ")

    def go_on(self, name, *more, data=DATA):
        return vouch("train", data, "--start", self.path / "a.onnx", "--epochs", 2, "--out",
                     self.path / name, *more)

    def refused(self, done, text):
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(text, done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)

    def test_shares_of_ranges_are_for_training_alone(self):
        table, net = "builtin:collision?count=5000", self.path / "net.onnx"
        work = ("train", table, "--arch", "fc16 relu", "--relative", "--eps", ".01", "--rate", ".02")
        vouch("train", table, "--epochs", 1, "--arch", "fc4", "--out", net)
        hashes = {json.loads((self.path / "net.card.json").read_text())["data"]["sha256"]}
        for more in ((), ("--validation", ".1"), ("--ensemble", 2)):
            done = vouch(*work, "--loss", "rs-fgsm", "--epochs", 8, "--out", net, *more)
            self.assertEqual(done.returncode, 0, done.stderr)
            card = json.loads((self.path / "net.card.json").read_text())
            self.assertGreater(card["data"]["accuracy"], 0.8)
            self.assertIn("relative = true", card["recipe"])
            hashes.add(card["data"]["sha256"])
            done = vouch("eval", net, table, "--count", 200, "--attack", "tabular", "--relative",
                         "--eps", ".01", "--json", "-", "--quiet")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(json.loads(done.stdout)["right"], 150)
        self.assertEqual(len(hashes), 1)
        for more, text in (((DATA,), "no table"), ((table, "--start", net), "not beside start")):
            done = vouch("train", *more, "--relative", "--out", self.path / "no.onnx")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(text, done.stderr)

    def test_settings_that_would_have_no_effect_are_refused(self):
        self.assertEqual(self.train("a.onnx").returncode, 0)
        for more in (("--mean", .5), ("--deviation", 2), ("--arch", "fc256 relu fc256 relu"),
                     ("--initial", "uniform")):
            self.refused(self.go_on("b.onnx", *more), f"{more[0][2:]}: not beside start")
        self.refused(self.go_on("b.onnx", "--frozen", 3), "frozen: ")
        self.refused(self.train("b.onnx", "--frozen", 9), "frozen: ")
        for more in ((), ("--loss", "pgd"), ("--regulariser", "forwabs")):
            self.refused(self.train("b.onnx", "--features", ".3", *more), "features: ")
        recipe = self.recipe(f"[data]\ndata = {DATA}\n[network]\narch =\n")
        self.refused(vouch("train", recipe, "--out", self.path / "b.onnx"), "arch: ")
        self.assertFalse((self.path / "b.onnx").exists())
        for more in (("--loss", "ibp"), ("--loss", "crown-ibp"), ("--regulariser", "shi")):
            done = self.train("b.onnx", "--features", ".3", "--epochs", 1, *more)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_card_of_a_run_that_went_on_names_its_start_and_makes_it_again(self):
        self.assertEqual(self.train("a.onnx").returncode, 0)
        self.assertEqual(self.go_on("b.onnx").returncode, 0)
        card = json.loads((self.path / "b.card.json").read_text())
        if jsonschema:
            jsonschema.validate(card, json.loads((SOURCE / "docs/schema/card.json").read_text()))
        start = self.path / "a.onnx"
        self.assertEqual(card["start"], {"network": str(start),
                                         "sha256": hashlib.sha256(start.read_bytes()).hexdigest()})
        self.assertIn('arch = ""\n', card["recipe"])
        done = vouch("train", self.recipe(card["recipe"]), "--out", self.path / "c.onnx")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.path / "b.onnx").read_bytes(), (self.path / "c.onnx").read_bytes())

    def test_quotients_are_numbers_and_a_byte_order_mark_is_skipped(self):
        text = f"[data]\ndata = {DATA}\n[network]\narch = {ARCH}\n[loss]\nloss = pgd\neps = 8/255\n"
        done = vouch("train", self.recipe("\ufeff" + text), "epochs=2", "--out", self.path / "a.onnx")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name, eps in (("b.onnx", "8/255"), ("c.onnx", repr(8 / 255))):
            done = self.train(name, "--loss", "pgd", "--eps", eps)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual((self.path / name).read_bytes(), (self.path / "a.onnx").read_bytes())
        for eps in ("8/", "8/0", "0/0", "/255", "8/255/2"):
            self.refused(self.train("d.onnx", "--eps", eps), f"'{eps}' is not a number")

    def test_the_progress_line_shows_all_accuracies_in_80_columns(self):
        master, terminal = pty.openpty()
        command = ["train", DATA, "--arch", ARCH, "--epochs", 60, "--loss", "ibp", "--validation",
                   ".5", "--threads", 1, "--out", self.path / "net.onnx"]
        with subprocess.Popen([VOUCH, *map(str, command)], stdout=subprocess.DEVNULL,
                              stderr=terminal) as run:
            os.close(terminal)
            text = b""
            try:
                while part := os.read(master, 4096):
                    text += part
            except OSError:
                pass  # the other end is closed
        os.close(master)
        self.assertEqual(run.returncode, 0)
        self.assertRegex(text.decode(), r"epoch \d+/60, \d+:\d+/\d+:\d+, loss \S+, cert [\d.]+, "
                                        r"valid [\d.]+/[\d.]+ %")

    def test_augmentations_of_images_refuse_tables(self):
        done = vouch("train", "builtin:loan?count=50&missing=drop&scale=unit", "--arch", "fc8 relu", "--augment",
                     "flip", "--out", self.path / "n.onnx")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("augmentation 'flip' is for images", done.stderr)


LONG = ["--epochs", "12", "--loss", "pgd steps=4", "--average", "ema", "--validation", ".2", "--batch", "20"]


class Checkpoints(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        self.net = self.path / "net.onnx"
        self.kept = self.path / "net.onnx.ckpt"

    def command(self, *more):
        return ["train", DATA, "--arch", "conv16k3s2 bn relu fc24 relu", "--out", self.net, *LONG, *more]

    def kill_after(self, seconds, *more):
        run = subprocess.Popen([VOUCH, *map(str, self.command(*more))], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        try:
            run.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()

    def wait_for_a_checkpoint(self):
        run = subprocess.Popen([VOUCH, *map(str, self.command())], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        while not self.kept.exists() and run.poll() is None:
            time.sleep(0.005)
        run.kill()
        run.wait()
        self.assertTrue(self.kept.exists())

    def test_killed_runs_go_on_to_the_same_bytes_with_other_threads(self):
        done = vouch(*self.command("--threads", 1))
        self.assertEqual(done.returncode, 0, done.stderr)
        whole = self.net.read_bytes()
        self.net.unlink()
        for k in range(40):
            self.kill_after(0.15 + 0.07 * k, "--resume", "--threads", 1 + k % 2)
            if self.net.exists() and not self.kept.exists():
                break
        self.assertEqual(self.net.read_bytes(), whole)
        self.assertEqual(sorted(p.name for p in self.path.iterdir()), ["net.card.json", "net.onnx"])

    def test_a_run_does_not_replace_the_checkpoint_of_another_unless_it_is_told_to(self):
        self.wait_for_a_checkpoint()
        before = self.kept.read_bytes()
        for more in ((), ("--resume", "--anew")):
            done = vouch(*self.command(*more))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("--resume goes on", done.stderr)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1)
        self.assertIn(str(self.kept), vouch(*self.command()).stderr)
        self.assertEqual(self.kept.read_bytes(), before)
        done = vouch(*self.command("--anew"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(self.kept.exists())

    def test_a_killed_ensemble_goes_on_where_it_was_and_can_be_verified(self):
        more = ("--ensemble", 2, "--epochs", 4)
        done = vouch(*self.command(*more))
        self.assertEqual(done.returncode, 0, done.stderr)
        whole = self.net.read_bytes()
        self.assertEqual(len(json.loads((self.path / "net.card.json").read_text())["epochs"]), 8)
        done = vouch("eval", self.net, DATA, "--eps", ".001", "--count", 3, "--json", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(list(self.path.iterdir())), 2)
        self.net.unlink()
        run = subprocess.Popen([VOUCH, *map(str, self.command(*more))], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        while not (self.path / "net.onnx.ckpt.2").exists() and run.poll() is None:
            time.sleep(0.005)
        run.kill()
        run.wait()
        self.assertNotEqual(vouch(*self.command(*more)).returncode, 0)
        done = vouch(*self.command("--resume", *more))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.net.read_bytes(), whole)
        self.assertEqual(len(list(self.path.iterdir())), 2)

    def test_other_settings_and_other_data_are_refused(self):
        self.wait_for_a_checkpoint()
        before = self.kept.read_bytes()
        for more, text in ((["--rate", "0.5"], "other settings"), (["--seed", "9"], "other settings")):
            done = vouch(*self.command("--resume", *more))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"{self.kept}: made with {text}", done.stderr)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1)
        self.assertEqual(self.kept.read_bytes(), before)
        self.kept.write_bytes(before[:-100])
        done = vouch(*self.command("--resume"))
        self.assertIn(f"{self.kept}: damaged", done.stderr)

    def test_a_rate_that_is_absurd_is_an_error_and_leaves_no_network(self):
        done = vouch(*self.command("--rate", "1e6", "--arch", "fc24 relu", "--decay", "1", "--optimiser", "sgd", "--schedule", "constant"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no number any more", done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1)
        self.assertFalse(self.net.exists())

    def test_an_interrupted_run_says_so_by_its_exit_code_and_keeps_the_checkpoint(self):
        out = self.path / "net.onnx"
        run = subprocess.Popen([VOUCH, "train", DATA, "--arch", ARCH, "--epochs", "100000",
                                "--quiet", "--out", out], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        checkpoint = self.path / "net.onnx.ckpt"
        while not checkpoint.exists():
            self.assertIsNone(run.poll())
            time.sleep(.01)
        run.send_signal(signal.SIGINT)
        text, error = run.communicate(timeout=60)
        self.assertEqual((run.returncode, text), (5, ""))
        self.assertRegex(error, r"^vouch train: .*stopped in epoch \d+.*\n$")
        self.assertEqual((out.exists(), checkpoint.exists()), (False, True))

    def test_a_full_disk_keeps_the_last_good_checkpoint_and_says_so(self):
        self.wait_for_a_checkpoint()
        before = self.kept.read_bytes()
        done = subprocess.run(["bash", "-c", 'ulimit -f 4; exec "$@"', "-", VOUCH,
                               *map(str, self.command("--resume"))], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertRegex(done.stderr, r"net.onnx.ckpt holds epoch \d+, .*cannot write")
        self.assertEqual(len(done.stderr.strip().splitlines()), 1)
        self.assertEqual(self.kept.read_bytes(), before)
        self.assertFalse(self.net.exists())
        done = vouch(*self.command("--resume"))
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
