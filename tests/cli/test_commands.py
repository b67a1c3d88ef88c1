"""The other commands: info, bounds, eval-point, list, help, man, completion."""
import re
import shutil
import subprocess

from cli_support import CliTest, main, prop, random_net, save, value, vouch

COMMANDS = ["verify", "train", "bench", "info", "attack", "eval", "explain", "lab", "bounds",
            "eval-point", "data", "list", "help", "man", "completion"]


class Answers(CliTest):
    def check_answer(self, *arguments):
        done = vouch(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout

    def test_info_lists_operators_shapes_and_parameters(self):
        text = self.check_answer("info", self.easy()[0])
        self.assertRegex(text, r"input +x float32\[1,2\]")
        self.assertRegex(text, r"Gemm +2 +affine")
        self.assertIn("9 parameters, 2 nonlinear", text)
        self.assertIn("supported  yes", text)

    def test_info_marks_what_is_not_supported(self):
        net = save(self.dir / "u.onnx", [("Relu", ["x"], ["a"]), ("Frobnicate", ["a"], ["y"])],
                   [], [value("x", [1, 2])], [value("y", [1, 2])])
        text = self.check_answer("info", net)
        self.assertRegex(text, r"Frobnicate +1 +NOT SUPPORTED")
        self.assertRegex(text, r"Relu +1 +pointwise")
        self.assertIn("supported  no", text)

    def test_bounds_of_every_domain_hold_at_a_point(self):
        net = random_net(self.dir / "r.onnx", inputs=3, width=8, depth=2)
        spec = prop(self.dir / "p.vnnlib", [(0, 1)] * 3, ["(assert (>= Y_0 0))"])
        text = self.check_answer("bounds", net, spec)
        point = self.check_answer("eval-point", net, "0.5,0.25 0.75")
        y = float(re.search(r"Y_0 +\S+ +(\S+)", point)[1])
        found = re.findall(r"(\w+) +\[(\S+), (\S+)\]", text)
        self.assertGreaterEqual(len(found), 4)
        for domain, low, high in found:
            self.assertTrue(float(low) <= y <= float(high), (domain, low, y, high))

    def test_bounds_of_one_domain(self):
        net, holds, _ = self.easy()
        text = self.check_answer("bounds", net, holds, "--domain", "interval")
        self.assertEqual(len(re.findall(r"\[\S+, \S+\]", text)), 1)
        self.check_error(vouch("bounds", net, holds, "--domain", "magic"), 2, "magic")

    def test_eval_point_takes_numbers_and_files(self):
        net, _, _ = self.easy()
        file = self.dir / "point.txt"
        for text in ("1.0\n-2\n", "1.0, -2", "((X_0 1.0) (X_1 -2))", "sat\n((X_1 -2)\n(X_0 1))"):
            file.write_text(text)
            self.assertRegex(self.check_answer("eval-point", net, file), r"Y_0 +2 +2 +\[")
        self.assertRegex(self.check_answer("eval-point", net, "-3,1.5"), r"Y_0 +2.5 +2.5 +\[")

    def test_eval_point_refuses_bad_points(self):
        net, _, violated = self.easy()
        for point, word in (("1", "2 inputs"), ("1,2,3", "2"), ("1,x", "'x'"), ("1,nan", "nan"),
                            ("nan,nan", "'nan' is not finite"), ("inf", "'inf' is not finite"),
                            ("(X_0 1)(X_0 1)", "twice"), ("(X_0 1)(X_7 1)", "7"),
                            ("(X_0 1)(X_1 1)(Y_0)", "Y_0"), ("point.txt/", "point.txt")):
            self.check_error(vouch("eval-point", net, point), 3, word)
        done = vouch("eval-point", net, "0,0", "--spec", violated)
        self.assertEqual((done.returncode, done.stderr), (1, ""))

    def test_list_shows_the_tables(self):
        text = self.check_answer("list")
        for word in ("Relu", "interval", "width", "--timeout"):
            self.assertIn(word, text)
        self.assertNotIn("MatMul", self.check_answer("list", "splits"))
        self.assertIn("off-centre", self.check_answer("list", "cuts"))
        self.assertRegex(self.check_answer("list", "options"), r"--no-attack +without a search")

    def test_version_and_help_exit_0(self):
        self.assertRegex(self.check_answer("--version"), r"^vouch \d+\.\d+\.\d+\n$")
        overview = self.check_answer("--help")
        self.assertEqual(overview, self.check_answer("help"))
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", overview)
            text = self.check_answer(command, "--help")
            self.assertEqual(text, self.check_answer("help", command))
            self.assertIn(f"usage: vouch {command}", text)
            self.assertLessEqual(max(map(len, text.splitlines())), 100)


class Generated(CliTest):
    def test_man_pages_have_every_option_and_no_warnings(self):
        self.assertEqual(vouch("man", "--dir", self.dir).returncode, 0)
        self.assertEqual({p.name for p in self.dir.iterdir()},
                         {"vouch.1", *(f"vouch-{c}.1" for c in COMMANDS)})
        for command in COMMANDS:
            page = (self.dir / f"vouch-{command}.1").read_text().replace("\\-", "-")
            for option in re.findall(r"^  (--[a-z-]+)", vouch("help", command).stdout, re.M):
                self.assertIn(option, page)
        if shutil.which("groff"):
            for page in self.dir.iterdir():
                done = subprocess.run(["groff", "-man", "-Tascii", "-ww", "-z", page],
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.stderr, "", page)

    def test_shells_accept_their_completion(self):
        for shell in ("bash", "zsh", "fish"):
            text = vouch("completion", shell).stdout
            self.assertIn("timeout", text)
            if shutil.which(shell):
                done = subprocess.run([shell, "-n", "/dev/stdin"], input=text, text=True,
                                      capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)

    def test_bash_completes_commands_options_and_choices(self):
        script = self.dir / "c.sh"
        script.write_text(vouch("completion", "bash").stdout)

        def complete(*words):
            line = " ".join(f"'{w}'" for w in ("vouch", *words))
            code = (f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _vouch; "
                    "printf '%s\\n' \"${COMPREPLY[@]}\"")
            return subprocess.run(["bash", "-c", code], capture_output=True, text=True,
                                  check=True).stdout.split()
        self.assertEqual(complete("ver"), ["verify"])
        self.assertIn("--timeout", complete("verify", "--ti"))
        self.assertIn("interval", complete("verify", "--domain", "int"))
        self.assertEqual(complete("list", "sp"), ["splits"])


if __name__ == "__main__":
    main()
