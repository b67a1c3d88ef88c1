"""vouch verify: verdicts, exit codes, files, signals."""
import json
import os
import random
import re
import signal
import subprocess
import time

from cli_support import (VERDICTS, VOUCH, CliTest, gz, image_net, main, on_terminal, prop,
                         vouch, wait_for_handler)


class Verdicts(CliTest):
    def test_property_that_holds_is_unsat(self):
        net, holds, _ = self.easy()
        done = vouch("verify", net, holds)
        self.check_verdict(done, "unsat")
        self.assertIn("HOLDS", done.stdout)
        self.assertRegex(done.stdout, r"search +[\d,]+ subproblem")

    def test_property_that_is_violated_is_sat_with_a_witness(self):
        net, _, violated = self.easy()
        done = vouch("verify", net, violated)
        self.check_verdict(done, "sat")
        self.assertIn("VIOLATED", done.stdout)
        x = [float(re.search(rf"X_{i} = (\S+)", done.stdout)[1]) for i in (0, 1)]
        self.assertTrue(all(0 <= v <= 1 for v in x))
        self.assertGreaterEqual(sum(x) + 1, 2)
        self.assertIn("Y_0 = ", done.stdout)

    def test_numbers_of_a_witness_are_written_out_as_short_as_exact(self):
        net, _, _ = self.easy()
        for value, text in (("2500", "2500"), ("-120.50", "-120.5"), ("0.0625", "0.0625"),
                            ("3", "3"), ("1e16", "1e+16")):
            fixed = prop(self.dir / "f.vnnlib", [(value, value), (0, 0)], [])
            done = vouch("verify", net, fixed)
            self.check_verdict(done, "sat")
            self.assertIn(f"X_0 = {text}\n", done.stdout)

    def test_input_fixed_where_no_float32_is_has_a_witness_over_the_reals(self):
        net, _, _ = self.easy()
        fixed = prop(self.dir / "f.vnnlib", [("0.1", "0.1"), (0, 1)], ["(assert (>= Y_0 1.1))"])
        witness = self.dir / "w.txt"
        done = vouch("verify", net, fixed, "--witness", witness, "--timeout", "20")
        self.check_verdict(done, "sat")
        self.assertRegex(done.stdout, r"note +1 input is fixed where its type has no number")
        self.assertIn("X_0 = 0.1\n", done.stdout)
        done = vouch("eval-point", net, witness, "--spec", fixed)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("witness: yes", done.stdout)
        self.assertIn("1 input is taken at the property's decimal", done.stdout)
        done = vouch("verify", net, fixed, "--semantics", "float32", "--timeout", "20")
        self.check_verdict(done, "sat")
        self.assertIn("X_0 = 0.10000000149011612\n", done.stdout)

    def test_quiet_prints_the_word_alone(self):
        net, holds, _ = self.easy()
        self.assertEqual(vouch("verify", net, holds, "--quiet").stdout, "unsat\n")

    def test_gzipped_files_are_read_also_by_their_plain_names(self):
        net, holds, _ = self.easy()
        gz(net), gz(holds)
        self.check_verdict(vouch("verify", net, holds), "unsat")
        self.check_verdict(vouch("verify", f"{net}.gz", f"{holds}.gz"), "unsat")

    def test_require_decides_the_exit_code(self):
        net, holds, violated = self.easy()
        self.check_verdict(vouch("verify", net, holds, "--require", "unsat"), "unsat", 0)
        self.check_verdict(vouch("verify", net, violated, "--require=unsat"), "sat", 1)
        self.check_verdict(vouch("verify", net, violated, "--require", "sat"), "sat", 0)

    def test_contradictory_bounds_are_unsat_with_a_note(self):
        net, _, _ = self.easy()
        empty = prop(self.dir / "e.vnnlib", [(0, 1), (2, 1)], ["(assert (>= Y_0 0.0))"])
        done = vouch("verify", net, empty)
        self.check_verdict(done, "unsat")
        self.assertRegex(done.stdout, r"note +.*X_1")
        self.assertRegex(done.stdout, r"search +none was needed\n")
        self.assertNotIn("domain", done.stdout)

    def test_time_limit_reached_while_reading_is_a_timeout(self):
        net, spec = self.hard()
        done = vouch("verify", net, spec, "--timeout", "1e-6")
        self.check_verdict(done, "timeout")
        done = vouch("verify", net, spec, "--timeout", "1e-6", "--json", "-")
        self.assertEqual(json.loads(done.stdout)["verdict"], "timeout")

    def test_time_limit_gives_timeout_and_is_kept(self):
        net, spec = self.hard()
        begun = time.monotonic()
        done = vouch("verify", net, spec, "--timeout", "0.5")
        self.check_verdict(done, "timeout")
        self.assertIn("UNDECIDED", done.stdout)
        self.assertLess(time.monotonic() - begun, 5)

    def test_time_limit_is_kept_within_the_bounds_of_one_box(self):
        net = image_net(self.dir / "image.onnx")
        spec = prop(self.dir / "image.vnnlib", [(0, 1)] * 48 ** 2, ["(assert (<= Y_0 -1.0))"])
        for more in (("--no-attack",), ("--no-attack", "--domain", "symbolic")):
            begun = time.monotonic()
            done = vouch("verify", net, spec, "--timeout", "0.5", "--threads", "2", *more)
            self.check_verdict(done, "timeout")
            self.assertIn("UNDECIDED: time limit reached", done.stdout)
            self.assertLess(time.monotonic() - begun, 20)

    def test_memory_limit_leaves_the_property_undecided(self):
        net = image_net(self.dir / "image.onnx")
        spec = prop(self.dir / "image.vnnlib", [(0, 1)] * 48 ** 2, ["(assert (<= Y_0 -1.0))"])
        for mib in (1, 4):
            done = vouch("verify", net, spec, "--memory", mib, "--timeout", "20", "--json",
                         self.dir / "r.json")
            self.check_verdict(done, "unknown")
            self.assertIn("UNDECIDED: memory limit reached", done.stdout)
            got = json.loads((self.dir / "r.json").read_text())
            self.assertEqual((got["verdict"], got["reason"], got["settings"]["memory"]),
                             ("unknown", "memory limit reached", mib))


