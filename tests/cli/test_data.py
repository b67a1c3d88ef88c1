"""vouch data: info, convert, split; arrays that NumPy wrote, and NumPy reading what vouch wrote."""
import gzip
import json
import struct
import unittest.mock
import zlib

import numpy as np
from cli_support import CliTest, main, vouch


class Data(CliTest):
    def answer(self, *arguments):
        done = vouch("data", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout

    def converted(self, place):
        out = self.dir / "out.npz"
        self.answer("convert", place, out)
        with np.load(out) as file:
            return {name: file[name] for name in file.files}

    def test_info_counts_samples_and_classes(self):
        text = self.answer("info", "builtin:glyphs16?count=50")
        self.assertIn("50 of [1,16,16]", text)
        self.assertIn("classes   10", text)
        found = json.loads(self.answer("info", "builtin:loan?count=30", "--json", "-"))
        self.check_schema("data-info", found)
        self.assertEqual((found["count"], found["size"], found["outside"]), (30, 20, 0))
        self.assertEqual(sum(c["count"] for c in found["classes"]), 30)

    def test_arrays_of_every_type_and_order_are_read(self):
        values = np.arange(24).reshape(4, 6) % 5
        for descr in ("<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "u1", "i1", "<u2", ">i2", "<i4",
                      ">i4",
                      "<u4", "<i8", ">i8", "<u8", "?"):
            for order in "CF":
                wanted = values.astype(descr)
                np.save(self.dir / "a.npy", np.asarray(wanted, order=order))
                got = self.converted(self.dir / "a.npy")["x"]
                np.testing.assert_array_equal(got, wanted.astype("f4"), f"{descr} {order}")

    def test_every_float16_is_read_exactly(self):
        half = np.arange(1 << 16, dtype="u2").view("f2")
        half = half[np.isfinite(half)]
        np.save(self.dir / "h.npy", half.reshape(-1, 1))
        got = self.converted(self.dir / "h.npy")["x"]
        np.testing.assert_array_equal(got.ravel(), half.astype("f4"))

    def test_pictures_of_16_bits_are_numbers_whatever_their_gamma(self):
        def chunk(kind, body):
            text = kind + body
            return struct.pack(">I", len(body)) + text + struct.pack(">I", zlib.crc32(text))

        value = np.random.default_rng(3).integers(0, 1 << 16, (5, 4, 4), dtype="u2")
        for kind, channels in ((0, 1), (2, 3), (6, 4)):
            pixel = value[:, :, :channels]
            rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixel)
            folder = self.dir / f"k{kind}"
            folder.mkdir()
            (folder / "a.png").write_bytes(
                b"\x89PNG\r\n\x1a\n"
                + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 5, 16, kind, 0, 0, 0))
                + chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"IDAT", zlib.compress(rows))
                + chunk(b"IEND", b""))
            (folder / "labels.csv").write_text("a.png,0\n")
            wanted = pixel.astype("u8")
            if channels == 4:
                wanted = (wanted[:, :, :3] * wanted[:, :, 3:] + 32767) // 65535
            np.testing.assert_array_equal(
                self.converted(folder)["x"][0],
                np.moveaxis(wanted, 2, 0).astype("f4") / np.float32(65535))

    def test_archives_of_64_bit_numbers_are_read(self):
        """What NumPy writes beyond 4 GiB, with the limit put low; then the end record too."""
        x, y = np.random.default_rng(1).random((6, 5), dtype="f4"), np.arange(6) % 3
        with unittest.mock.patch("zipfile.ZIP64_LIMIT", 16):
            np.savez(self.dir / "a.npz", x=x, y=y)
        whole = (self.dir / "a.npz").read_bytes()
        self.assertIn(b"PK\6\6", whole)
        saturated = whole[:-14] + b"\xff" * 12 + whole[-2:]
        for data in (whole, saturated):
            (self.dir / "a.npz").write_bytes(data)
            got = self.converted(self.dir / "a.npz")
            np.testing.assert_array_equal(got["x"], x)
            np.testing.assert_array_equal(got["y"], y)
        record, entry = whole.index(b"PK\6\6"), whole.index(b"PK\1\2")
        for at, value in ((record + 48, 1 << 40), (record + 40, 1 << 63), (record + 32, 1 << 33),
                          (record + 84 - 20, 1 << 62), (entry + 46 + 5 + 4, 1 << 62)):
            bad = bytearray(saturated)
            bad[at:at + 8] = value.to_bytes(8, "little")
            (self.dir / "a.npz").write_bytes(bad)
            self.check_error(vouch("data", "info", self.dir / "a.npz"), 3, "a.npz", "byte")

    def test_fortran_order_of_three_axes_is_turned(self):
        wanted = np.arange(24, dtype="f8").reshape(2, 3, 4)
        np.save(self.dir / "a.npy", np.asfortranarray(wanted))
        np.testing.assert_array_equal(self.converted(self.dir / "a.npy")["x"],
                                      wanted.astype("f4").reshape(2, 1, 3, 4))

    def test_bytes_of_images_are_divided_in_float32(self):
        raw = np.arange(256, dtype="u1").reshape(2, 8, 16)
        np.savez_compressed(self.dir / "a.npz", x=raw, y=[1, 0])
        got = self.converted(self.dir / "a.npz")
        np.testing.assert_array_equal(got["x"].reshape(raw.shape),
                                      raw.astype("f4") / np.float32(255))
        np.testing.assert_array_equal(got["y"], [1, 0])

    def test_arrays_that_are_no_numbers_are_refused(self):
        np.save(self.dir / "o.npy", np.array([None, 1], dtype=object))
        self.check_error(vouch("data", "info", self.dir / "o.npy"), 3, "o.npy", "plain numbers")
        np.save(self.dir / "n.npy", np.array([[1.0, np.nan]]))
        self.check_error(vouch("data", "info", self.dir / "n.npy"), 3, "not finite")
        np.save(self.dir / "w.npy", np.ones((2, 3)))
        np.save(self.dir / "w_labels.npy", np.array([0.5, 1]))
        self.check_error(vouch("data", "info", self.dir / "w.npy"), 3, "label 0 is 0.5")

    def test_split_parts_are_whole_and_repeatable(self):
        a, b = self.dir / "a.npz", self.dir / "b.npz"
        self.answer("split", "builtin:loan?count=200", a, b, "--shares", "3,1", "--seed", "9")
        first = a.read_bytes()
        with np.load(a) as left, np.load(b) as right:
            rows = np.concatenate([left["x"], right["x"]])
            self.assertEqual((len(left["x"]), len(right["x"])), (150, 50))
        whole = self.converted("builtin:loan?count=200")["x"]
        np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(whole, axis=0))
        self.answer("split", "builtin:loan?count=200", a, b, "--shares", "3,1", "--seed", "9")
        self.assertEqual(a.read_bytes(), first)

    def test_a_schema_written_is_one_that_can_be_given(self):
        table, schema = self.dir / "t.csv.gz", self.dir / "t.json"
        table.write_bytes(gzip.compress(b"a,k,y\n1,red,no\n2,,yes\n"))
        self.answer("info", table, "--schema-out", schema)
        found = json.loads(schema.read_text())
        self.assertEqual([c["type"] for c in found["columns"]],
                         ["integer", "category", "category"])
        found["columns"][1]["protected"] = True
        schema.write_text(json.dumps(found))
        self.assertIn("protected", self.answer("info", f"{table}?schema={schema}"))

    def test_mistakes_are_one_line(self):
        self.check_error(vouch("data", "look", "x"), 2, "info, convert, split")
        self.check_error(vouch("data", "info", "none.csv"), 3, "none.csv")
        self.check_error(vouch("data", "info", "builtin:none"), 2, "built-in")
        self.check_error(vouch("data", "convert", "builtin:loan"), 2, "file to write")
        self.check_error(vouch("data", "split", "builtin:loan", "a.npz", "b.npz", "--shares",
                               "1,2,3"), 2, "--shares")
        self.check_error(vouch("data", "convert", "builtin:loan", "/none/x.npz"), 3, "/none/x.npz")


main()
