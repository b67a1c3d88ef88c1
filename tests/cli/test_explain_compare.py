"""vouch explain compare, and masks as PNG."""
import json
import signal
import struct
import subprocess
import time

from cli_support import VOUCH, CliTest, dense, main, random_net, vouch

POINTS = "0.2,0.9,0.4,0.5"
IMAGE = ("--image", "1,2,2", "--range", "0,1")


def png_size(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:8]
    return struct.unpack(">II", data[16:24])


class Compare(CliTest):
    def nets(self):
        """Class 0 wins by 1 + x0 - x1; by 2 + x2."""
        return (dense(self.dir / "a.onnx", [([[1, -1, 0, 0], [0, 0, 0, 0]], [1, 0])]),
                dense(self.dir / "b.onnx", [([[0, 0, 1, 0], [0, 0, 0, 0]], [2, 0])]))

    def compare(self, *arguments):
        done = vouch("explain", "compare", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout

    def test_columns_are_networks_by_strategies_by_orders(self):
        said = self.compare(*self.nets(), POINTS, "--eps", "2", *IMAGE, "--strategies",
                            "batched,verix", "--orders", "index,random")
        lines = [line.split() for line in said.splitlines()[2:]]
        self.assertEqual([line[:3] for line in lines],
                         [[n, s, o] for n in ("a.onnx", "b.onnx") for s in ("batched", "verix")
                          for o in ("index", "random")])
        self.assertEqual({line[3] for line in lines if line[0] == "b.onnx"}, {"4.0"})
        self.assertTrue(all(float(line[3]) + float(line[4]) + float(line[5]) == 4
                            for line in lines))

    def told(self, *arguments):
        result = json.loads(self.compare(*arguments, "--json", "-"))
        self.check_schema("explain-compare", result)
        return result

    def test_the_json_has_every_explanation_of_every_way(self):
        a, b = self.nets()
        told = self.told(a, b, POINTS, "--eps", "2", "--strategies", "batched,verix")
        self.assertEqual([n["network"] for n in told["networks"]], [str(a), str(b)])
        self.assertEqual([(w["network"], w["params"]["strategy"]) for w in told["ways"]],
                         [(0, "batched"), (0, "verix"), (1, "batched"), (1, "verix")])
        self.assertEqual(told["meta"]["params"], {"eps": 2, "groups": "auto"})
        point, = told["explanations"]
        self.assertEqual([f["values"] for f in point["found"]], [[1, 1, 0, 0]] * 2 + [[0, 0, 0, 0]] * 2)
        self.assertEqual(point["found"][0]["certificate"]["witnesses"][0]["class"], 1)
        self.assertEqual([w["means"]["irrelevant"] for w in told["ways"]], [2, 2, 4, 4])
        self.assertEqual(told["agreement"][0], [1, 1, .5, .5])
        self.assertEqual(told["agreement"][3], [.5, .5, 1, 1])
        self.assertFalse(told["interrupted"])

    def test_an_explanation_is_the_one_of_explain_formal(self):
        a, b = self.nets()
        done = vouch("explain", "formal", a, POINTS, "--eps", "2", "--json", "-")
        alone = json.loads(done.stdout)["explanations"][0]
        point = self.told(b, a, POINTS, "--eps", "2")["explanations"][0]
        for field in ("index", "label", "data"):
            self.assertEqual(point[field], alone[field])
        for field in ("predicted", "values", "certificate", "evaluations"):
            self.assertEqual(point["found"][1][field], alone[field])

    def test_a_strategy_that_wants_a_search_gets_it(self):
        told = self.told(self.nets()[0], POINTS, "--eps", "2", "--strategies", "batched,minimum")
        self.assertEqual([w["params"]["oracle"] for w in told["ways"]], ["alpha", "complete"])

    def test_networks_of_one_file_name_are_told_apart(self):
        a, b = self.nets()
        for folder, net in (("one", a), ("two", b)):
            (self.dir / folder).mkdir()
            (self.dir / folder / "net.onnx").write_bytes(net.read_bytes())
        told = self.told(self.dir / "one/net.onnx", self.dir / "two/net.onnx",
                         self.dir / "two/net.onnx", a, POINTS, "--eps", "2")
        self.assertEqual([w["name"] for w in told["ways"]],
                         ["one/net.onnx", "two/net.onnx", "two/net.onnx (3)", "a.onnx"])

    def test_masks_stand_side_by_side(self):
        svg, png, page = (self.dir / f"m.{e}" for e in ("svg", "png", "html"))
        a, b = self.nets()
        self.compare(a, b, POINTS, "--eps", "2", *IMAGE, "--picture", svg, "--html", page)
        text = svg.read_text()
        self.assertEqual(text.count("<rect"), 1 + 3 * 4 + 3 + 1)  # ground, panels, key, pattern
        self.assertIn("b.onnx: 0", text)
        self.assertIn("a.onnx", page.read_text())
        self.compare(a, b, POINTS, "--eps", "2", *IMAGE, "--picture", png)
        self.assertEqual(png_size(png), (6 + 3 * 174, 6 + 174))

    def test_a_mask_of_one_network_is_a_png_by_its_ending(self):
        png = self.dir / "m.png"
        done = vouch("explain", "formal", self.nets()[0], POINTS, "--eps", "2", *IMAGE, "--picture",
                     png)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(png_size(png), (6 + 2 * 174, 6 + 174))

    def test_what_does_not_fit_is_refused(self):
        a, b = self.nets()
        for options, words in [(("--strategies", "sadly"), "'sadly' is none"),
                               (("--orders", "index,sadly"), "'sadly' is none"),
                               (("--picture", self.dir / "m.gif"), ".svg or .png"),
                               (("--orders", "index," * 9), "more than 16 columns")]:
            self.check_error(vouch("explain", "compare", a, b, POINTS, "--eps", "1", "--range",
                                   "0,1", *options), 2, words)
        self.check_error(vouch("explain", "compare", a, POINTS, "--eps", "1", "--picture",
                               self.dir / "m.svg"), 2, "no images")
        self.check_error(vouch("explain", "compare", a, b, POINTS, "--eps", "1", "--html", b), 2,
                         "would overwrite the network")

    def test_an_interrupted_run_tells_the_points_that_are_whole(self):
        net = random_net(self.dir / "r.onnx", inputs=40, width=200, outputs=5)
        rows = self.dir / "rows.csv"
        rows.write_text(",".join(f"x{i}" for i in range(40)) + ",y\n" +
                        "\n".join(",".join(["0.5"] * 40 + [str(k % 5)]) for k in range(60)) + "\n")
        command = [VOUCH, "explain", "compare", str(net), str(net), f"{rows}?target=y", "--eps",
                   "0.001", "--range", "0,1", "--count", "60", "--oracle", "complete",
                   "--strategies", "verix,batched", "--json", str(self.dir / "c.json")]
        for seconds in (3, 9, 27):  # a busy machine has no whole point so soon
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True) as run:
                time.sleep(seconds)
                run.send_signal(signal.SIGINT)
                text, told = run.communicate(timeout=60)
            if text:
                break
        self.assertEqual(run.returncode, 5, text + told)
        self.assertRegex(text, r"means of \d+ points, of 40 features; interrupted before the rest")
        told = json.loads((self.dir / "c.json").read_text())
        self.check_schema("explain-compare", told)
        self.assertTrue(told["interrupted"])
        self.assertIn(f"means of {len(told['explanations'])} points", text)


if __name__ == "__main__":
    main()
