"""vouch explain formal: what it says, writes and refuses."""
import json
import re
import signal
import subprocess
import time

from cli_support import VOUCH, CliTest, dense, main, random_net, vouch, wait_for_handler


def four(path):
    """Class 0 wins by 1 + x0 - x1 over class 1; x2 and x3 do nothing."""
    return dense(path, [([[1, -1, 0, 0], [0, 0, 0, 0]], [1, 0])])


class Contrastive(CliTest):
    def explain(self, *arguments):
        done = vouch("explain", "contrastive", *arguments, "--json", "-")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        result = json.loads(done.stdout)
        self.check_schema("explain-contrastive", result)
        return result["explanations"][0]["certificate"]

    def test_the_fewest_changes_are_found_with_a_witness(self):
        net = dense(self.dir / "m.onnx", [([[2, 1, 1], [0, 0, 0]], [1.5, 0])])
        c = self.explain(net, "0,0,0", "--eps", "1")["contrastive"]
        self.assertTrue(c["smallest"])
        self.assertEqual((c["at_least"], c["sets"][0]["features"], c["sets"][0]["class"]), (1, [0], 1))
        self.assertLess(1.5 + 2 * dict(c["sets"][0]["changes"])[0], 0)
        done = vouch("explain", "contrastive", net, "0,0,0", "--eps", "1")
        self.assertRegex(done.stdout, r"smallest   changing \{0\} alone makes it 1; proved: no fewer")
        self.assertRegex(done.stdout, r"\n  0 +0 -> -\S+\n")

    def test_all_minimal_sets_are_listed(self):
        net = dense(self.dir / "m.onnx", [([[2, 1, 1], [0, 0, 0]], [1.5, 0])])
        told = self.explain(net, "0,0,0", "--eps", "1", "--all")
        sets = {kind: sorted(s["features"] for s in told[kind]["sets"])
                for kind in ("contrastive", "abductive")}
        self.assertEqual(sets, {"contrastive": [[0], [1, 2]], "abductive": [[0, 1], [0, 2]]})
        self.assertTrue(all(told[kind]["all"] and told[kind]["smallest"] for kind in sets))
        done = vouch("explain", "contrastive", net, "0,0,0", "--eps", "1", "--all")
        self.assertIn("abductive   2 sets, all minimal ones, proved\n", done.stdout)
        self.assertIn("  {1, 2} makes it 1\n", done.stdout)
        told = self.explain(net, "0,0,0", "--eps", "1", "--all", "--most", "1")
        self.assertFalse(told["contrastive"]["all"])

    def test_that_no_change_does_is_proved(self):
        net = four(self.dir / "n.onnx")
        point = "0.2,0.3,0.4,0.5"
        self.assertTrue(self.explain(net, point, "--eps", "0.1")["contrastive"]["none"])
        self.assertIn("none       proved", vouch("explain", "contrastive", net, point, "--eps",
                                                 "0.1").stdout)

    def test_bounds_and_walks_come_before_searches(self):
        net = self.dir / "n.onnx"
        done = vouch("train", "builtin:glyphs16?count=600", "--arch", "fc24 relu fc24 relu",
                     "--epochs", "4", "--threads", "1", "--out", net, "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        for budget in (4, 16, 64):  # a busy machine has not come so far so soon
            c = self.explain(net, "builtin:glyphs16?count=1&seed=3", "--eps", "0.1", "--groups",
                             "patch", "--limit", "90", "--budget", budget)["contrastive"]
            if c["at_least"] >= 2:
                break
        self.assertGreater(len(c["sets"]), 0)
        self.assertGreaterEqual(c["at_least"], 2)

    def test_ties_are_no_win_to_the_exact_oracle(self):
        net = four(self.dir / "n.onnx")  # at 0, 1 class 0 is as good as class 1
        c = self.explain(net, "0,0,0,0", "--eps", "1", "--oracle", "exact", "--all")
        self.assertEqual(sorted(s["features"] for s in c["contrastive"]["sets"]), [[0], [1]])
        self.assertTrue(c["contrastive"]["all"])

    def test_what_makes_no_sense_is_refused(self):
        net = four(self.dir / "n.onnx")
        self.check_error(vouch("explain", "contrastive", net, "0,0,0,0"), 2, "--eps is missing")
        self.check_error(vouch("explain", "contrastive", net, "0,0,0,0", "--eps", "1",
                               "--strategy", "verix"), 2, "strategy")
        done = vouch("explain", "contrastive", net, "0,1,0,0", "--eps", "0.1")
        self.assertIn("undecided", done.stdout)

    def test_a_change_of_many_inputs_is_told_as_one(self):
        net = four(self.dir / "n.onnx")
        done = vouch("explain", "contrastive", net, "0.2,0.3,0.4,0.5", "--eps", "1", "--groups",
                     "patch", "--patch", "2", "--image", "1,2,2")
        self.assertRegex(done.stdout, r"\n  0 +[234] of 4 inputs change, by at most [0-9.]+\n")

    def test_a_record_is_told_in_words(self):
        net = self.dir / "loan.onnx"
        done = vouch("train", "builtin:loan?count=400", "--arch", "fc8 relu", "--epochs", "2",
                     "--out", net, "--quiet")
        self.assertEqual(done.returncode, 0, done)
        done = vouch("explain", "contrastive", net, "builtin:loan?count=5", "--eps", "inf", "--all")
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"smallest   changing \{\w+\} alone makes it (yes|no); proved")


