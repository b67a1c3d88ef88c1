"""vouch bench: rows, comparison, and going on after a kill."""
import signal
import subprocess
import time

from cli_support import VOUCH, CliTest, gz, main, vouch


class Bench(CliTest):
    def setUp(self):
        super().setUp()
        self.out = self.dir / "results.csv"

    def instances(self, lines):
        path = self.dir / "instances.csv"
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def small(self):
        self.easy()
        return self.instances(["add.onnx,holds.vnnlib,60", "add.onnx,violated.vnnlib,60",
                               "./add.onnx,holds.vnnlib,60"])

    def slow(self, count=8, limit=.4):
        net, spec = self.hard()
        for i in range(count):
            (self.dir / f"p{i}.vnnlib").write_text(spec.read_text())
        return self.instances([f"{net.name},p{i}.vnnlib,{limit}" for i in range(count)])

    def rows(self, path=None):
        return [line.split(",") for line in (path or self.out).read_text().splitlines()]

    def check_slow_rows(self, count=8):
        rows = self.rows()
        self.assertEqual([r[2] for r in rows], [f"p{i}.vnnlib" for i in range(count)])
        self.assertTrue(all(len(r) == 6 and r[4] == "timeout" for r in rows), rows)

    def start(self, *more):
        """A run that has written its first row, or is about to."""
        process = subprocess.Popen([VOUCH, "bench", self.slow(), "--out", self.out, *more],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while time.monotonic() < end and not (self.out.exists() and self.out.stat().st_size):
            time.sleep(.02)
        time.sleep(.1)
        return process

    def test_rows_are_those_of_the_competition(self):
        done = vouch("bench", self.small(), "--out", self.out)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        rows = self.rows()
        self.assertEqual([r[:3] + [r[4]] for r in rows],
                         [[self.dir.name, "add.onnx", "holds.vnnlib", "unsat"],
                          [self.dir.name, "add.onnx", "violated.vnnlib", "sat"],
                          [self.dir.name, "./add.onnx", "holds.vnnlib", "unsat"]])
        self.assertTrue(all(float(r[3]) >= 0 and float(r[5]) >= 0 for r in rows))

    def test_header_names_the_columns(self):
        vouch("bench", self.small(), "--out", self.out, "--header")
        self.assertEqual(self.rows()[0],
                         "category,onnx,vnnlib,prepare_time,verdict,run_time".split(","))
        self.assertEqual(len(self.rows()), 4)

    def test_summary_counts_verdicts(self):
        text = vouch("bench", self.small()).stdout
        self.assertRegex(text, r"unsat +2 ")
        self.assertRegex(text, r"sat +1 ")
        self.assertRegex(text, r"holds.vnnlib +2 +2 +0")

    def test_gzipped_files_are_found_by_their_plain_names(self):
        csv = self.small()
        gz(self.dir / "add.onnx"), gz(self.dir / "holds.vnnlib")
        self.assertEqual(vouch("bench", csv, "--out", self.out).returncode, 0)

    def test_rows_on_standard_output_send_the_summary_to_standard_error(self):
        done = vouch("bench", self.small(), "--out", "-")
        self.assertEqual([len(r.split(",")) for r in done.stdout.splitlines()], [6, 6, 6])
        self.assertIn("verdict", done.stderr)

    def test_detail_has_a_line_for_each_instance(self):
        detail = self.dir / "d.tsv"
        vouch("bench", self.small(), "--detail", detail)
        lines = [line.split("\t") for line in detail.read_text().splitlines()]
        self.assertEqual(lines[0][:4], ["onnx", "vnnlib", "verdict", "seconds"])
        self.assertEqual([len(line) for line in lines], [11] * 4)

    def test_filter_chooses_instances(self):
        vouch("bench", self.small(), "--out", self.out, "--filter", "violated")
        self.assertEqual([r[2] for r in self.rows()], ["violated.vnnlib"])

    def test_contradiction_is_loud_and_exits_1(self):
        expected = self.dir / "expected.csv"
        csv = self.small()
        expected.write_text("vnnlib,onnx,verdict\nholds.vnnlib,./add.onnx,sat\n"
                            "violated.vnnlib.gz,add.onnx.gz,sat\n")
        done = vouch("bench", csv, "--expected", expected)
        self.assertEqual(done.returncode, 1)
        self.assertIn("CONTRADICTION: add.onnx holds.vnnlib: unsat, expected sat", done.stderr)
        self.assertIn("1 of 3 agree, 0 undecided, 2 CONTRADICTED", done.stdout)
        expected.write_text("onnx,vnnlib,verdict\nadd.onnx,holds.vnnlib,unsat\n")
        self.assertEqual(vouch("bench", csv, "--expected", expected).returncode, 0)

    def test_contradiction_before_a_resume_is_not_forgotten(self):
        expected = self.dir / "expected.csv"
        csv = self.small()
        expected.write_text("onnx,vnnlib,verdict\nadd.onnx,violated.vnnlib,unsat\n")
        vouch("bench", csv, "--out", self.out)
        done = vouch("bench", csv, "--out", self.out, "--resume", "--expected", expected)
        self.assertEqual(done.returncode, 1)

    def test_instance_that_cannot_be_read_is_an_error_row(self):
        self.easy()
        csv = self.instances(["none.onnx,holds.vnnlib,60", "add.onnx,holds.vnnlib,60"])
        done = vouch("bench", csv, "--out", self.out)
        self.assertEqual(done.returncode, 3)
        self.assertEqual([r[4] for r in self.rows()], ["error", "unsat"])
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_bad_files_are_errors(self):
        self.easy()
        csv = self.instances(["add.onnx,holds.vnnlib"])
        self.check_error(vouch("bench", csv), 3, "instances.csv:1")
        csv = self.instances(["add.onnx,holds.vnnlib,60", "add.onnx,holds.vnnlib,soon"])
        self.check_error(vouch("bench", csv), 3, "instances.csv:2", "soon")
        self.check_error(vouch("bench", self.instances([])), 3, "instances.csv")
        csv = self.small()
        self.check_error(vouch("bench", csv, "--out", "/nonexistent/x"), 3, "/nonexistent/x")
        self.check_error(vouch("bench", csv, "--expected", csv), 3, "instances.csv:1")

    def test_resume_goes_on_after_kill_and_torn_row(self):
        for _ in range(2):
            self.out.unlink(missing_ok=True)
            process = self.start("--detail", self.dir / "d.tsv")
            process.kill()
            process.communicate()
            before = self.rows()
            self.assertTrue(0 < len(before) < 8, before)
            with self.out.open("a") as out:
                out.write(f"{self.dir.name},hard.onnx,p")
            done = vouch("bench", self.slow(), "--out", self.out, "--resume", "--detail",
                         self.dir / "d.tsv")
            self.assertEqual((done.returncode, done.stderr), (0, ""), done)
            self.check_slow_rows()
            self.assertEqual(self.rows()[:len(before)], before)
            detail = (self.dir / "d.tsv").read_text().splitlines()[1:]
            self.assertEqual([d.split("\t")[1] for d in detail],
                             [f"p{i}.vnnlib" for i in range(8)])
            self.assertRegex(done.stdout, r"timeout +8 ")

    def test_resume_of_a_finished_run_changes_nothing(self):
        csv = self.small()
        vouch("bench", csv, "--out", self.out, "--header")
        before = self.out.read_text()
        done = vouch("bench", csv, "--out", self.out, "--header", "--resume")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.out.read_text(), before)

    def test_resume_refuses_a_file_that_is_something_else(self):
        csv = self.small()
        self.out.write_text("my diary\nmonday\n")
        self.check_error(vouch("bench", csv, "--out", self.out, "--resume"), 3, "results.csv:1")
        self.assertEqual(self.out.read_text(), "my diary\nmonday\n")

    def test_resume_refuses_rows_of_another_run(self):
        csv = self.small()
        for row in ("x,other.onnx,holds.vnnlib,0,unsat,1\n",
                    "x,add.onnx,holds.vnnlib,0,unsat,1\n" * 9):
            self.out.write_text(row)
            done = vouch("bench", csv, "--out", self.out, "--resume")
            self.check_error(done, 3, "results.csv:", "another run")
            self.assertEqual(self.out.read_text(), row)

    def test_output_never_overwrites_an_input(self):
        csv = self.small()
        names = ["instances.csv", "add.onnx", "holds.vnnlib"]
        before = [(self.dir / n).read_bytes() for n in names]
        for option in ("--out", "--detail"):
            for name in names:
                bad = vouch("bench", csv, option, self.dir / name)
                self.check_error(bad, 2, option, "overwrite", name)
        self.check_error(vouch("bench", csv, "--out", self.out, "--detail", self.out), 2, "same")
        self.assertEqual(before, [(self.dir / n).read_bytes() for n in names])
        self.assertFalse(self.out.exists())

    def test_signal_stops_with_a_summary_and_resume_goes_on(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        self.assertEqual((process.returncode, err), (0, ""))
        self.assertIn("interrupted after", out)
        self.assertTrue(0 < len(self.rows()) < 8)
        vouch("bench", self.slow(), "--out", self.out, "--resume")
        self.check_slow_rows()

    def test_total_timeout_leaves_no_row_for_the_instance_it_cuts(self):
        done = vouch("bench", self.slow(), "--out", self.out, "--total-timeout", "1")
        self.assertEqual(done.returncode, 0)
        self.assertIn("stopped by --total-timeout after", done.stdout)
        self.assertLess(len(self.rows()), 4)

    def test_timeout_caps_the_instances_limit(self):
        begun = time.monotonic()
        vouch("bench", self.slow(2, 60), "--out", self.out, "--timeout", ".2")
        self.assertLess(time.monotonic() - begun, 10)
        self.check_slow_rows(2)


if __name__ == "__main__":
    main()
