"""What outputs must not be: an input, one another, or the answer of an earlier run; and remarks
on odd networks and properties."""
import json
import os

from cli_support import CliTest, gz, main, prop, save, value, vouch


class Outputs(CliTest):
    def test_old_witness_goes_where_the_verdict_is_not_sat(self):
        net, holds, violated = self.easy()
        out, link = self.dir / "w.txt", self.dir / "link.txt"
        self.check_verdict(vouch("verify", net, violated, "--witness", out), "sat")
        self.check_verdict(vouch("verify", net, holds, "--witness", out), "unsat")
        self.assertEqual([p.name for p in self.dir.glob("w*")], [])
        self.check_verdict(vouch("verify", net, holds, "--witness", "/dev/null"), "unsat")
        self.assertTrue(os.path.exists("/dev/null"))
        out.write_text("old")
        link.symlink_to(out)
        self.check_verdict(vouch("verify", net, holds, "--witness", link), "unsat")
        self.assertFalse(out.exists())

    def test_output_never_overwrites_an_input(self):
        net, holds, _ = self.easy()
        before = net.read_bytes(), holds.read_bytes()
        (self.dir / "link").symlink_to(net)
        os.link(holds, self.dir / "hard")
        names = ((net, "network"), (holds, "property"), (self.dir / "link", "network"),
                 (self.dir / "hard", "property"))
        for option in ("--json", "--witness", "--picture"):
            for path, what in names:
                bad = vouch("verify", net, holds, option, path)
                self.check_error(bad, 2, option, f"overwrite the {what}")
        self.assertEqual(before, (net.read_bytes(), holds.read_bytes()))

    def test_output_never_overwrites_the_gz_that_stands_for_an_input(self):
        net, holds, _ = self.easy()
        gz(net)
        self.check_error(vouch("verify", net, holds, "--json", f"{net}.gz"), 2, "the network")
        self.check_verdict(vouch("verify", net, holds), "unsat")

    def test_two_outputs_of_one_name_are_wrong_usage(self):
        net, holds, _ = self.easy()
        for other in ("same", "./same"):
            bad = vouch("verify", net, holds, "--json", "same", "--witness", other, cwd=self.dir)
            self.check_error(bad, 2, "--json and --witness are the same file")
        self.assertFalse((self.dir / "same").exists())
        bad = vouch("verify", net, holds, "--json", "-", "--witness", "-")
        self.check_error(bad, 2, "cannot both be standard output")
        self.check_verdict(vouch("verify", net, holds, "--json", "/dev/null", "--picture",
                                 "/dev/null"), "unsat")


class Remarks(CliTest):
    def test_property_of_inputs_alone_is_sat_with_a_note(self):
        net, _, _ = self.easy()
        spec = prop(self.dir / "free.vnnlib", [(0, 1), (0, 1)], [])
        done = vouch("verify", net, spec)
        self.check_verdict(done, "sat")
        self.assertRegex(done.stdout, r"note +the property constrains inputs only")
        result = json.loads(vouch("verify", net, spec, "--json", "-").stdout)
        self.assertIn("inputs only", result["property"]["note"])

    def declares(self, shape):
        return save(self.dir / "net.onnx", [("Relu", ["x"], ["y"])], [], [value("x", [1, 2])],
                    [value("y", shape)])

    def test_output_declared_in_another_shape_is_noted(self):
        net = self.declares([2])
        spec = prop(self.dir / "p.vnnlib", [(0, 1)] * 2, ["(assert (>= Y_0 2.0))"], 2)
        note = "declared output shape [2], computed [1,2]"
        done = vouch("verify", net, spec)
        self.check_verdict(done, "unsat")
        self.assertIn(note, done.stdout)
        result = json.loads(vouch("verify", net, spec, "--json", "-").stdout)
        self.assertEqual(result["network"]["note"], note)
        self.assertIn(note, vouch("info", net).stdout)

    def test_output_declared_with_another_size_is_an_error(self):
        net = self.declares([1, 7])
        spec = prop(self.dir / "p.vnnlib", [(0, 1)] * 2, ["(assert (>= Y_0 2.0))"], 2)
        self.check_error(vouch("verify", net, spec), 3, "output 'y'", "[1,7], computed [1,2]")

    def test_gzip_bomb_is_refused_before_it_takes_the_memory(self):
        bomb = self.dir / "bomb.onnx"
        with bomb.open("wb") as out:
            out.truncate(80 << 20)
        gz(bomb)
        self.check_error(vouch("info", f"{bomb}.gz"), 3, "gzip bomb")


if __name__ == "__main__":
    main()
