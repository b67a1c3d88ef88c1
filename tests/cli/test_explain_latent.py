"""vouch explain latent: what it says, writes and refuses."""
import json
import pathlib
import tempfile

from cli_support import CliTest, dense, main, vouch

GLYPHS = "builtin:glyphs16?count=30&seed=5"


class Latent(CliTest):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.net = pathlib.Path(temporary.name) / "prototypes.onnx"
        done = vouch("train", "builtin:glyphs16?count=600&seed=1", "--arch",
                     "conv8k3s2p1 relu conv16k3s2p1 relu conv8k3s2p1 sigmoid proto20", "--rate",
                     ".01", "--epochs", "8", "--threads", "1", "--quiet", "--out", cls.net)
        assert done.returncode == 0, done

    def explain(self, *arguments):
        done = vouch("explain", "latent", self.net, *arguments, "--json", "-")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        result = json.loads(done.stdout)
        self.check_schema("explain-latent", result)
        return result

    def points(self, *arguments):
        return self.explain(GLYPHS, "--count", "10", *arguments)["explanations"]

    def sizes(self, *arguments):
        return [e["size"] for e in self.points(*arguments) if e["entailed"]]

    def test_the_help_says_what_holds_without_a_radius(self):
        help = " ".join(vouch("explain", "latent", "--help").stdout.split())
        self.assertRegex(help, r"--eps E .*Without it: what the last activation can give --")
        self.assertIsNone(self.explain(GLYPHS)["meta"]["params"]["eps"])

    def test_pairs_that_are_given_prove_the_class(self):
        one = self.explain(GLYPHS, "--index", "3")
        head, e = one["head"], one["explanations"][0]
        self.assertEqual((head["height"], head["width"], head["dimension"], head["prototypes"]),
                         (2, 2, 8, 20))
        self.assertEqual(len(head["prototype_classes"]), 20)
        self.assertTrue(e["entailed"] and e["irreducible"], e)
        self.assertGreater(e["margin"], 0)
        self.assertEqual(len(e["pairs"]), e["size"])
        self.assertLessEqual(e["size"], e["grown"])
        for component, prototype, low, high in e["pairs"]:
            self.assertTrue(0 <= component < 4 and 0 <= prototype < 20)
            self.assertTrue(0 <= low <= high < low + 1e-9)

    def test_every_way_of_bounding_runs(self):
        for way in ("spheres", "hypersphere", "triangle", "domain", "top"):
            sizes = self.sizes("--bounds", way)
            self.assertGreater(len(sizes), 7, way)
            done = vouch("explain", "latent", self.net, GLYPHS, "--bounds", way)
            self.assertRegex(done.stdout, r"explains +\d+ of (80 pairs|20 prototypes)")

    def test_a_narrow_domain_asks_for_fewer_pairs(self):
        wide, narrow = self.sizes(), self.sizes("--eps", "0.002")
        self.assertLess(sum(narrow), sum(wide))
        self.assertLessEqual(sum(wide), sum(self.sizes("--anywhere")))
        self.assertEqual(sum(self.sizes("--eps", "0")), 0)

    def test_slack_makes_explanations_larger(self):
        pairs = [(a["size"], b["size"]) for a, b in zip(self.points(), self.points("--slack", ".01"))
                 if b["entailed"]]
        self.assertGreater(len(pairs), 3)
        self.assertGreater(sum(b for _, b in pairs), sum(a for a, _ in pairs))

    def test_ways_are_listed(self):
        self.assertRegex(vouch("list", "latent").stdout, r"triangle [^\[]*\[Soria")

    def test_what_does_not_fit_is_refused(self):
        self.check_error(vouch("explain", "latent", self.net, GLYPHS, "--eps", "1", "--anywhere"),
                         2, "exclude each other")
        plain = dense(self.dir / "plain.onnx", [([[1, 0], [0, 1]], [0, 0])])
        self.check_error(vouch("explain", "latent", plain, "0,1"), 3, "no head of prototypes")
        self.check_error(vouch("explain", "latent", self.net, "0,1"), 3, "256 inputs")
        self.check_error(vouch("explain", "latent", self.net, GLYPHS, "--slack", "-1"), 2, "slack")


if __name__ == "__main__":
    main()
