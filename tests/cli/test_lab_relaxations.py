"""vouch lab relaxations: what it says, what must hold between figures, resuming, refusals."""
import json

from cli_support import CliTest, main, vouch

DATA = "builtin:glyphs16?count=260&seed=2"
SMALL = ["--nets", "fc12 relu fc12 relu", "--held-out", "10", "--samples", "200", "--epochs", "2",
         "--eps", "0.02", "--lines", "2", "--points", "16", "--line-samples", "2",
         "--attack-steps", "5"]


def plain(value):
    """Without what differs from one run to the next."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != "seconds"}
    return [plain(v) for v in value] if isinstance(value, list) else value


class LabRelaxations(CliTest):
    def study(self, *more):
        return vouch("lab", "relaxations", DATA, *SMALL, *more)

    def json_of(self, *more):
        done = self.study("--json", "-", *more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        told = json.loads(done.stdout)
        self.check_schema("lab-relaxations", told)
        return told

    def test_every_relaxation_is_measured_after_each_epoch(self):
        page, file = self.dir / "r.html", self.dir / "r.json"
        done = self.study("--methods", "standard,crown", "--html", page, "--json", file)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        told = json.loads(file.read_text())
        self.check_schema("lab-relaxations", told)
        names = [r["name"] for r in told["relaxations"]]
        self.assertEqual([(g["method"], g["relaxation"]) for g in told["groups"]],
                         [(m, n) for m in ("standard", "crown") for n in names])
        for run in told["runs"]:
            for epoch in run["result"]["epochs"]:
                loose = epoch["interval"]
                for name in names:
                    tight = epoch[name]
                    self.assertLessEqual(loose["certified"], tight["certified"])
                    self.assertLessEqual(tight["certified"], epoch["pgd"])
                    self.assertLessEqual(loose["radius"], tight["radius"])
                    self.assertGreaterEqual(loose["gap"], tight["gap"])
                    self.assertGreaterEqual(tight["gap"], -1e-5)  # PGD computes in float32
                    self.assertGreaterEqual(tight["jumps"], 0)
                    self.assertLess(tight["bend"], 1)
            self.assertEqual([len(run["result"]["line"][n]) for n in names], [17] * len(names))
        text = page.read_text()
        for words in ("standard, epoch 2: losses along a line", "crown: degree",
                      "crown intermediate=interval"):
            self.assertIn(words, text)
        self.assertNotIn("http", text.replace("http://www.w3.org", ""))
        self.assertRegex(done.stdout, r"(?m)^crown +interval +\d")

    def test_threads_change_no_figure_and_a_finished_study_is_not_done_again(self):
        journal = self.dir / "journal"
        how = ["--methods", "ibp", "--relaxations", "interval,crown intermediate=symbolic",
               "--seeds", "2"]
        one = self.json_of(*how, "--threads", "1", "--resume", journal)
        was = journal.read_bytes()
        self.assertEqual(plain(self.json_of(*how, "--threads", "2")), plain(one))
        self.assertEqual(self.json_of(*how, "--threads", "1", "--resume", journal), one)
        self.assertEqual(journal.read_bytes(), was)
        self.assertNotIn("line", one["runs"][1]["result"])  # of the first seed alone
        self.check_error(self.study(*how, "--reach", "0.2", "--resume", journal), 3, "reach")

    def test_bad_requests_are_refused(self):
        for more, code, word in ((["--relaxations", "alchemy"], 2, "alchemy"),
                                 (["--relaxations", "crown,crown"], 2, "twice"),
                                 (["--relaxations", "crown intermediate=x"], 2, "intermediate"),
                                 (["--points", "17"], 2, "points"), (["--reach", "0"], 2, "reach"),
                                 (["--lines", "0"], 2, "lines")):
            self.check_error(self.study(*more), code, word)


if __name__ == "__main__":
    main()
