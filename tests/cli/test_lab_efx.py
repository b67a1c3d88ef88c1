"""vouch lab efx and vouch eval --efx: what they count, resuming, what is refused."""
import json
import signal
import subprocess
import time

from cli_support import VOUCH, CliTest, dense, main, random_net, vouch


def margin(path, weights, bias):
    """Class no where weights x + bias > 0, else yes."""
    return dense(path, [([weights, [0] * len(weights)], [bias, 0])])


class LabEfx(CliTest):
    def setUp(self):
        super().setUp()
        self.two = margin(self.dir / "two.onnx", [1, -1, 0, 0], 0)
        self.all = margin(self.dir / "all.onnx", [1, 1, 1, 1], -1.9)
        table = self.dir / "t.csv"
        table.write_text("a,b,c,d,class\n.9,.1,.5,.5,no\n.65,.35,.5,.5,no\n.55,.45,.5,.5,no\n"
                         ".9,.1,.5,.5,yes\n1,0,0,0,no\n0,1,1,1,yes\n")
        self.table = f"{table}?target=class"

    def study(self, *more):
        done = vouch("lab", "efx", self.table, *more, "--attack", "tabular", "--json", "-")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        told = json.loads(done.stdout)
        self.check_schema("lab-efx", told)
        return told

    def test_counts_are_those_of_the_geometry(self):
        told = self.study(f"{self.two}=two", f"{self.all}=all", f"{self.two}=two", "--eps",
                          "0.01,1/5", "--explain", "3", "--orders", "index,gradient")
        two, other, _ = told["networks"]
        self.assertEqual((two["points"], two["right"], other["right"]), (6, 5, 3))
        small, large = two["radii"]
        self.assertEqual((small["efx"], large["efx"], large["explained"]), (0, 2, 3))
        self.assertEqual(large["each"], [4, 3, 2])
        self.assertEqual(large["attacks"]["tabular"], {"withstood": 1, "efx": 2})
        self.assertEqual(other["radii"][1]["each"][0], 0)
        self.assertEqual([(g["label"], g["networks"]) for g in told["groups"]],
                         [("two", 2), ("all", 1)])
        self.assertEqual(told["groups"][0]["radii"][1]["irrelevant"], {"mean": 3, "half": 0})
        self.assertIsNone(told["groups"][1]["accuracy"]["half"])
        self.assertEqual(set(two["orders"]), {"index", "gradient"})

    def test_wrong_points_are_explained_from_the_own_decision(self):
        options = (f"{self.two}=two", f"{self.all}=all", "--eps", "1/5")
        right, every = self.study(*options, "--explain", "0"), self.study(*options, "--wrong")
        for told, efx in ((right, 2 / 6), (every, 2 / 6)):
            self.assertAlmostEqual(told["groups"][0]["radii"][0]["efx_inputs"]["mean"], efx)
        self.assertEqual([n["radii"][0]["explained"] for n in right["networks"]], [5, 3])
        self.assertEqual([n["radii"][0]["explained"] for n in every["networks"]], [6, 6])
        self.assertEqual(every["networks"][0]["radii"][0]["each"], [4, 3, 2, 4, 4, 4])
        self.assertEqual([n["right"] for n in every["networks"]], [5, 3])

    def test_eval_counts_the_same(self):
        done = vouch("eval", self.two, self.table, "--eps", "0.01,1/5", "--attack", "tabular",
                     "--efx", "--json", "-")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        told = json.loads(done.stdout)
        self.check_schema("eval", told)
        self.assertEqual([r["efx"]["efx"] for r in told["radii"]], [0, 2])
        self.assertEqual(told["radii"][1]["efx"]["attacks"]["tabular"], 2)
        self.assertEqual([p["irrelevant"][1] for p in told["each"]], [4, 3, 2, None, 4, 4])
        page = self.dir / "e.html"
        done = vouch("eval", self.two, self.table, "--eps", "0.2", "--attack", "tabular", "--efx",
                     "--html", page)
        self.assertRegex(done.stdout, r"\nEFX +2 of 5, 40\.00 %")
        self.assertIn("Empirically formally explainable", page.read_text())

    def test_tables_are_told_which_attack_takes_them(self):
        for command in (("eval", self.two, self.table, "--efx"), ("lab", "efx", self.table, self.two)):
            self.check_error(vouch(*command, "--eps", "0.1", "--quiet"), 2,
                             "does not keep the rules of tables; what does is: tabular")

    def test_settings_of_other_groups_are_refused(self):
        for option, grouping in (("patch", "patch"), ("bandwidth", "superpixel")):
            self.check_error(vouch("lab", "efx", self.table, self.two, "--eps", "0.1",
                                   f"--{option}", "2"), 2,
                             f"--{option} is of --groups {grouping}, not of auto")

    def test_radii_have_to_be_above_0(self):
        for eps in ("0", "-1", "0.2,0.1"):
            self.check_error(vouch("lab", "efx", self.table, self.two, "--eps", eps), 2,
                             "above 0, each above the one before")

    def test_a_page_has_tables_curves_and_settings(self):
        page = self.dir / "p.html"
        done = vouch("lab", "efx", self.table, f"{self.two}=two", self.all, "--eps", "0.05,0.2",
                     "--attack", "tabular", "--orders", "index,random", "--html", page)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        self.assertRegex(done.stdout, r"\ntwo +1 +83\.33 ")
        text = page.read_text()
        for words in ("By radius", "Orders of traversal", "EFX, %", "What was run",
                      "--order-strategy"):
            self.assertIn(words, text)
        self.assertNotIn("http", text.replace("http://www.w3.org", ""))

    def test_a_killed_study_goes_on_and_is_widened(self):
        net, journal = self.glyphs(), self.dir / "j"
        words = ["lab", "efx", "builtin:glyphs16?count=40", net, "--count", "40", "--attack",
                 "pgd", "--json", "-", "--quiet"]
        whole = json.loads(vouch(*words, "--eps", "0.02,0.05").stdout)
        with subprocess.Popen([VOUCH, *map(str, words), "--eps", "0.02", "--resume", journal],
                              stdout=subprocess.DEVNULL) as run:
            for _ in range(1000):
                if journal.exists() and journal.read_text().count("explain") > 1:
                    break
                time.sleep(.005)
            run.send_signal(signal.SIGKILL)
        again = vouch(*words, "--eps", "0.02,0.05", "--resume", journal)
        self.assertEqual(again.returncode, 0, again)

        def plain(told):
            return [{k: v for k, v in r.items() if k != "cpu_seconds"}
                    for n in told["networks"] for r in n["radii"]]
        self.assertEqual(plain(json.loads(again.stdout)), plain(whole))
        self.check_error(vouch(*words, "--eps", "0.02", "--oracle", "crown", "--resume", journal),
                         3, "oracle")

    def glyphs(self):
        net = self.dir / "g.onnx"
        done = vouch("train", "builtin:glyphs16?count=300", "--arch", "fc16 relu", "--epochs", "4",
                     "--rate", "3e-3", "--out", net, "--quiet")
        self.assertEqual(done.returncode, 0, done)
        return net

    def test_bad_requests_are_refused(self):
        other = random_net(self.dir / "r.onnx")
        for words, code, word in (
                ((self.two,), 2, "--eps"),
                ((self.two, "--eps", "0.2,0.1"), 2, "0.1"),
                ((self.two, "--eps", "0"), 2, "'0'"),
                ((self.two, "--eps", "0.1", "--attack", "magic"), 2, "magic"),
                ((self.two, "--eps", "0.1", "--attack", "none"), 2, "name an attack"),
                ((self.two, "--eps", "0.1", "--orders", "index,index"), 2, "twice"),
                ((self.two, "--eps", "0.1", "--orders", "alphabet"), 2, "alphabet"),
                ((f"{self.two}=", "--eps", "0.1"), 2, "NET=LABEL"),
                ((self.dir / "no.onnx", "--eps", "0.1"), 3, "no.onnx"),
                ((self.two, other, "--eps", "0.1", "--attack", "tabular"), 3, "r.onnx"),
                ((self.two, "--eps", "0.1", "--json", self.two), 2, "network")):
            self.check_error(vouch("lab", "efx", self.table, *words), code, word)
        for words, word in ((("--efx",), "--eps"),
                            (("--efx", "--eps", "1", "--norm", "l2", "--attack", "pgd"), "linf")):
            self.check_error(vouch("eval", self.two, self.table, *words), 2, word)


if __name__ == "__main__":
    main()