class Files(CliTest):
    def test_json_follows_the_schema(self):
        net, holds, violated = self.easy()
        for spec, verdict in ((holds, "unsat"), (violated, "sat")):
            out = self.dir / "out.json"
            self.check_verdict(vouch("verify", net, spec, "--json", out), verdict)
            result = json.loads(out.read_text())
            self.check_schema("verify", result)
            self.assertEqual(result["verdict"], verdict)
            self.assertEqual(result["settings"]["seed"], result["seed"])
            self.assertEqual(result["witness"] is None, verdict == "unsat")

    def test_json_to_standard_output_stands_alone(self):
        net, holds, _ = self.easy()
        done = vouch("verify", net, holds, "--json", "-")
        self.assertEqual(json.loads(done.stdout)["verdict"], "unsat")

    def test_witness_file_is_replayed_by_eval_point(self):
        net, _, violated = self.easy()
        out = self.dir / "w.txt"
        self.check_verdict(vouch("verify", net, violated, "--witness", out), "sat")
        text = out.read_text()
        self.assertRegex(text, r"^\(\(X_0 [^()]+\)\n \(X_1 [^()]+\)\n \(Y_0 [^()]+\)\)\n$")
        done = vouch("eval-point", net, out, "--spec", violated)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("witness: yes", done.stdout)

    def test_witness_to_standard_output_is_a_vnncomp_result(self):
        net, _, violated = self.easy()
        done = vouch("verify", net, violated, "--witness", "-")
        self.assertRegex(done.stdout, r"(?s)^sat\n\(\(X_0 .*\)\)\n$")

    def test_unsat_leaves_no_witness_file(self):
        net, holds, _ = self.easy()
        vouch("verify", net, holds, "--witness", self.dir / "w.txt")
        self.assertEqual([p.name for p in self.dir.glob("w*")], [])

    def test_picture_is_svg(self):
        net, holds, _ = self.easy()
        out = self.dir / "p.svg"
        self.check_verdict(vouch("verify", net, holds, "--picture", out), "unsat")
        self.assertIn("<svg", out.read_text())
        bad = vouch("verify", net, holds, "--picture", out, "--picture-dims", "0,2")
        self.check_error(bad, 2, "picture-dims")

    def test_unwritable_output_is_known_before_the_run(self):
        net, spec = self.hard()
        for option in ("--json", "--witness", "--picture"):
            for path in ("/nonexistent/folder/out", self.dir):
                done = vouch("verify", net, spec, option, path, timeout=10)
                self.check_error(done, 3, path)

    def test_failed_run_leaves_the_old_file_as_it_was(self):
        net, holds, _ = self.easy()
        out = self.dir / "out.json"
        out.write_text("old")
        holds.write_text("(assert")
        self.assertEqual(vouch("verify", net, holds, "--json", out).returncode, 3)
        self.assertEqual(out.read_text(), "old")
        self.assertEqual([p.name for p in self.dir.glob("out*")], ["out.json"])

    def test_link_stays_a_link(self):
        net, holds, _ = self.easy()
        link, target = self.dir / "link.json", self.dir / "target.json"
        target.write_text("old")
        link.symlink_to(target)
        self.check_verdict(vouch("verify", net, holds, "--json", link), "unsat")
        self.assertTrue(link.is_symlink())
        self.assertIn("unsat", target.read_text())

    def test_file_whose_name_leaves_no_room_for_another_is_written_in_place(self):
        net, holds, _ = self.easy()
        out = self.dir / ("o" * 255)
        bad = vouch("verify", net, holds, "--json", out)
        self.check_error(bad, 3, "File name too long")
        out.write_text("old" * 10000)
        self.check_verdict(vouch("verify", net, holds, "--json", out), "unsat")
        self.assertEqual(json.loads(out.read_text())["verdict"], "unsat")

    def test_standard_output_by_name_is_written_in_place(self):
        net, holds, _ = self.easy()
        done = vouch("verify", net, holds, "--quiet", "--json", "/dev/stdout")
        self.assertTrue(done.stdout.startswith("unsat\n{"), done)

    def test_full_disk_is_an_error_after_the_verdict(self):
        net, holds, _ = self.easy()
        done = vouch("verify", net, holds, "--json", "/dev/full")
        self.assertEqual((done.returncode, done.stdout.splitlines()[0]), (3, "unsat"))
        self.assertEqual(done.stderr.count("\n"), 1)
        for more in ([], ["--json", "-"], ["--quiet"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([VOUCH, "verify", net, holds, *more], stdout=full,
                                      stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (3, 1), done)
            self.assertIn("No space left", done.stderr)


class Signals(CliTest):
    def interrupt(self, number, after_s, *more, ready=False):
        net, spec = self.hard()
        process = subprocess.Popen([VOUCH, "verify", net, spec, *more], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        if ready:
            wait_for_handler(process)
        time.sleep(after_s)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def test_signal_in_the_search_gives_unknown_and_the_state_reached(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            code, out, err = self.interrupt(number, .3, ready=True)
            self.assertEqual((code, out.splitlines()[0], err), (0, "unknown", ""))
            self.assertIn("UNDECIDED: interrupted", out)

    def test_two_signals_at_once_are_one_wish(self):
        """timeout(1) signals the process, and then its group."""
        net, spec = self.hard()
        process = subprocess.Popen([VOUCH, "verify", net, spec], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        wait_for_handler(process)
        time.sleep(.1)
        for _ in range(20):
            process.send_signal(signal.SIGTERM)
            time.sleep(.0005)
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out.splitlines()[0], err), (0, "unknown", ""))

    def test_signal_in_the_first_lines_is_not_lost(self):
        for _ in range(5):
            code, out, err = self.interrupt(signal.SIGTERM, 0, ready=True)
            self.assertEqual((code, out.splitlines()[0], err), (0, "unknown", ""))

    def test_signal_kills_a_command_that_has_nothing_to_save(self):
        net = self.dir / "pipe.onnx"
        os.mkfifo(net)  # nobody writes: the command waits
        process = subprocess.Popen([VOUCH, "info", net], stdout=subprocess.PIPE)
        time.sleep(.3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, -signal.SIGINT)

    def test_signal_at_any_time_gives_a_verdict_or_nothing(self):
        r = random.Random(1)
        for _ in range(20):
            number = r.choice((signal.SIGINT, signal.SIGTERM))
            code, out, err = self.interrupt(number, r.random() ** 3 * .3, "--timeout", "20")
            if code == -number:  # before the program's first lines
                self.assertEqual((out, err), ("", ""))
            else:
                self.assertEqual((code, err), (0, ""))
                self.assertIn(out.splitlines()[0], VERDICTS)

    def test_interrupted_run_writes_its_json(self):
        out = self.dir / "out.json"
        code, _, _ = self.interrupt(signal.SIGINT, .3, "--json", out, "--require", "unsat",
                                    ready=True)
        self.assertEqual(code, 1)
        result = json.loads(out.read_text())
        self.assertEqual((result["verdict"], result["reason"]), ("unknown", "interrupted"))


class Terminal(CliTest):
    def text(self, *more):
        return on_terminal("verify", *self.hard(), "--timeout", "1", *more)

    def test_progress_line_is_shown_and_wiped(self):
        text = self.text()
        self.assertRegex(text, r"done, .* open")
        self.assertTrue(text.endswith("\r\x1b[K"), repr(text[-40:]))

    def test_quiet_shows_none(self):
        self.assertEqual(self.text("--quiet"), "")


if __name__ == "__main__":
    main()
