"""vouch lab tradeoff: what it says, its order of accuracies, resuming, what is refused."""
import json

from cli_support import CliTest, main, vouch

DATA = "builtin:glyphs16?count=260&seed=2"
SMALL = ["--nets", "fc12 relu", "--held-out", "40", "--samples", "200", "--epochs", "2", "--eps",
         "0.02", "--attack", "pgd steps=5 restarts=1"]


class LabTradeoff(CliTest):
    def study(self, *more):
        return vouch("lab", "tradeoff", DATA, *SMALL, *more)

    def json_of(self, *more):
        done = self.study("--json", "-", *more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        told = json.loads(done.stdout)
        self.check_schema("lab-tradeoff", told)
        return told

    def test_every_value_is_trained_and_accuracies_are_in_order(self):
        page, file = self.dir / "t.html", self.dir / "t.json"
        done = self.study("--values", "0.1,0.5,1", "--methods", "mtl-ibp,exp-ibp", "--seeds", "2",
                          "--html", page, "--json", file)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        told = json.loads(file.read_text())
        self.check_schema("lab-tradeoff", told)
        self.assertEqual(len(told["runs"]), 12)
        self.assertEqual([(g["method"], g["value"]) for g in told["groups"]],
                         [(m, v) for m in ("mtl-ibp", "exp-ibp") for v in ("0.1", "0.5", "1")])
        for run in told["runs"]:
            r = run["result"]
            self.assertGreaterEqual(r["clean"], r["empirical"])
            self.assertGreaterEqual(r["empirical"], r["certified"])
        ends = [run["result"]["epochs"][-1]["loss"] for run in told["runs"]
                if (run["value"], run["seed"]) == ("1", 1)]
        self.assertAlmostEqual(*ends, places=4)  # both are IBP there
        text = page.read_text()
        self.assertIn("How much each method depends on the value", text)
        for words in ("What alpha trades", "Certified over standard accuracy", "log10"):
            self.assertEqual(words in text, words != "log10", words)
        self.assertRegex(done.stdout, r"(?m)^exp-ibp +0.5 +\d")

    def test_radii_regularisers_and_keys_can_be_swept(self):
        told = self.json_of("--sweep", "eps", "--values", "0,8/255", "--methods", "n-fgsm",
                            "--certify", "interval")
        rates = [run["result"]["epochs"][-1]["eps"] for run in told["runs"]]
        self.assertEqual(rates, [0, 8 / 255])
        told = self.json_of("--sweep", "coefficient", "--values", "1e-9,1e-3", "--methods",
                            "n-fgsm + forwabs", "--certify", "none")
        one, two = (run["result"]["epochs"][-1]["loss"] for run in told["runs"])
        self.assertNotEqual(one, two)
        self.assertEqual(told["runs"][0]["result"]["certified"], 0)
        told = self.json_of("--sweep", "rate", "--values", "1e-4,1e-2", "--schedule", "constant",
                            "--methods", "standard")
        self.assertEqual([run["result"]["epochs"][0]["rate"] for run in told["runs"]],
                         [1e-4, 1e-2])

    def test_several_radii_end_in_a_table_of_the_best_values_of_all(self):
        page = self.dir / "t.html"
        done = self.study("--sweep", "share", "--values", "0.4,0.9", "--methods", "sabr", "--eps",
                          "0.01,4/255", "--epochs", "1", "--html", page)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        last = page.read_text().split("All networks and radii")[1].split("</table>")[0]
        self.assertEqual([last.count(f"<td>{eps}</td>") for eps in ("0.01", "4/255")], [1, 1])

    def test_a_finished_study_gives_the_same_page_again(self):
        journal, page = self.dir / "journal", self.dir / "page.html"
        seen = []
        for _ in range(2):
            done = self.study("--values", "0.5,1", "--resume", journal, "--html", page)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done)
            seen.append((page.read_bytes(), journal.read_bytes()))
        self.assertEqual(*seen)
        self.assertEqual(self.study("--values", "0.5", "--resume", journal).returncode, 0)
        self.assertEqual(journal.read_bytes(), seen[0][1])

    def test_bad_requests_are_refused(self):
        for more, code, word in ((["--sweep", "wings"], 2, "wings"),
                                 (["--values", "0.1,2"], 2, "alpha"),
                                 (["--values", "0.1,0.1"], 2, "values"),
                                 (["--attack", "alchemy"], 2, "alchemy"),
                                 (["--attack", ""], 2, "attack"),
                                 (["--attack", "pgd steps=0"], 2, "steps"),
                                 (["--certify", "oracle"], 2, "certify"),
                                 (["--methods", "fgsm"], 2, "alpha"),
                                 (["--sweep", "seed", "--values", "1"], 2, "seed")):
            self.check_error(self.study(*more), code, word)


if __name__ == "__main__":
    main()
