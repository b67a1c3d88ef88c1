#!/usr/bin/python3
"""Writes the seeds of the fuzzer of SVHN's Matlab files: fuzz/corpus/svhn.

Two pictures in each form an element can have, and files that are refused. The same bytes every
time.

Usage: fuzz/make_svhn_corpus.py [FOLDER]
"""
import pathlib
import struct
import sys
import zlib

UINT8, DOUBLE = 2, 9  # types of stored numbers
CLASS_DOUBLE, CLASS_UINT8 = 6, 9


def part(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(name, cls, axes, kind, data):
    body = part(6, struct.pack("<II", cls, 0))
    body += part(5, struct.pack(f"<{len(axes)}i", *axes))
    body += struct.pack("<I4s", 1 << 16 | 1, name)
    return part(14, body + part(kind, data))


def packed(element):
    data = zlib.compress(element, 9)
    return struct.pack("<II", 15, len(data)) + data


def header(version=0x0100, order=b"IM"):
    return b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + struct.pack("<H", version) + order


def seeds():
    pixels = bytes(i // 64 % 251 for i in range(2 * 3072))
    x = matrix(b"X", CLASS_UINT8, (32, 32, 3, 2), UINT8, pixels)
    one = matrix(b"X", CLASS_UINT8, (32, 32, 3), UINT8, pixels[:3072])
    y = matrix(b"y", CLASS_DOUBLE, (2, 1), UINT8, bytes([10, 3]))
    y_one = matrix(b"y", CLASS_DOUBLE, (1, 1), DOUBLE, struct.pack("<d", 7))
    return {
        "packed": header() + packed(x) + packed(y),
        "plain": header() + y_one + one,
        "short": (header() + packed(x))[:-9],
        "huge": header() + packed(matrix(b"X", CLASS_UINT8, (32, 32, 3, 2**31 - 1), UINT8, b"")),
        "big_endian": header(order=b"MI"),
        "hdf5": header(version=0x0200),
    }


def main():
    default = pathlib.Path(__file__).parent / "corpus" / "svhn"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds().items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
