"""vouch eval: its figures, its JSON, what it refuses."""
import json
import signal
import subprocess
import time
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np

from cli_support import VOUCH, CliTest, dense, main, vouch


def digits(path):
    """A network on glyphs16: class 0 where the image is dark, else class 1; eight never."""
    rows = [[0] * 256, [1] * 256] + [[0] * 256] * 8
    return dense(path, [(rows, [20, 0] + [-9] * 8)])


def corner(path):
    """Class 1 where a + b > 1."""
    return dense(path, [([[0, 0], [1, 1]], [1, 0])])


class Page(HTMLParser):
    """The words of a page and its tables; faults: marks that do not match, things from outside."""

    def __init__(self, text):
        super().__init__()
        self.open, self.faults, self.words, self.rows = [], [], [], []
        self.feed(text)
        self.close()
        self.faults += [f"{tag} is open" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta",):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        self.faults += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href")]
        if tag in ("script", "link", "img"):
            self.faults.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"/{tag}")

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1].append(data)


class Eval(CliTest):
    def result(self, *arguments):
        done = vouch("eval", *arguments, "--json", "-")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        result = json.loads(done.stdout)
        self.check_schema("eval", result)
        return result

    def table(self):
        """Distances to the corner's boundary: .05, .15, .3, .25 and, wrong, .1."""
        path = self.dir / "t.csv"
        path.write_text("a,b,class\n.5,.6,yes\n.2,.5,no\n.8,.8,yes\n.25,.25,no\n.5,.3,yes\n"
                        "0,0,no\n1,1,yes\n")
        return f"{path}?target=class"

    def test_radii_are_between_attack_and_proof(self):
        r = self.result(corner(self.dir / "n.onnx"), self.table(), "--eps", "0.04,0.1,0.2",
                        "--attack", "tabular")
        self.assertEqual((r["points"], r["right"]), (7, 6))
        self.assertEqual([p["withstood"] for p in r["radii"]], [6, 5, 4])
        self.assertEqual([p["certified"] for p in r["radii"]], [6, 5, 4])
        self.assertEqual(r["each"][0]["found_by"], [None, "tabular", "tabular"])
        self.assertEqual(r["each"][4]["certified_by"], [None, None, None])

    def test_attacks_take_settings_as_vouch_attack_does(self):
        net, strong = digits(self.dir / "n.onnx"), "pgd:steps=40:restarts=2"
        r = self.result(net, "builtin:glyphs16", "--count", "20", "--eps", "0.07",
                        "--certify", "none", "--attack", f"pgd:steps=1:step=0.3,{strong}")
        weak, held = r["radii"][0]["attacks"].values()
        self.assertEqual(list(r["radii"][0]["attacks"])[1], strong)
        done = vouch("attack", net, "builtin:glyphs16", "--count", "20", "--eps", "0.07",
                     "--attack", "pgd", "--set", "steps=40,restarts=2", "--json", "-")
        self.assertEqual(held, json.loads(done.stdout)["robust"])
        self.assertGreater(weak, held)
        self.assertIn(strong, [p["found_by"][0] for p in r["each"]])

    def test_images_are_evaluated_corrupted_and_smoothed(self):
        net = digits(self.dir / "n.onnx")
        r = self.result(net, "builtin:glyphs16", "--count", "20", "--eps", "0.01,0.1",
                        "--attack", "fgsm,pgd", "--certify", "complete", "--corrupt",
                        "--smooth", "0.25", "--samples", "200")
        self.assertEqual(set(r["radii"][0]["attacks"]), {"fgsm", "pgd"})
        for radius in r["radii"]:
            self.assertLessEqual(radius["certified"], radius["withstood"])
            self.assertEqual(radius["certified"], sum(radius["levels"].values()))
        self.assertIn("jpeg", r["corruptions"])
        self.assertNotIn("missing", r["corruptions"])
        self.assertEqual(sum(b["points"] for b in r["calibration"]["bins"]), 20)
        self.assertEqual(r["smoothing"]["samples"], 200)
        self.assertTrue(all(p["radius_l2"] >= 0 for p in r["each"]))

    def test_transformations_are_proved_or_refuted(self):
        net = digits(self.dir / "n.onnx")
        r = self.result(net, "builtin:glyphs16", "--count", "30", "--transform", "all",
                        "--limit", "2")
        self.assertEqual(list(r["transforms"]),
                         ["brightness", "contrast", "rotation", "translation"])
        for name, row in r["transforms"].items():
            self.assertEqual(sorted(row["certified"], reverse=True), row["certified"])
            for certified, withstood in zip(row["certified"], row["withstood"]):
                self.assertLessEqual(certified, withstood)
            for p in r["each"]:
                at = p["transforms"][name]
                if p["label"] != p["predicted"]:
                    self.assertEqual((at["certified"], at["refuted"]), (0, 0))
                elif at["refuted"]:
                    self.assertLess(at["certified"], at["refuted"])
                    reach = row["reach"][at["refuted"] - 1]
                    self.assertTrue(at["parameters"])
                    self.assertTrue(all(abs(t) <= reach for t in at["parameters"]))
        self.assertEqual(r["transforms"]["rotation"]["reach"], [5, 10, 15, 22.5, 30])
        done = vouch("eval", net, "builtin:glyphs16", "--count", "4", "--transform", "rotation")
        self.assertRegex(done.stdout, r"rotation, degrees +5 +10 +15 +22\.5 +30\n"
                                      r"  withstood %( +\d+\.\d+){5}\n  certified %")

    def test_transformations_need_to_know_the_valid_range(self):
        """Without one, black and the length of the range were those of float32: claims of an image
        that nobody has."""
        net, images = digits(self.dir / "n.onnx"), self.dir / "g.npz"
        vouch("data", "convert", "builtin:glyphs16?count=12", images)
        with np.load(images) as f:
            x, y = f["x"], f["y"]
            self.assertEqual(list(f["valid_range"]), [0, 1])
        np.savez(self.dir / "bare.npz", x=x, y=y)
        np.save(self.dir / "bare.npy", x)
        np.save(self.dir / "bare_labels.npy", y)
        whole = ("--transform", "all", "--limit", "2", "--count", "12")
        for bare in ("bare.npz", "bare.npy"):
            for what in (whole, ("--corrupt",)):
                done = vouch("eval", net, self.dir / bare, *what)
                self.check_error(done, 3, "range", "--range")
        kept = self.result(net, images, *whole)
        given = self.result(net, self.dir / "bare.npz", *whole, "--range", "0,1")
        self.assertEqual(kept["each"], given["each"])
        self.replay(x.reshape(12, 256).astype(float), kept["each"])

    def replay(self, x, each):
        """What is claimed of light changes the class of the image that the definition gives."""
        claims = 0
        for image, p in zip(x, each):
            for name, of in (("brightness", lambda t: image + t),
                             ("contrast", lambda t: image.mean() + (1 + t) *
                              (image - image.mean()))):
                if p["transforms"][name]["refuted"]:
                    t, = p["transforms"][name]["parameters"]
                    self.assertNotEqual(int(np.clip(of(t), 0, 1).sum() > 20), p["label"])
                    claims += 1
        self.assertGreater(claims, 0)

    def test_a_valid_range_that_is_none_is_refused(self):
        net, path = digits(self.dir / "n.onnx"), self.dir / "a.npz"
        for bad in ([0, 0], [1, 0], [0, 1, 2], [[0, 1]], [0, float("inf")], .5):
            np.savez(path, x=np.zeros((2, 16, 16), "f4"), y=[0, 1], valid_range=bad)
            self.check_error(vouch("eval", net, path), 3, "a.npz", "valid_range")

    def test_that_there_are_no_proofs_in_l2_is_said(self):
        net, page = digits(self.dir / "n.onnx"), self.dir / "p.html"
        ball = (net, "builtin:glyphs16", "--count", "10", "--norm", "l2", "--eps", "0.1,0.2")
        self.check_error(vouch("eval", *ball, "--certify", "crown"), 2, "no proofs in l2")
        done = vouch("eval", *ball, "--html", page)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        self.assertIn("certified  no proofs in l2\n", done.stdout)
        self.assertRegex(done.stdout, r"\n +eps  withstood %\n")
        self.assertNotIn("withstood certified", done.stdout)
        heads = [row for row in Page(page.read_text()).rows if row[0] in ("radius", "class")]
        self.assertFalse([cell for row in heads for cell in row if "proved" in cell])
        r = self.result(*ball)
        self.assertEqual([p["certified"] for p in r["radii"] + r["classes"]], [None] * 12)

    def test_long_names_keep_the_columns_in_line(self):
        done = vouch("eval", digits(self.dir / "n.onnx"), "builtin:glyphs16", "--count", "5",
                     "--eps", "0.01", "--attack", "pgd:steps=10:restarts=2,fgsm")
        block = done.stdout.split("linf, eps 0.01\n")[1].split("\n\n")[0].splitlines()
        self.assertEqual({line.index(line[24:].split()[0], 24) for line in block}, {24})

    def test_classes_have_their_names_and_radii_few_digits(self):
        done = vouch("eval", corner(self.dir / "n.onnx"), self.table(), "--smooth", "0.3",
                     "--samples", "100")
        self.assertRegex(done.stdout, r"\nno +\d+ +\d+ +\d+\nyes +\d+")
        self.assertIn("\n        0.15 ", done.stdout)

    def test_a_class_without_points_has_no_accuracy(self):
        net, page = digits(self.dir / "n.onnx"), self.dir / "p.html"
        vouch("eval", net, "builtin:glyphs16", "--count", "3", "--html", page)
        rows = [row for row in Page(page.read_text()).rows if row[1:3] == ["0", "0"]]
        self.assertTrue(rows)
        self.assertEqual({row[3] for row in rows}, {"\u2013"})

    def test_a_full_disk_is_named_with_its_reason(self):
        net = digits(self.dir / "n.onnx")
        for count in (3, 300):  # within a buffer of the stream, and beyond
            done = vouch("eval", net, "builtin:glyphs16", "--count", count, "--json", "/dev/full")
            self.assertEqual(done.returncode, 3)
            self.assertEqual(done.stderr,
                             "vouch eval: /dev/full: cannot write: No space left on device\n")

    def test_threads_change_nothing(self):
        net, results = digits(self.dir / "n.onnx"), []
        for threads in (1, 3):
            r = self.result(net, "builtin:glyphs16", "--count", "20", "--eps", "0.05",
                            "--corrupt", "--smooth", "0.5", "--samples", "100",
                            "--transform", "brightness,rotation",
                            "--threads", threads)
            for part in [r, *r["radii"], *r["transforms"].values()]:
                for name in [n for n in part if "seconds" in n]:
                    del part[name]
            results.append(r)
        self.assertEqual(*results)

    def test_the_text_has_the_figures(self):
        done = vouch("eval", corner(self.dir / "n.onnx"), self.table(), "--eps", "0.04,0.2",
                     "--attack", "tabular", "--corrupt")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        for line in (r"clean +6 of 7, 85\.71 % \(95 %: ", r"linf, eps 0\.04",
                     r"certified +6 of 7", r"\n +0\.2 +57\.14 +57\.14\n", r"ECE",
                     r"unit-errors( +\d+\.\d+){6}"):
            self.assertRegex(done.stdout, line)

    def test_the_picture_is_a_drawing_with_steps(self):
        out = self.dir / "p.svg"
        done = vouch("eval", corner(self.dir / "n.onnx"), self.table(), "--eps", "0.04,0.1,0.2",
                     "--attack", "tabular", "--picture", out)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        root = ElementTree.parse(out).getroot()
        paths = [e.get("d") for e in root.iter() if e.tag.endswith("path")]
        self.assertEqual([p.count("L") for p in paths], [13, 6, 6])
        self.assertEqual(sum(e.get("fill", "").startswith("#") and e.get("stroke-width") == "0.5"
                             for e in root.iter()), 4)

    def test_the_page_stands_alone_and_has_every_figure(self):
        net, out = digits(self.dir / "<b>&\"n'.onnx"), self.dir / "page.html"
        done = vouch("eval", net, "builtin:glyphs16", "--count", "20", "--eps", "0.01,0.1",
                     "--attack", "fgsm,pgd", "--corrupt", "--smooth", "0.25", "--samples", "100",
                     "--html", out, "--json", self.dir / "r.json")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        text, r = out.read_text(), json.loads((self.dir / "r.json").read_text())
        page = Page(text)
        self.assertEqual(page.faults, [])
        self.assertNotIn("url(", text)
        self.assertIn(f"Evaluation of {net}", page.words)
        self.assertIn(f"{5 * r['right']:.2f} %", page.words)
        rows = {row[0]: row[1:] for row in page.rows}
        self.assertEqual(rows["pgd"], [str(p["attacks"]["pgd"]) for p in r["radii"]])
        self.assertEqual(rows["crown"], [str(p["levels"]["crown"]) for p in r["radii"]])
        self.assertEqual(rows["jpeg"][:5], [f"{5 * n:.2f}" for n in r["corruptions"]["jpeg"]])
        self.assertEqual(rows["0.1"][0], f"{5 * r['radii'][1]['withstood']:.2f} %")
        self.assertEqual(rows["--eps"], ["0.01,0.1"])
        self.assertEqual(rows["its SHA-256"], [r["network_sha256"]])
        self.assertEqual(text.count("<svg"), 2)

    WORK = ("builtin:glyphs16", "--count", "30", "--eps", "0.01,0.05,0.1", "--attack", "fgsm,pgd",
            "--certify", "complete", "--corrupt", "--smooth", "0.25", "--samples", "3000",
            "--transform", "brightness,contrast", "--limit", "1000")

    def plain(self, path):
        """The result without what a clock says."""
        r = json.loads(path.read_text())
        for part in [r, *r["radii"], *r["transforms"].values()]:
            for name in [n for n in part if "seconds" in n]:
                del part[name]
        return r

    def killed_at(self, lines, journal, command):
        """Kills the run once its journal has that many lines; False: it ended before."""
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while process.poll() is None:
            if journal.exists() and journal.read_bytes().count(b"\n") >= lines:
                process.kill()
                process.communicate()
                return True
        self.assertEqual((process.returncode, process.communicate()[1]), (0, b""))
        return False

    def test_a_killed_run_goes_on_to_the_same_figures(self):
        net, journal = digits(self.dir / "n.onnx"), self.dir / "journal"
        whole, out = self.dir / "whole.json", self.dir / "out.json"
        command = [VOUCH, "eval", net, *self.WORK, "--json"]
        subprocess.run([*command, whole], stdout=subprocess.DEVNULL, check=True)
        lines = 2
        while self.killed_at(lines, journal, [*command, out, "--resume", journal]):
            self.assertFalse(out.exists())
            lines = max(lines, journal.read_bytes().count(b"\n")) + 25
        self.assertGreater(lines, 100)
        self.assertEqual(self.plain(out), self.plain(whole))
        units = [line.split("\t")[0] for line in journal.read_text().splitlines()[1:]]
        self.assertEqual(len(units), len(set(units)))
        was = journal.read_bytes()
        journal.write_bytes(was[:-3])  # torn in its last line
        subprocess.run([*command, out, "--resume", journal], stdout=subprocess.DEVNULL, check=True)
        self.assertEqual(journal.read_bytes(), was)
        done = vouch("eval", net, *self.WORK, "--resume", journal)
        self.assertIn(f"resumed    {len(units)} pieces of work", done.stdout)

    def test_a_journal_of_another_run_is_refused(self):
        net, data, journal = corner(self.dir / "n.onnx"), self.table(), self.dir / "journal"
        base = ["--eps", "0.1", "--attack", "tabular", "--resume", journal]
        self.assertEqual(vouch("eval", net, data, *base).returncode, 0)
        was = journal.read_bytes()
        other = dense(self.dir / "o.onnx", [([[0, 0], [1, 2]], [1, 0])])
        note = self.dir / "note.txt"
        note.write_text("keep me\n")
        for arguments, word in (
                ([other, data, *base], "other network"),
                ([net, data, *base, "--count", "3"], "other data"),
                ([net, data, *base, "--eps", "0.2"], "other eps"),
                ([net, data, *base, "--seed", "2"], "other seed"),
                ([net, data, *base, "--resume", note], "no journal")):
            with self.subTest(word=word):
                self.check_error(vouch("eval", *arguments), 3, word)
        self.assertEqual((journal.read_bytes(), note.read_text()), (was, "keep me\n"))
        self.assertEqual(vouch("eval", net, data, *base, "--threads", "1").returncode, 0)
        self.assertEqual(journal.read_bytes(), was)

    def test_an_interrupted_evaluation_reports_what_it_has(self):
        process = subprocess.Popen(
            [VOUCH, "eval", digits(self.dir / "n.onnx"), "builtin:glyphs16", "--count", "50",
             "--smooth", "0.5", "--samples", "1000000000", "--eps", "0.01", "--json", "-"],
            stdout=subprocess.PIPE, text=True)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        result = json.loads(process.communicate(timeout=30)[0])
        self.assertEqual((process.returncode, result["interrupted"]), (5, True))
        self.assertEqual((result["points"], "smoothing" in result), (50, False))

    def test_what_makes_no_sense_is_refused(self):
        net, data = corner(self.dir / "n.onnx"), self.table()
        images = digits(self.dir / "d.onnx")
        for arguments, code, word in (
                ([net, data, "--eps", "0.2,0.1"], 2, "0.1"),
                ([net, data, "--eps", "wide"], 2, "wide"),
                ([net, data, "--eps", "0.1", "--attack", "magic"], 2, "magic"),
                ([net, data, "--eps", "0.1"], 2, "rules of tables"),
                ([images, "builtin:glyphs16", "--attack", "pgd:steps"], 2, "NAME=VALUE"),
                ([images, "builtin:glyphs16", "--attack", "pgd:stpes=3"], 2, "no setting 'stpes'"),
                ([images, "builtin:glyphs16", "--attack", "pgd:steps=x"], 2, "steps"),
                ([images, "builtin:glyphs16", "--attack", "autoattack:steps=3"], 2, "no setting"),
                ([images, "builtin:glyphs16", "--attack", "pgd,pgd"], 2, "twice"),
                ([images, "builtin:glyphs16", "--eps", "1", "--norm", "l0"], 2, "l0"),
                ([net, data, "--certify", "hope"], 2, "hope"),
                ([net, data, "--smooth", "-1"], 2, "smooth"),
                ([net, data, "--alpha", "0"], 2, "alpha"),
                ([net, data, "--relative", "--picture", "x.png"], 2, ".svg"),
                ([images, "builtin:glyphs16", "--relative"], 2, "no table"),
                ([net, "0.1,0.2"], 3, "labels"),
                ([images, "builtin:glyphs16", "--transform", "warp"], 2, "warp"),
                ([images, "builtin:glyphs16", "--transform", "all,contrast"], 2, "twice"),
                ([images, "builtin:glyphs16", "--transform", "contrast", "--limit", "-1"], 2,
                 "limit"),
                ([net, data, "--transform", "rotation"], 3, "images"),
                ([images, data], 3, "256"),
                ([net, self.dir / "none.csv"], 3, "none.csv")):
            with self.subTest(arguments=arguments):
                self.check_error(vouch("eval", *arguments), code, word)


if __name__ == "__main__":
    main()
