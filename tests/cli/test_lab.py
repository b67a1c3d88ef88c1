"""vouch lab: its list of studies, loss landscapes, what is refused."""
import json
import xml.etree.ElementTree

from cli_support import CliTest, dense, main, random_net, vouch


class Lab(CliTest):
    def linear(self, name, slope=1):
        """y_0 = 0, y_1 = slope (x_0 + x_1)"""
        return dense(self.dir / name, [([[0, 0], [slope, slope]], [0, 0])])

    def test_studies_are_listed_and_have_help(self):
        done = vouch("lab")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^landscape +draw")
        self.assertRegex(vouch("lab", "--help").stdout, r"(?m)^  landscape +draw")
        self.assertIn("--grid N", vouch("lab", "landscape", "--help").stdout)
        self.assertIn("--grid", vouch("completion", "bash").stdout)
        self.assertIn("vouch lab landscape", vouch("man", "lab").stdout)
        self.check_error(vouch("lab", "alchemy"), 2, "alchemy")

    def test_two_networks_are_drawn_side_by_side(self):
        picture, file = self.dir / "l.svg", self.dir / "l.json"
        done = vouch("lab", "landscape", self.linear("a.onnx"), "0.25,-0.5", "--net2",
                     self.linear("b.onnx", 2), "--eps", "0.5", "--loss", "margin", "--grid", "5",
                     "--out", picture, "--json", file)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        self.assertRegex(done.stdout, r"(?m)^0 +2 +0 +0 +1 ")
        text = "".join(xml.etree.ElementTree.parse(picture).getroot().itertext())
        self.assertIn("a.onnx, point 0, label 0", text)
        self.assertIn("b.onnx, point 0, label 0", text)
        self.check_schema("landscape", json.loads(file.read_text()))
        one, two = json.loads(file.read_text())["landscapes"]
        self.assertEqual((one["label"], one["clean"], one["fgsm"]), (0, 0, 1))
        self.assertEqual((one["loss"][0][0], one["loss_fgsm"], two["loss_fgsm"]),
                         (-.25, .75, 1.5))
        self.assertEqual((one["rise"], one["promised"], one["prediction_error"]), (1, 1, 0))
        self.assertLess(two["linearity_error"], 1e-12)
        self.assertEqual([len(row) for row in one["predicted"]], [5] * 5)

    def test_clipping_keeps_to_the_range_of_the_data(self):
        net = self.dir / "g.onnx"
        dense(net, [([[0] * 256, [-1] * 256], [0, 0])])
        answers = []
        for clip in ((), ("--clip",)):
            done = vouch("lab", "landscape", net, "builtin:glyphs16?count=2", "--eps", "0.5",
                         "--loss", "margin", "--json", "-", *clip)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done)
            answers.append(json.loads(done.stdout))
        free, clipped = answers
        self.assertEqual((free["clip"], clipped["clip"]), (False, True))
        self.assertAlmostEqual(abs(free["landscapes"][0]["promised"]), 128, places=3)
        self.assertLess(abs(clipped["landscapes"][0]["promised"]), 128)

    def test_threads_do_not_change_the_files(self):
        net, seen = random_net(self.dir / "r.onnx"), []
        wide = dense(self.dir / "w.onnx", [([[1, 2], [3, -4], [0, 1]], [0, 0, 0]),
                                           ([[1, -1, 2], [0, 3, 1]], [.5, 0])])
        for threads in (1, 2):
            file = self.dir / f"{threads}.svg"
            done = vouch("lab", "landscape", wide, "0.3,0.1", "--eps", "0.2", "--threads",
                         threads, "--out", file)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done)
            seen.append(file.read_bytes())
        self.assertEqual(*seen)
        self.check_error(vouch("lab", "landscape", net, "0,0,0,0,0,0,0,0", "--eps", "1"), 3,
                         "r.onnx")  # one output alone is no classifier

    def test_bad_requests_are_refused(self):
        net, data = self.linear("a.onnx"), "0.25,-0.5"
        for extra, code, word in (((), 2, "--eps"), (("--eps", "0"), 2, "--eps"),
                                  (("--eps", "1", "--index", "1,x"), 2, "1,x"),
                                  (("--eps", "1", "--index", "-1"), 2, "-1"),
                                  (("--eps", "1", "--index", "3"), 2, "point 0"),
                                  (("--eps", "1", "--grid", "1"), 2, "grid"),
                                  (("--eps", "1", "--net2", self.easy()[0]), 3, "a.onnx"),
                                  (("--eps", "1", "--out", net), 2, "network"),
                                  (("--eps", "1", "--out", self.dir / "no" / "x"), 3, "no/x")):
            self.check_error(vouch("lab", "landscape", net, data, *extra), code, word)
        self.check_error(vouch("lab", "landscape", net, "builtin:glyphs16?count=2", "--eps", "1",
                               "--index", "5"), 3, "5")


if __name__ == "__main__":
    main()
