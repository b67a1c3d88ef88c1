"""Bad input gives its error and nothing else: exit 3, one line on standard error, no verdict."""
import gzip

from cli_support import CliTest, dense, helper, main, prop, random_net, save, tensor, value, vouch

BOX = [(0, 1), (0, 1)]
UNSAFE = ["(assert (>= Y_0 3.5))"]


def relu_net(path, nodes, constants=()):
    return save(path, nodes, list(constants), [value("x", [1, 2])], [value("y", [1, 2])])


class Networks(CliTest):
    def check(self, net, *words):
        spec = prop(self.dir / "ok.vnnlib", BOX, UNSAFE)
        self.check_error(vouch("verify", net, spec), 3, *words)

    def test_missing_file(self):
        self.check(self.dir / "none.onnx", "none.onnx")

    def test_empty_file(self):
        for name in ("e.onnx", "e.nnet"):
            (self.dir / name).write_bytes(b"")
            self.check(self.dir / name, name)

    def test_folder(self):
        self.check(self.dir, self.dir)

    def test_onnx_truncated_at_every_1000th_byte(self):
        data = random_net(self.dir / "whole.onnx", inputs=2).read_bytes()
        net = self.dir / "cut.onnx"
        for size in range(1000, len(data), 1000):
            net.write_bytes(data[:size])
            self.check(net, "cut.onnx")

    def test_broken_gzip(self):
        data = gzip.compress(random_net(self.dir / "n.onnx", inputs=2).read_bytes())
        net = self.dir / "cut.onnx.gz"
        net.write_bytes(data[:len(data) // 2])
        self.check(net, "cut.onnx.gz")

    def test_text_in_place_of_a_network(self):
        net = self.dir / "text.onnx"
        net.write_text("this is no network\n" * 50)
        self.check(net, "text.onnx")

    def test_cycle(self):
        net = self.dir / "cycle.onnx"
        relu_net(net, [("Add", ["x", "b"], ["a"]), ("Relu", ["a"], ["b"]),
                       ("Relu", ["b"], ["y"])])
        self.check(net, "cycle.onnx")

    def test_missing_initialiser(self):
        net = relu_net(self.dir / "m.onnx", [("Add", ["x", "w"], ["y"])])
        self.check(net, "m.onnx", "'w'")

    def test_wrong_shapes(self):
        net = relu_net(self.dir / "s.onnx", [("MatMul", ["x", "w"], ["y"])],
                       [tensor("w", [3, 2], [1] * 6)])
        self.check(net, "s.onnx", "MatMul")

    def test_nan_and_infinite_weights(self):
        for bad in (float("nan"), float("inf")):
            net = dense(self.dir / "n.onnx", [([[bad, 1]], [0])])
            self.check(net, "n.onnx")

    def test_unknown_operator_is_named_with_its_node(self):
        node = helper.make_node("Frobnicate", ["x"], ["y"], name="odd")
        self.check(relu_net(self.dir / "u.onnx", [node]), "u.onnx", "Frobnicate", "odd")


class Properties(CliTest):
    def check(self, text, *words):
        net, _, _ = self.easy()
        spec = self.dir / "p.vnnlib"
        spec.write_text(text)
        self.check_error(vouch("verify", net, spec), 3, "p.vnnlib", *words)

    def good(self):
        return prop(self.dir / "good.vnnlib", BOX, UNSAFE).read_text()

    def test_missing_file(self):
        net, _, _ = self.easy()
        self.check_error(vouch("verify", net, self.dir / "no.vnnlib"), 3, "no.vnnlib")

    def test_empty_file(self):
        self.check("")

    def test_unknown_variable(self):
        self.check(self.good() + "(assert (<= Z_0 1))\n", ":9:", "Z_0")

    def test_missing_bound(self):
        self.check(self.good().replace("(assert (<= X_1 1))\n", ""), "X_1")

    def test_text_that_is_no_number(self):
        self.check(self.good().replace("(>= Y_0 3.5)", "(>= Y_0 3,5x)"))

    def test_missing_bracket(self):
        self.check(self.good() + "(assert (<= Y_0 1)\n")

    def test_property_for_another_input_size(self):
        net, _, _ = self.easy()
        for size in (1, 3):
            spec = prop(self.dir / "p.vnnlib", [(0, 1)] * size, UNSAFE)
            self.check_error(vouch("verify", net, spec), 3, "p.vnnlib")

    def test_binary(self):
        net, _, _ = self.easy()
        spec = self.dir / "p.vnnlib"
        spec.write_bytes(bytes(range(256)) * 8)
        self.check_error(vouch("verify", net, spec), 3, "p.vnnlib")

    def test_file_name_with_a_newline_keeps_the_message_on_one_line(self):
        net, _, _ = self.easy()
        self.check_error(vouch("verify", net, self.dir / "a\nb.vnnlib"), 3)


class Usage(CliTest):
    def test_wrong_usage_exits_2_with_one_line(self):
        for arguments, words in (
                (["verify"], ["NET SPEC"]),
                (["verify", "a", "b", "c"], ["too many"]),
                (["verify", "a", "b", "--tiemout", "3"], ["did you mean --timeout?"]),
                (["verify", "a", "b", "--atack"], ["unknown option --atack"]),
                (["verify", "a", "b", "--no-atack"], ["did you mean --no-attack?"]),
                (["verify", "a", "b", "-x"], ["-x"]),
                (["verify", "a", "b", "--timeout"], ["needs a value"]),
                (["verify", "a", "b", "--timeout", "soon"], ["soon"]),
                (["verify", "a", "b", "--timeout=-1"], ["-1"]),
                (["verify", "a", "b", "--domain", "magic"], ["magic", "interval"]),
                (["verify", "a", "b", "--quiet=yes"], ["takes no value"]),
                (["verify", "a", "b", "--json", "-", "--witness", "-"], ["standard output"]),
                (["verify", "a", "b", "--require", "maybe"], ["unsat"]),
                (["verfy"], ["did you mean 'verify'?"]),
                (["bench", "x.csv", "--resume"], ["--out"]),
                (["list", "animals"], ["operators"]),
                (["completion", "cmd"], ["bash"]),
                (["help", "nothing"], ["nothing"]),
                ([], ["--help"])):
            with self.subTest(arguments=arguments):
                self.check_error(vouch(*arguments), 2, *words)


if __name__ == "__main__":
    main()
