"""vouch bench: rows, folders, comparison, and going on after a kill."""
import csv
import os
import pathlib
import shutil
import signal
import subprocess
import time

from cli_support import VOUCH, CliTest, gz, image_net, main, prop, vouch


class BenchCase(CliTest):
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

    def log(self, path):
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    def folders(self):
        """all/one and all/two, benchmarks of two instances each; all/none, which is none"""
        self.easy()
        for name in ("none", "one", "two"):
            (self.dir / "all" / name).mkdir(parents=True)
        for name in ("one", "two"):
            folder = self.dir / "all" / name
            for file in ("add.onnx", "holds.vnnlib", "violated.vnnlib"):
                shutil.copy(self.dir / file, folder)
            (folder / "instances.csv").write_text("add.onnx,holds.vnnlib,60\n"
                                                  "add.onnx,violated.vnnlib,60\n")
        (self.dir / "all" / "two" / "expected.csv").write_text(
            "onnx,vnnlib,verdict,ce_checked\nadd.onnx,holds.vnnlib,sat,valid\n"
            "add.onnx,violated.vnnlib,unsat,\n")
        return self.dir / "all"

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


class Bench(BenchCase):
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
        listed = self.small()
        gz(self.dir / "add.onnx"), gz(self.dir / "holds.vnnlib")
        self.assertEqual(vouch("bench", listed, "--out", self.out).returncode, 0)

    def test_rows_on_standard_output_send_the_summary_to_standard_error(self):
        done = vouch("bench", self.small(), "--out", "-")
        self.assertEqual([len(r.split(",")) for r in done.stdout.splitlines()], [6, 6, 6])
        self.assertIn("verdict", done.stderr)

    def test_detail_has_a_line_for_each_instance(self):
        detail = self.dir / "d.tsv"
        vouch("bench", self.small(), "--detail", detail)
        lines = [line.split("\t") for line in detail.read_text().splitlines()]
        self.assertEqual(lines[0][:4], ["onnx", "vnnlib", "verdict", "seconds"])
        self.assertEqual([len(line) for line in lines], [len(lines[0])] * 4)
        for line in self.log(detail):
            self.assertEqual((line["benchmark"], line["limit_s"], line["settings"]),
                             (self.dir.name, "60.000000", "-"))
            self.assertGreater(float(line["peak_mib"]), 0)
            self.assertIn(line["decided_by"], ("attack", "search"))

    def test_filter_chooses_instances(self):
        vouch("bench", self.small(), "--out", self.out, "--filter", "violated")
        self.assertEqual([r[2] for r in self.rows()], ["violated.vnnlib"])

    def test_contradiction_is_loud_and_exits_1(self):
        expected = self.dir / "expected.csv"
        listed = self.small()
        expected.write_text("vnnlib,onnx,verdict\nholds.vnnlib,./add.onnx,sat\n"
                            "violated.vnnlib.gz,add.onnx.gz,sat\n")
        done = vouch("bench", listed, "--expected", expected)
        self.assertEqual(done.returncode, 1)
        self.assertIn("CONTRADICTION: add.onnx holds.vnnlib: unsat, expected sat", done.stderr)
        self.assertIn("1 of 3 agree, 0 undecided, 2 CONTRADICTED", done.stdout)
        expected.write_text("onnx,vnnlib,verdict\nadd.onnx,holds.vnnlib,unsat\n")
        self.assertEqual(vouch("bench", listed, "--expected", expected).returncode, 0)

    def test_contradiction_before_a_resume_is_not_forgotten(self):
        expected = self.dir / "expected.csv"
        listed = self.small()
        expected.write_text("onnx,vnnlib,verdict\nadd.onnx,violated.vnnlib,unsat\n")
        vouch("bench", listed, "--out", self.out)
        done = vouch("bench", listed, "--out", self.out, "--resume", "--expected", expected)
        self.assertEqual(done.returncode, 1)

    def test_instance_that_cannot_be_read_is_an_error_row(self):
        self.easy()
        listed = self.instances(["none.onnx,holds.vnnlib,60", "add.onnx,holds.vnnlib,60"])
        done = vouch("bench", listed, "--out", self.out)
        self.assertEqual(done.returncode, 3)
        self.assertEqual([r[4] for r in self.rows()], ["error", "unsat"])
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_bad_files_are_errors(self):
        self.easy()
        listed = self.instances(["add.onnx,holds.vnnlib"])
        self.check_error(vouch("bench", listed), 3, "instances.csv:1")
        listed = self.instances(["add.onnx,holds.vnnlib,60", "add.onnx,holds.vnnlib,soon"])
        self.check_error(vouch("bench", listed), 3, "instances.csv:2", "soon")
        self.check_error(vouch("bench", self.instances([])), 3, "instances.csv")
        listed = self.small()
        self.check_error(vouch("bench", listed, "--out", "/nonexistent/x"), 3, "/nonexistent/x")
        self.check_error(vouch("bench", listed, "--expected", listed), 3, "instances.csv:1")

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
        listed = self.small()
        vouch("bench", listed, "--out", self.out, "--header")
        before = self.out.read_text()
        done = vouch("bench", listed, "--out", self.out, "--header", "--resume")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.out.read_text(), before)

    def test_resume_refuses_a_file_that_is_something_else(self):
        listed = self.small()
        self.out.write_text("my diary\nmonday\n")
        self.check_error(vouch("bench", listed, "--out", self.out, "--resume"), 3, "results.csv:1")
        self.assertEqual(self.out.read_text(), "my diary\nmonday\n")

    def test_resume_refuses_rows_of_another_run(self):
        listed = self.small()
        for row in ("x,other.onnx,holds.vnnlib,0,unsat,1\n",
                    "x,add.onnx,holds.vnnlib,0,unsat,1\n" * 9):
            self.out.write_text(row)
            done = vouch("bench", listed, "--out", self.out, "--resume")
            self.check_error(done, 3, "results.csv:", "another run")
            self.assertEqual(self.out.read_text(), row)

    def test_output_never_overwrites_an_input(self):
        listed = self.small()
        names = ["instances.csv", "add.onnx", "holds.vnnlib"]
        before = [(self.dir / n).read_bytes() for n in names]
        for option in ("--out", "--detail"):
            for name in names:
                bad = vouch("bench", listed, option, self.dir / name)
                self.check_error(bad, 2, option, "overwrite", name)
        self.check_error(vouch("bench", listed, "--out", self.out, "--detail", self.out), 2, "same")
        self.assertEqual(before, [(self.dir / n).read_bytes() for n in names])
        self.assertFalse(self.out.exists())

    def test_signal_stops_with_a_summary_and_resume_goes_on(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        self.assertEqual((process.returncode, err), (5, ""))
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

class Folders(BenchCase):
    """Several benchmarks in one run, the log, and what happens to a process."""

    def setUp(self):
        super().setUp()
        self.detail = self.dir / "log.tsv"

    def run_log(self, *more):
        done = vouch("bench", *more, "--detail", self.detail, "--quiet")
        return done, [(r["benchmark"], r["vnnlib"]) for r in self.log(self.detail)]

    def test_folder_of_folders_is_a_table_with_a_line_for_each(self):
        done, rows = self.run_log(self.folders())
        both = ["holds.vnnlib", "violated.vnnlib"]
        self.assertEqual(rows, [(b, v) for b in ("one", "two") for v in both])
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"\none +2 +2 +2 +1 +1 +0 +0 +0 +0 +0 ")
        self.assertRegex(done.stdout, r"\ntwo +2 +2 +2 +1 +1 +0 +0 +0 +1 +1 ")
        self.assertRegex(done.stdout, r"\nall +4 +4 +4 +2 +2 +0 +0 +0 +1 +1 ")
        self.assertIn("wall seconds by phase", done.stdout)

    def test_unsat_against_a_replayed_counterexample_is_wrong_and_all_else_disagrees(self):
        self.run_log(self.folders(), "--only", "two")
        self.assertEqual([r["compared"] for r in self.log(self.detail)], ["wrong", "disagrees"])

    def test_pieces_make_up_the_whole(self):
        every = self.run_log(self.folders())[1]
        parts = [self.run_log(self.dir / "all", "--shard", f"{i}/3")[1] for i in (1, 2, 3)]
        self.assertEqual([len(p) for p in parts], [2, 1, 1])
        self.assertEqual(sorted(sum(parts, [])), sorted(every))
        first = self.run_log(self.dir / "all", "--limit-instances", "1")[1]
        self.assertEqual(first, [("one", "holds.vnnlib"), ("two", "holds.vnnlib")])
        only = self.run_log(self.dir / "all", "--only", "o,x")[1]
        self.assertEqual([b for b, _ in only], ["one", "one"])

    def test_paths_that_hold_nothing_are_errors(self):
        every = self.folders()
        self.check_error(vouch("bench", every / "none"), 3, "none", "instances.csv")
        self.check_error(vouch("bench", every, "--only", "three"), 3, "three")
        self.check_error(vouch("bench", every, "--shard", "3/2"), 2, "--shard", "3/2")
        self.check_error(vouch("bench", every, "--resume"), 2, "--resume")

    def test_log_resumes_rows_of_the_same_limit_and_settings_only(self):
        every = self.folders()
        self.run_log(every, "--tag", "a")
        for more, count in (([], 4), (["--timeout", "50"], 8), (["--seed", "2"], 12),
                            (["--timeout", "50"], 12), (["--timeout", "99"], 12)):
            self.run_log(every, "--resume", "--tag", "b", *more)
            rows = self.log(self.detail)
            self.assertEqual(len(rows), count, more)
        self.assertEqual({(r["limit_s"], r["settings"], r["tag"]) for r in rows},
                         {("60.000000", "-", "a"), ("50.000000", "-", "b"),
                          ("60.000000", "seed=2", "b")})

    def test_rows_are_not_resumed_where_the_log_has_another_limit(self):
        listed = self.small()
        vouch("bench", listed, "--out", self.out, "--detail", self.detail)
        done = vouch("bench", listed, "--out", self.out, "--detail", self.detail, "--resume",
                     "--timeout", "5")
        self.check_error(done, 3, "another limit")

    def check_once(self, listed, cut):
        done = vouch("bench", listed, "--out", self.out, "--detail", self.detail, "--resume")
        self.assertEqual((done.returncode, done.stderr), (0, ""), (cut, done))
        names = [f"p{i}.vnnlib" for i in range(3)]
        self.assertEqual(sorted(r[2] for r in self.rows()), names, cut)
        log = self.log(self.detail)
        self.assertEqual(sorted(r["vnnlib"] for r in log), names, cut)
        self.assertTrue(all(None not in r.values() and None not in r for r in log), cut)

    def test_resume_loses_and_doubles_no_instance_wherever_both_files_end(self):
        self.easy()
        for i in range(3):
            shutil.copy(self.dir / "holds.vnnlib", self.dir / f"p{i}.vnnlib")
        listed = self.instances([f"add.onnx,p{i}.vnnlib,60" for i in range(3)])
        vouch("bench", listed, "--out", self.out, "--detail", self.detail)
        row, line = self.out.read_bytes(), self.detail.read_bytes()

        def cuts(text):
            last = len(text.splitlines(keepends=True)[-1])
            return [len(text) - n for n in (0, 1, 2, last // 2, last - 1, last, last + 1, len(text))]

        for cut in [(r, d) for r in cuts(row) for d in cuts(line)[:-1]]:
            self.out.write_bytes(row[:cut[0]])
            self.detail.write_bytes(line[:cut[1]])
            self.check_once(listed, cut)

    def test_resume_takes_rows_older_than_the_log(self):
        listed = self.small()
        vouch("bench", listed, "--out", self.out)
        before = self.out.read_text()
        done = vouch("bench", listed, "--out", self.out, "--detail", self.detail, "--resume")
        self.assertEqual((done.returncode, self.out.read_text()), (0, before))
        self.assertEqual(self.log(self.detail), [])

    def test_killed_process_is_an_error_row_and_the_run_goes_on(self):
        self.easy()
        net, spec = self.hard()
        listed = self.instances([f"{net.name},{spec.name},40", "add.onnx,holds.vnnlib,60"])
        process = subprocess.Popen([VOUCH, "bench", listed, "--out", self.out, "--detail",
                                    self.detail], stderr=subprocess.PIPE, text=True,
                                   stdout=subprocess.DEVNULL)
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        end = time.monotonic() + 20
        while time.monotonic() < end and not children.read_text().split():
            time.sleep(.02)
        time.sleep(.3)
        os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
        error = process.communicate(timeout=30)[1]
        self.assertEqual(process.returncode, 4)
        self.assertIn("ended by signal 9", error)
        self.assertEqual([r[4] for r in self.rows()], ["error", "unsat"])
        self.assertIn("signal 9", self.log(self.detail)[0]["reason"])

    def test_time_limit_reached_while_reading_is_a_row_timeout(self):
        self.easy()
        listed = self.instances(["add.onnx,holds.vnnlib,0.000001", "add.onnx,holds.vnnlib,60"])
        done = vouch("bench", listed, "--detail", self.detail)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([(r["verdict"], r["reason"]) for r in self.log(self.detail)],
                         [("timeout", "time limit reached"), ("unsat", "")])

    def test_memory_limit_is_a_row_unknown(self):
        self.easy()
        listed = self.instances(["add.onnx,holds.vnnlib,60"])
        image_net(self.dir / "add.onnx", side=2)
        prop(self.dir / "holds.vnnlib", [(0, 1)] * 4, ["(assert (<= Y_0 -1.0))"])
        done = vouch("bench", listed, "--detail", self.detail, "--memory", "1")
        self.assertEqual(done.returncode, 0, done)
        row = self.log(self.detail)[0]
        self.assertEqual((row["verdict"], row["settings"]), ("unknown", "memory=1"))
        self.assertEqual(row["reason"], "memory limit reached")


if __name__ == "__main__":
    main()
