"""vouch attack: what it finds, writes and refuses."""
import json
import signal
import struct
import subprocess
import time

from cli_support import VOUCH, CliTest, dense, main, on_terminal, vouch

SIDE = 4


def linear(path, bias, inputs=SIDE * SIDE):
    """y_0 = bias, y_1 = sum of the inputs: class 0 wherever the sum is below the bias."""
    return dense(path, [([[0] * inputs, [1] * inputs], [bias, 0])])


def idx(path, rows, labels):
    """Images of SIDE x SIDE bytes with their labels, as two IDX files; returns the images'."""
    images = path / "toy-images-idx3-ubyte"
    images.write_bytes(struct.pack(">IIII", 0x803, len(rows), SIDE, SIDE) +
                       b"".join(bytes(row) for row in rows))
    (path / "toy-labels-idx1-ubyte").write_bytes(
        struct.pack(">II", 0x801, len(labels)) + bytes(labels))
    return images


class Attack(CliTest):
    def result(self, *arguments):
        done = vouch("attack", *arguments, "--json", "-")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        result = json.loads(done.stdout)
        self.check_schema("attack", result)
        return result

    def images(self):
        """The sum is 8 for each, in bytes of 128/255; labels 0, but the last is 1."""
        return idx(self.dir, [[128] * 16, [127] * 16, [129] * 16], [0, 0, 1])

    def test_a_point_that_is_not_finite_is_no_file(self):
        net = self.easy()[0]
        self.check_error(vouch("attack", net, "0.3,nan", "--eps", "0.2"), 3,
                         "'nan' is not finite")

    def test_a_point_named_by_numbers_is_attacked(self):
        net = linear(self.dir / "n.onnx", 1.0, inputs=2)
        r = self.result(net, "0.3,0.4", "--eps", "0.2", "--attack", "fgsm")
        self.assertEqual((r["found"], r["each"][0]["predicted"]), (1, 1))
        self.assertLessEqual(r["each"][0]["distance"], .2)
        r = self.result(net, "0.3,0.4", "--eps", "0.1", "--attack", "fgsm")
        self.assertEqual((r["held"], r["robust"]), (1, 1))

    def test_the_nearest_is_found_without_a_bound(self):
        net = linear(self.dir / "n.onnx", 1.0, inputs=2)
        r = self.result(net, "0.3,0.4", "--eps", "inf", "--norm", "l2", "--attack", "deepfool")
        self.assertAlmostEqual(r["each"][0]["distance"], .3 / 2 ** .5, delta=.01)

    def test_a_data_set_gives_counts_files_and_a_picture(self):
        net, out = linear(self.dir / "n.onnx", 8.4), self.dir / "found.npy"
        for name in ("p.png", "p.svg"):
            done = vouch("attack", net, self.images(), "--eps", "0.05", "--attack", "pgd",
                         "--out", out, "--picture", self.dir / name)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done)
            self.assertRegex(done.stdout, r"clean +2 of 3")
            self.assertRegex(done.stdout, r"robust +0 of 3")
            self.assertRegex(done.stdout, r"found +2, each proved")
        data = out.read_bytes()
        self.assertEqual(data[:6], b"\x93NUMPY")
        self.assertIn(b"(3, 4, 4)" if b"(3, 4, 4)" in data else b"(3, 1, 4, 4)", data[:128])
        self.assertEqual((self.dir / "p.png").read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
        self.assertIn("data:image/png;base64,", (self.dir / "p.svg").read_text())

    def test_threads_do_not_change_the_bytes(self):
        net, data = linear(self.dir / "n.onnx", 8.4), self.images()
        files = []
        for threads in (1, 2):
            files.append(self.dir / f"{threads}.npy")
            self.result(net, data, "--eps", "0.1", "--attack", "square", "--threads", threads,
                        "--out", files[-1])
        self.assertEqual(files[0].read_bytes(), files[1].read_bytes())

    def test_budgets_and_settings_are_kept(self):
        net, data = linear(self.dir / "n.onnx", 99), self.images()
        r = self.result(net, data, "--eps", "0.1", "--attack", "pgd", "--budget", "9")
        self.assertTrue(all(p["forward"] + p["backward"] <= 9 for p in r["each"]))
        r = self.result(net, data, "--eps", "0.1", "--attack", "pgd", "--set",
                        "steps=5,restarts=1")
        self.assertEqual(max(p["backward"] for p in r["each"]), 5)

    def test_apgd_in_l1_finds_at_least_what_pgd_does_with_the_same_budget(self):
        net, test = self.dir / "g.onnx", "builtin:glyphs16?count=150&seed=9"
        done = vouch("train", "builtin:glyphs16?count=600", "--arch", "conv8k4s2p1 relu fc50 relu",
                     "--epochs", "3", "--out", net, "--quiet")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        found = {"pgd": 0, "apgd-ce": 0}
        for eps in (1, 2, 4):
            for name, settings in (("pgd", "steps=100,restarts=1"), ("apgd-ce", "steps=100")):
                found[name] += self.result(net, test, "--norm", "l1", "--eps", eps, "--attack",
                                           name, "--set", settings, "--budget", "204")["found"]
        self.assertGreaterEqual(found["apgd-ce"], found["pgd"])
        self.assertGreater(found["pgd"], 0)

    def test_progress_is_shown_on_a_terminal_unless_quiet(self):
        net = linear(self.dir / "n.onnx", 99)
        data = idx(self.dir, [[128] * 16] * 200, [0] * 200)
        command = ("attack", net, data, "--eps", "0.1", "--attack", "square", "--set",
                   "queries=20000", "--count", "200", "--threads", "1")
        text = on_terminal(*command)
        self.assertRegex(text, r"square \d+ done, \d+ open")
        self.assertTrue(text.endswith("\r\x1b[K"), repr(text[-40:]))
        self.assertEqual(on_terminal(*command, "--quiet"), "")

    def test_an_interrupted_attack_reports_what_it_has(self):
        net = linear(self.dir / "n.onnx", 99)
        data = idx(self.dir, [[128] * 16] * 300, [0] * 299 + [1])
        process = subprocess.Popen(
            [VOUCH, "attack", net, data, "--eps", "0.1", "--attack", "square", "--set",
             "queries=1000000", "--count", "300", "--json", "-"], stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        text = process.communicate(timeout=30)[0]
        self.assertEqual(process.returncode, 5)
        r = json.loads(text)
        self.check_schema("attack", r)
        self.assertEqual((r["wrong"], r["interrupted"]), (1, True))
        self.assertGreater(r["open"], 0)
        self.assertEqual((r["counted"], r["right"], r["robust"]), (300, 299, 299))

    def test_targeted_shares_leave_out_the_points_of_the_target(self):
        """Right less fallen is robust, in the whole and in each class."""
        net = linear(self.dir / "n.onnx", 8.0)  # class 1 from a sum of 8 on
        data = idx(self.dir, [[120] * 16, [127] * 16, [129] * 16, [140] * 16, [10] * 16],
                   [0, 0, 0, 1, 1])
        r = self.result(net, data, "--eps", "0.1", "--attack", "pgd", "--target", "1")
        self.assertEqual((r["counted"], r["right"], r["fallen"], r["robust"]), (3, 2, 2, 0))
        self.assertEqual((r["target"], [p["outcome"] for p in r["each"]]),
                         (1, ["found", "found", "wrong", "wrong", "wrong"]))
        done = vouch("attack", net, data, "--eps", "0.1", "--attack", "pgd", "--target", "1")
        self.assertRegex(done.stdout, r"\n0 +3 +2 +2 +0\n1 +0 +0 +0 +0\n")
        self.assertRegex(done.stdout, r"robust +0 of 3")
        away = self.result(net, data, "--eps", "0.1", "--attack", "pgd", "--target", "0")
        self.assertEqual((away["counted"], away["right"], away["fallen"]), (2, 1, 1))

    def test_the_json_says_what_was_asked(self):
        net, data = linear(self.dir / "n.onnx", 8.4), self.images()
        r = self.result(net, data, "--eps", "0.05", "--attack", "pgd", "--set", "steps=7",
                        "--from", "1", "--range", "0,0.75")
        self.assertEqual((r["settings"]["steps"], r["settings"]["restarts"]), (7, 3))
        self.assertEqual((r["from"], r["target"], r["relative"]), (1, None, False))
        self.assertEqual(r["image"], [1, 4, 4])
        self.assertEqual(r["range"], {"from": "option", "low": 0, "high": .75, "outside": 0})
        self.assertEqual(self.result(net, data, "--eps", "0.05", "--attack", "fgsm")["range"],
                         {"from": "data", "low": 0, "high": 1, "outside": 0})

    def test_the_text_says_what_range_is_meant_and_who_is_outside(self):
        net, data = linear(self.dir / "n.onnx", 8.4), self.images()
        small = linear(self.dir / "s.onnx", 1.0, inputs=2)
        for arguments, line in (
                ([net, data], "range      0 to 1, as the data says\n"),
                ([net, data, "--range", "-1,2"], "range      -1 to 2, by --range\n"),
                ([net, data, "--range", "0.1,0.5"],
                 "outside    2 of 3 points lie outside this range: no valid inputs\n"),
                ([small, "0.3,0.4"], "range      not known: numbers may be anything "
                                     "(--range LOW,HIGH)\n")):
            for command in ("attack", "eval"):
                if command == "eval" and arguments[0] == small:
                    continue
                done = vouch(command, *arguments, "--eps", "0.05", "--attack", "fgsm")
                self.assertEqual((done.returncode, done.stderr), (0, ""), done)
                self.assertIn(line, done.stdout)
        r = self.result(net, data, "--eps", "0.05", "--attack", "fgsm", "--range", "0.1,0.5")
        self.assertEqual(r["range"]["outside"], 2)

    def test_settings_are_listed_and_named_where_one_is_unknown(self):
        listed = vouch("list", "attacks").stdout
        self.assertRegex(listed, r"\n  pgd .*\n( {10,}.*\n)*    steps=N +.*\(default 40\)\n")
        self.assertNotIn("null", listed)
        net, data = linear(self.dir / "n.onnx", 8.4), self.images()
        done = vouch("attack", net, data, "--eps", "0.1", "--attack", "pgd", "--set", "stpes=1")
        self.check_error(done, 2, "it has steps, restarts")
        done = vouch("attack", net, data, "--eps", "0.1", "--set", "steps=1")
        self.check_error(done, 2, "it has none")

    def test_tables_keep_what_must_not_change(self):
        net = linear(self.dir / "n.onnx", 6.0, inputs=2)
        table = self.dir / "t.csv"
        table.write_text("a,b,class\n" + "".join(f"{i % 5},{(i * 7) % 5},{i % 2}\n"
                                                 for i in range(40)))
        r = self.result(net, f"{table}?target=class", "--eps", "3", "--attack", "tabular",
                        "--out", self.dir / "t.npy")
        self.assertGreater(r["found"], 0)
        shares = ("attack", net, f"{table}?target=class", "--eps", "0.3", "--relative", "--attack",
                  "tabular")
        self.assertIn("eps 0.3 of each column's range", vouch(*shares).stdout)
        self.assertTrue(json.loads(vouch(*shares, "--json", "-").stdout)["relative"])
        done = vouch("attack", net, f"{table}?target=class", "--eps", "3", "--attack", "pgd")
        self.check_error(done, 2, "rules of tables")

    def test_the_edge_of_a_relative_radius_belongs_to_the_ball(self):
        net, table = linear(self.dir / "n.onnx", 7.5, inputs=1), self.dir / "t.csv"
        table.write_text("a,class\n5,0\n0,0\n30,1\n")  # .1 of 30 is 3: 8 is within reach
        r = self.result(net, f"{table}?target=class&count=1", "--eps", "0.1", "--relative",
                        "--attack", "tabular")
        self.assertEqual(r["found"], 1)

    def test_what_makes_no_sense_is_refused(self):
        net, data = linear(self.dir / "n.onnx", 8.4), self.images()
        small = linear(self.dir / "s.onnx", 1.0, inputs=2)
        for arguments, code, word in (
                ([net, data], 2, "--eps"),
                ([net, data, "--eps", "-1"], 2, "eps"),
                ([net, data, "--eps", "nan"], 2, "eps"),
                ([net, data, "--eps", "0.1", "--attack", "magic"], 2, "magic"),
                ([net, data, "--eps", "0.1", "--norm", "l0"], 2, "l0"),
                ([net, data, "--eps", "inf", "--attack", "pgd"], 2, "finite"),
                ([net, data, "--eps", "0.1", "--set", "steps"], 2, "steps"),
                ([net, data, "--eps", "0.1", "--set", "sleep=1"], 2, "sleep"),
                ([net, data, "--eps", "0.1", "--target", "2"], 2, "target"),
                ([net, data, "--eps", "0.1", "--image", "3,4,4"], 2, "image"),
                ([net, data, "--eps", "0.1", "--range", "1,0"], 2, "range"),
                ([net, data, "--eps", "0.1", "--from", "3"], 3, "no sample"),
                ([net, data, "--eps", "0.1", "--relative"], 2, "no table"),
                ([net, data, "--eps", "0.1", "--picture", "p.jpg"], 2, ".png"),
                ([net, data, "--eps", "0.1", "--out", "x.png"], 2, ".npy"),
                ([small, data, "--eps", "0.1"], 3, "2"),
                ([small, "1,2", "--eps", "0.1", "--picture", self.dir / "p.png"], 2, "image"),
                ([small, self.dir / "none", "--eps", "0.1"], 3, "none")):
            with self.subTest(arguments=arguments):
                self.check_error(vouch("attack", *arguments), code, word)

    def test_a_network_with_one_output_is_no_classifier(self):
        net = dense(self.dir / "n.onnx", [([[1, 1]], [0])])
        self.check_error(vouch("attack", net, "1,2", "--eps", "0.1"), 3, "classifier")


if __name__ == "__main__":
    main()