class Formal(CliTest):
    def explain(self, *arguments):
        done = vouch("explain", "formal", *arguments, "--json", "-")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        result = json.loads(done.stdout)
        self.check_schema("explain-formal", result)
        return result

    def test_explainers_are_listed(self):
        done = vouch("explain")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"formal +which features provably do not matter")
        self.check_error(vouch("explain", "sadly"), 2, "no explainer 'sadly'")

    def test_no_two_options_have_one_name(self):
        names = re.findall(r"^ +--(?:\[no-\])?([a-z-]+)", vouch("explain", "formal", "--help").stdout,
                           re.M)
        self.assertGreater(len(names), 15)
        self.assertEqual(len(names), len(set(names)), names)

    def test_features_are_what_the_geometry_says(self):
        net = four(self.dir / "n.onnx")
        one = self.explain(net, "0.2,0.3,0.4,0.5", "--eps", "1", "--range", "0,1")
        e = one["explanations"][0]
        self.assertEqual(e["certificate"]["irrelevant"][-2:], [2, 3])
        self.assertEqual(one["shape"], [1, 4, 1])
        self.assertTrue(e["certificate"]["decided"])
        e = self.explain(net, "0.2,0.9,0.4,0.5", "--eps", "2")["explanations"][0]
        c = e["certificate"]
        self.assertEqual((c["irrelevant"], c["relevant"], c["minimal"]), ([2, 3], [0, 1], True))
        self.assertEqual(e["values"], [1, 1, 0, 0])
        for w in c["witnesses"]:
            x = [.2, .9, .4, .5]
            for i, v in w["changes"]:
                x[i] = v
            self.assertLess(1 + x[0] - x[1], 0)
            self.assertEqual(w["class"], 1)

    def test_every_strategy_and_oracle_runs(self):
        net = four(self.dir / "n.onnx")
        for strategy in ("batched", "verix", "binary", "quickxplain", "minimum"):
            for oracle in ("interval", "crown", "alpha", "complete", "exact"):
                c = self.explain(net, "0.2,0.9,0.4,0.5", "--eps", "2", "--strategy", strategy,
                                 "--oracle", oracle)["explanations"][0]["certificate"]
                self.assertEqual(c["irrelevant"], [2, 3], (strategy, oracle))

    def test_a_network_that_is_too_large_for_the_exact_search_is_told(self):
        large = random_net(self.dir / "r.onnx", inputs=2, width=401, depth=1, outputs=2)
        arguments = ("0.5,0.5", "--eps", "1", "--oracle", "exact", "--attack-steps", "0")
        c = self.explain(large, *arguments)["explanations"][0]["certificate"]
        self.assertGreater(len(c["unknown"]), 0)
        self.assertIn("too large", c["unsuited"])
        said = vouch("explain", "formal", large, *arguments).stdout
        self.assertRegex(said, r"\nunsuited   exact search: the network is too large")
        self.assertNotIn("within --limit", said)
        said = vouch("explain", "contrastive", large, *arguments).stdout
        self.assertIn("\nunsuited   exact search:", said)
        said = vouch("explain", "compare", large, *arguments).stdout
        self.assertIn("\nunsuited   r.onnx: exact search:", said)
        small = four(self.dir / "n.onnx")
        c = self.explain(small, "0.2,0.9,0.4,0.5", "--eps", "2", "--oracle",
                         "exact")["explanations"][0]["certificate"]
        self.assertIsNone(c["unsuited"])

    def test_the_strategy_minimum_says_how_few_features_can_do(self):
        net = self.dir / "m.onnx"  # x0 alone, or x1 and x2 together, can undo 1
        dense(net, [([[2, 1, 1], [0, 0, 0]], [1.5, 0])])
        point = "0,0,0"
        c = self.explain(net, point, "--eps", "1", "--strategy",
                         "minimum")["explanations"][0]["certificate"]
        self.assertIn(c["relevant"], ([0, 1], [0, 2]))
        self.assertEqual((c["at_least"], c["minimal"]), (2, True))
        done = vouch("explain", "formal", net, point, "--eps", "1", "--strategy", "minimum")
        self.assertIn("smallest   yes, proved: fewer than 2 features never do", done.stdout)
        self.assertIn("oracle complete", done.stdout)
        done = vouch("explain", "formal", net, point, "--eps", "1", "--strategy", "minimum",
                     "--oracle", "interval")
        self.assertIn("oracle interval", done.stdout)

    def test_each_feature_may_have_its_own_radius(self):
        net, point = four(self.dir / "n.onnx"), "0.2,0.9,0.4,0.5"
        e = self.explain(net, point, "--radii", "0,2,1,1")["explanations"][0]["certificate"]
        self.assertEqual((e["relevant"], e["fixed"]), ([1], [0]))
        (self.dir / "r.txt").write_text("2 0\n1 1\n")
        one = self.explain(net, point, "--radii", self.dir / "r.txt")
        self.assertEqual(one["explanations"][0]["certificate"]["relevant"], [0])
        self.assertEqual(one["meta"]["params"]["radii"], [2, 0, 1, 1])
        one = self.explain(net, point, "--radii", "0,inf,1,1", "--range", "0,3")
        self.assertEqual(one["explanations"][0]["certificate"]["relevant"], [1])
        self.assertEqual(one["meta"]["params"]["radii"], [0, "inf", 1, 1])
        self.check_error(vouch("explain", "formal", net, point, "--radii", "0,inf,1,1"), 2,
                         "--radii inf", "--range")
        self.check_error(vouch("explain", "formal", net, point, "--radii", "1,2"), 3,
                         "each of the 4 features")
        self.check_error(vouch("explain", "formal", net, point, "--radii", "1,2,3,-1"), 2,
                         "below 0")
        self.check_error(vouch("explain", "formal", net, point, "--radii", "1,2,3,1", "--eps",
                               "1"), 2, "exclude each other")
        self.check_error(vouch("explain", "formal", net, point, "--radii", "1,2,3,nan"), 3,
                         "--radii: ")

    def test_radii_are_not_given_to_features_of_another_point(self):
        net = self.dir / "n.onnx"
        done = vouch("train", "builtin:glyphs16?count=200", "--arch", "fc8 relu", "--epochs",
                     "1", "--threads", "1", "--out", net, "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_error(vouch("explain", "formal", net, "builtin:glyphs16?count=9", "--count",
                               "9", "--groups", "superpixel", "--radii", "1,2"), 2,
                         "different features")

    def test_settings_of_other_groups_are_refused(self):
        net, point = four(self.dir / "n.onnx"), "0.2,0.9,0.4,0.5"
        for command in ("formal", "contrastive", "compare"):
            for option in ("patch", "bandwidth", "lambda"):
                self.check_error(vouch("explain", command, net, point, "--eps", "1",
                                       f"--{option}", "2"), 2,
                                 f"--{option} is of --groups", "not of auto")
        self.check_error(vouch("explain", "formal", net, point, "--eps", "1", "--image", "1,2,2",
                               "--groups", "superpixel", "--patch", "2"), 2,
                         "--patch is of --groups patch, not of superpixel")

    def test_the_query_is_a_property_that_verify_proves(self):
        net, query = four(self.dir / "n.onnx"), self.dir / "why.vnnlib"
        done = vouch("explain", "formal", net, "0.2,0.9,0.4,0.5", "--eps", "2", "--query", query)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("irrelevant 2 of 4", done.stdout)
        done = vouch("verify", net, query, "--require", "unsat")
        self.assertEqual(done.returncode, 0, done)

    def test_what_is_found_in_few_passes_is_proved_again_and_no_less_than_one_by_one(self):
        net, out, query = self.dir / "n.onnx", self.dir / "e.json", self.dir / "why.vnnlib"
        done = vouch("train", "builtin:glyphs16?count=600", "--arch", "fc24 relu fc24 relu",
                     "--epochs", "4", "--threads", "1", "--out", net, "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = {}
        for strategy in ("batched", "verix"):
            done = vouch("explain", "formal", net, "builtin:glyphs16?count=1&seed=3", "--eps",
                         "0.1", "--strategy", strategy, "--oracle", "crown", "--attack-steps", "0",
                         "--json", out, "--query", query)
            self.assertEqual(done.returncode, 0, done.stderr)
            told[strategy] = json.loads(out.read_text())["explanations"][0]
            done = vouch("verify", net, query, "--require", "unsat", "--timeout", "60")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        found, calls = ({k: f(e) for k, e in told.items()}
                        for f in (lambda e: len(e["certificate"]["irrelevant"]),
                                  lambda e: sum(e["evaluations"].values())))
        self.assertGreater(found["verix"], 20)
        self.assertGreaterEqual(found["batched"], 0.95 * found["verix"])
        self.assertLess(5 * calls["batched"], calls["verix"])

    def test_images_are_drawn_and_a_page_is_written(self):
        net = dense(self.dir / "i.onnx", [([[1] * 16, [0] * 16], [1, 0])])
        svg, page = self.dir / "p.svg", self.dir / "p.html"
        point = ",".join(["0.5"] * 16)
        done = vouch("explain", "formal", net, point, "--eps", "0.6", "--image", "1,4,4",
                     "--picture", svg, "--html", page)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(svg.read_text().count("<rect"), 1 + 1 + 3 + 2 * 16)
        self.assertIn("irrelevant", svg.read_text())
        self.assertIn("What was asked", page.read_text())
        self.check_error(vouch("explain", "formal", net, point, "--eps", "1", "--picture", svg),
                         2, "no images")
        self.check_error(vouch("explain", "formal", net, point, "--eps", "1", "--picture",
                               self.dir / "p.gif"), 2, ".svg")

    def test_a_record_is_told_in_words(self):
        net = self.dir / "loan.onnx"
        done = vouch("train", "builtin:loan?count=400", "--arch", "fc8 relu", "--epochs", "2",
                     "--out", net, "--quiet")
        self.assertEqual(done.returncode, 0, done)
        done = vouch("explain", "formal", net, "builtin:loan?count=5", "--eps", "0.1",
                     "--relative", "--oracle", "complete")
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"\d+ of \d+ fields decide; \d+ that may change provably")
        self.assertRegex(done.stdout, r"\n  sex +\S+ +fixed\n")
        self.assertRegex(done.stdout, r"\n  \w+ +\S+ +(ir)?relevant|unknown")

    def test_what_makes_no_sense_is_refused(self):
        net = four(self.dir / "n.onnx")
        point = "0.2,0.9,0.4,0.5"
        self.check_error(vouch("explain", "formal", net, point), 2, "--eps is missing")
        self.check_error(vouch("explain", "formal", net, point, "--eps", "inf"), 2,
                         "valid range")
        self.check_error(vouch("explain", "formal", net, point, "--eps", "1", "--groups",
                               "column"), 2, "needs the columns of a table")
        self.check_error(vouch("explain", "formal", net, "1,2", "--eps", "1"), 3, "has 2 input")
        self.check_error(vouch("explain", "formal", net, point, "--eps", "1", "--strategy",
                               "guess"), 2, "strategy")
        self.check_error(vouch("explain", "formal", net, "builtin:glyphs16?count=2", "--eps",
                               "1"), 3, "256")

    def test_a_point_between_classes_is_undecided(self):
        net = four(self.dir / "n.onnx")
        done = vouch("explain", "formal", net, "0,1,0,0", "--eps", "0.1")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("undecided", done.stdout)

    def test_the_budget_ends_the_run_with_what_is_known(self):
        net = random_net(self.dir / "r.onnx", inputs=40, width=200, outputs=5)
        begun = time.time()
        e = self.explain(net, ",".join(["0.5"] * 40), "--eps", "3", "--oracle", "complete",
                         "--strategy", "verix", "--limit", "60", "--budget",
                         "1")["explanations"][0]
        self.assertLess(time.time() - begun, 30)
        self.assertTrue(e["certificate"]["out_of_time"])

    def test_a_budget_that_ends_early_still_bounds_the_fewest(self):
        net = random_net(self.dir / "r.onnx", inputs=40, width=200, outputs=5)
        point = ",".join(["0.5"] * 40)
        c = self.explain(net, point, "--eps", "3", "--strategy", "minimum", "--limit", "60",
                         "--budget", "2")["explanations"][0]["certificate"]
        self.assertTrue(c["out_of_time"])
        self.assertIsNotNone(c["at_least"])
        self.assertEqual(len(c["irrelevant"]) + len(c["relevant"]) + len(c["unknown"]), 40)
        done = vouch("explain", "formal", net, point, "--eps", "3", "--strategy", "minimum",
                     "--budget", "2")
        self.assertRegex(done.stdout, r"smallest   not proved: between \d+ and \d+ features")
        self.assertIn("neither was shown within --limit and --budget", done.stdout)

    def test_superpixels_say_which_inputs_they_hold(self):
        net = self.dir / "n.onnx"
        done = vouch("train", "builtin:glyphs16?count=200", "--arch", "fc8 relu", "--epochs",
                     "1", "--threads", "1", "--out", net, "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = self.explain(net, "builtin:glyphs16?count=3", "--count", "3", "--eps", "0.1",
                            "--groups", "superpixel", "--attack-steps", "0")
        sizes = [len(e["values"]) for e in told["explanations"]]
        self.assertEqual(told["shape"][1], max(sizes))
        self.assertEqual(len(told["feature_names"]), max(sizes))
        for e, size in zip(told["explanations"], sizes):
            self.assertEqual((len(e["feature_of"]), set(e["feature_of"])), (256, set(range(size))))

    def test_a_first_set_that_is_far_too_large_does_not_end_the_batched_search(self):
        found = {"batched": [], "verix": []}
        net = random_net(self.dir / "r.onnx", inputs=40, width=100, outputs=5)
        for strategy, sizes in found.items():
            for eps in ("0.05", "0.1", "0.2"):
                told = self.explain(net, ",".join(["0.5"] * 40), "--eps", eps, "--strategy",
                                    strategy, "--oracle", "crown", "--attack-steps", "0")
                sizes.append(len(told["explanations"][0]["certificate"]["irrelevant"]))
        self.assertGreater(min(found["verix"]), 0)
        for batched, verix in zip(*found.values()):
            self.assertGreaterEqual(batched, verix - 1, found)

    def test_an_interrupted_run_says_what_is_proved(self):
        net, out = random_net(self.dir / "r.onnx", inputs=40, width=200, outputs=5), self.dir / "o"
        query = self.dir / "q.vnnlib"
        with subprocess.Popen([VOUCH, "explain", "formal", str(net), ",".join(["0.5"] * 40),
                               "--eps", "3", "--oracle", "complete", "--limit", "60", "--query",
                               str(query), "--json", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as run:
            wait_for_handler(run)
            time.sleep(2)
            run.send_signal(signal.SIGINT)
            text, _ = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 5, text)
        self.assertIn("interrupted", text)
        self.assertTrue(json.loads(out.read_text())["interrupted"])
        self.assertIn("declare-const", query.read_text())


if __name__ == "__main__":
    main()
