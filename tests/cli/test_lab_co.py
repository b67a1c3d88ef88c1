"""vouch lab co: what it says, resuming after a kill, threads, what is refused."""
import json
import subprocess
import time

from cli_support import CliTest, VOUCH, main, vouch

DATA = "builtin:glyphs16?count=260&seed=2"
SMALL = ["--nets", "conv4k4s2 relu fc12 relu", "--held-out", "20", "--samples", "150",
         "--epochs", "2", "--attack-steps", "5", "--eps", "0.1"]
METHODS = "fgsm,n-fgsm,exp-ibp+fgsm,exp-ibp+n-fgsm,mtl-ibp+n-fgsm,forwabs+n-fgsm,elle-a,grad-align"


def plain(value):
    """Without what differs from one run to the next."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != "seconds"}
    return [plain(v) for v in value] if isinstance(value, list) else value


class LabCo(CliTest):
    def study(self, *more, methods="fgsm,n-fgsm", timeout=120):
        return vouch("lab", "co", DATA, *SMALL, "--methods", methods, *more, timeout=timeout)

    def json_of(self, *more, **how):
        done = self.study("--json", "-", *more, **how)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return json.loads(done.stdout)

    def test_every_method_is_trained_and_measured_after_each_epoch(self):
        page, file = self.dir / "co.html", self.dir / "co.json"
        done = self.study("--html", page, "--json", file, methods=METHODS)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        told = json.loads(file.read_text())
        self.check_schema("lab-co", told)
        names = METHODS.split(",")
        self.assertTrue(told["finished"])
        self.assertEqual([g["method"] for g in told["groups"]], names)
        self.assertEqual([r["method"] for r in told["runs"]], names)
        for run in told["runs"]:
            self.assertNotIn("failed", run["result"], run)
            epochs = run["result"]["epochs"]
            self.assertEqual([e["epoch"] for e in epochs], [1, 2])
            for e in epochs:
                self.assertLessEqual(e["pgd"], e["clean"])
                self.assertGreater(e["bound"], 0)
                self.assertGreaterEqual(e["linearity"], 0)
        text = page.read_text()
        for name in names:
            self.assertIn(f"<th scope=\"row\">{name}</th>", text)
        self.assertEqual(text.count("Loss landscapes"), 2 * text.count("Around one sample"))
        self.assertEqual(text.count("Where FGSM rises while PGD falls"),
                         text.count("Around one sample"))
        for title in ("Accuracy under PGD, by time", "Loss of interval bounds"):
            self.assertIn(title, text)
        self.assertRegex(done.stdout, r"(?m)^fgsm +\d")
        self.assertNotIn("http", text.replace("http://www.w3.org", ""))

    def test_radii_networks_and_seeds_are_crossed(self):
        told = self.json_of("--nets", "fc8 relu,conv2 relu", "--eps", "4/255,0.1", "--seeds", "2",
                            "--epochs", "1", methods="fgsm")
        self.assertEqual(len(told["runs"]), 8)
        self.assertEqual(len(told["groups"]), 4)
        self.assertAlmostEqual(told["groups"][0]["eps"], 4 / 255)
        self.assertIsNotNone(told["groups"][0]["pgd"]["half"])
        one, two = told["runs"][0]["result"], told["runs"][4]["result"]
        self.assertIn("after", one)
        self.assertNotIn("after", two)  # landscapes are of the first seed
        self.assertNotEqual(one["epochs"][0]["loss"], two["epochs"][0]["loss"])

    def test_softplus_networks_are_studied_and_what_refuses_them_says_why(self):
        file = self.dir / "co.json"
        done = self.study("--nets", "fc12 softplus", "--eps", "0.05,0.1", "--epochs", "1",
                          "--html", self.dir / "co.html", "--json", file,
                          methods="fgsm,exp-ibp+n-fgsm,elle-a,grad-align,crown-ibp")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        failed = {}
        for run in json.loads(file.read_text())["runs"]:
            failed[run["method"]] = run["result"].get("failed")
            if not failed[run["method"]]:
                self.assertGreater(run["result"]["epochs"][0]["bound"], 0)
        self.assertEqual([m for m, why in failed.items() if why], ["crown-ibp"])
        why = "crown-ibp failed: " + failed["crown-ibp"]
        self.assertEqual(done.stdout.count(why), 2)
        text = (self.dir / "co.html").read_text()
        self.assertIn("Accuracy under FGSM, by radius", text)
        self.assertEqual(text.count("<p>crown-ibp failed: "), 2)

    def test_threads_change_no_figure(self):
        one, two = (plain(self.json_of("--threads", n)) for n in (1, 2))
        self.assertEqual(one, two)

    def test_a_killed_study_goes_on_to_the_same_page(self):
        journal, page = self.dir / "journal", self.dir / "page.html"
        command = [VOUCH, "lab", "co", DATA, *SMALL, "--methods", "fgsm,n-fgsm,rs-fgsm", "--seeds",
                   "2", "--resume", str(journal), "--html", str(page), "--json"]
        lines = 2
        while lines < 7:
            process = subprocess.Popen([*command, self.dir / "k.json"], stdout=subprocess.DEVNULL)
            while process.poll() is None and (
                    not journal.exists() or journal.read_bytes().count(b"\n") < lines):
                time.sleep(.01)
            process.kill()
            process.communicate()
            lines = max(lines, journal.read_bytes().count(b"\n")) + 1
        resumed = self.dir / "r.json"
        subprocess.run([*command, resumed], stdout=subprocess.DEVNULL, check=True)
        whole = self.json_of("--seeds", "2", methods="fgsm,n-fgsm,rs-fgsm")
        self.assertEqual(plain(json.loads(resumed.read_text())), plain(whole))
        was = page.read_bytes(), resumed.read_bytes(), journal.read_bytes()
        subprocess.run([*command, resumed], stdout=subprocess.DEVNULL, check=True)
        self.assertEqual((page.read_bytes(), resumed.read_bytes(), journal.read_bytes()), was)

    def test_a_journal_of_another_study_is_refused(self):
        journal = self.dir / "journal"
        self.json_of("--resume", journal, "--epochs", "1", methods="fgsm")
        for more, word in ((["--epochs", "3"], "training settings"), (["--held-out", "30"], "data")):
            self.check_error(self.study("--resume", journal, "--epochs", "1", *more,
                                        methods="fgsm"), 3, word)

    def test_a_study_is_widened_with_the_runs_of_its_journal(self):
        journal = self.dir / "journal"
        how = ["--resume", journal, "--epochs", "1"]
        first = self.json_of(*how, methods="fgsm")
        wider = self.json_of(*how, "--eps", "0.1,0.2", "--seeds", "2", methods="n-fgsm,fgsm")
        self.assertEqual(len(wider["runs"]), 8)
        self.assertIn(first["runs"][0]["result"], [run["result"] for run in wider["runs"]])
        self.assertEqual(journal.read_bytes().count(b"\n"), 9)

    def test_a_training_that_diverges_is_a_result(self):
        told = self.json_of("--rate", "1e6", "--optimiser", "sgd", "--nets", "fc12 fc12 fc12",
                            methods="standard")
        self.assertRegex(told["runs"][0]["result"]["failed"], "no number|not finite")
        self.assertEqual(told["groups"][0]["failed"], 1)
        self.assertIsNone(told["groups"][0]["pgd"]["mean"])

    def test_what_is_measured_is_the_network_that_vouch_train_makes(self):
        done = vouch("train", DATA, "--loss", "fgsm", "--arch", "conv4k4s2 bn relu fc12 relu",
                     "--eps", "0.1", "--epochs", "2", "--log", "-", "--out", self.dir / "n.onnx")
        self.assertEqual(done.returncode, 0, done.stderr)
        losses = [float(line.split(",")[1]) for line in done.stdout.splitlines()[1:3]]
        told = self.json_of("test=" + DATA, "--samples", "0", "--nets",
                            "conv4k4s2 bn relu fc12 relu", "--held-out", "260", methods="fgsm")
        epochs = told["runs"][0]["result"]["epochs"]
        self.assertEqual([round(e["loss"], 6) for e in epochs], [round(v, 6) for v in losses])
        seen = vouch("eval", self.dir / "n.onnx", DATA, "--count", "260", "--eps", "0.1",
                     "--attack", "fgsm", "--certify", "none", "--json", "-")
        radius = json.loads(seen.stdout)
        self.assertAlmostEqual(epochs[-1]["clean"], radius["right"] / 260)
        self.assertAlmostEqual(epochs[-1]["single"],
                               radius["radii"][0]["attacks"]["fgsm"] / 260)

    def test_bad_requests_are_refused(self):
        for more, code, word in ((["--methods", "alchemy"], 2, "alchemy"),
                                 (["--methods", "exp-ibp points=x"], 2, "points"),
                                 (["--eps", "0.1,0"], 2, "eps"), (["--eps", "1/x"], 2, "eps"),
                                 (["--nets", "conv99k99"], 2, "conv99k99"),
                                 (["--samples", "250"], 3, "260"),
                                 (["--held-out", "260"], 3, "260"),
                                 (["seed=3"], 2, "seed"), (["loss.eps=.2"], 2, "eps"),
                                 (["epochs"], 2, "epochs"),
                                 (["test=builtin:loan?count=400"], 3, "loan"),
                                 (["--seeds", "0"], 2, "seeds"),
                                 (["--html", "x", "--json", "x"], 2, "x")):
            self.check_error(vouch("lab", "co", DATA, *SMALL, *more), code, word)


if __name__ == "__main__":
    main()
