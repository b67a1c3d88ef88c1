"""Replays witnesses in exact rational arithmetic, sharing no code with vouch.

Reads ONNX (the few operators of the ACAS Xu networks) and VNN-LIB 1.0 with readers of its own,
computes the network at the witness as fractions, and evaluates the property there: no rounding,
no tolerance.
"""
import functools
import gzip
import pathlib
import struct
from fractions import Fraction


def read(path):
    path = pathlib.Path(path)
    data = (path if path.exists() else pathlib.Path(f"{path}.gz")).read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


# ---- ONNX: the wire format of protocol buffers -----------------------------------------------

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """(field number, value) of a message; lengths as bytes, varints as int."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if size is None:
                size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def only(message, number):
    return [v for n, v in fields(message) if n == number]


def packed(values):
    out = []
    for value in values:
        at = 0
        if isinstance(value, int):
            out.append(value)
        while not isinstance(value, int) and at < len(value):
            one, at = varint(value, at)
            out.append(one)
    return out


def tensor(message):
    """(name, dimensions, values) of a float32 TensorProto."""
    dimensions = packed(only(message, 1))
    if only(message, 2) != [1]:
        raise ValueError("only float32 tensors are known here")
    data = b"".join(only(message, 9)) or b"".join(only(message, 4))
    values = [Fraction(v) for (v,) in struct.iter_unpack("<f", data)]
    return only(message, 8)[0].decode(), dimensions, values


class Network:
    def __init__(self, path):
        graph = only(read(path), 7)[0]
        self.constant = {n: (d, v) for n, d, v in map(tensor, only(graph, 5))}
        inputs = [only(i, 1)[0].decode() for i in only(graph, 11)]
        self.input = next(i for i in inputs if i not in self.constant)
        self.node = [(only(n, 4)[0].decode(), [i.decode() for i in only(n, 1)],
                      only(n, 2)[0].decode()) for n in only(graph, 1)]

    def __call__(self, x):
        value = {self.input: x}
        for kind, inputs, output in self.node:
            value[output] = self.step(kind, inputs, value)
        return value[self.node[-1][2]]

    def step(self, kind, inputs, value):
        a = value[inputs[0]]
        if kind in ("Flatten", "Identity"):
            return a
        if kind == "Relu":
            return [max(v, Fraction(0)) for v in a]
        dimensions, b = self.constant[inputs[1]]
        if kind == "MatMul":
            width = dimensions[1]
            return [sum(v * b[i * width + j] for i, v in enumerate(a) if v)
                    for j in range(width)]
        if kind in ("Add", "Sub") and len(b) in (1, len(a)):
            b = b * (len(a) // len(b))
            return [v + w if kind == "Add" else v - w for v, w in zip(a, b)]
        raise ValueError(f"operator {kind} is not known here")


network = functools.lru_cache(maxsize=None)(Network)


# ---- VNN-LIB ---------------------------------------------------------------------------------

def expressions(text):
    """The parenthesised expressions as nested lists of words."""
    lines = (line.split(";", 1)[0] for line in text.splitlines())
    stack = [[]]
    for word in " ".join(lines).replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            stack.append([])
        elif word == ")":
            stack[-2].append(stack.pop())
        else:
            stack[-1].append(word)
    return stack[0]


def term(e, point):
    if isinstance(e, str):
        return point[e] if e in point else Fraction(e)
    values = [term(v, point) for v in e[1:]]
    if e[0] == "+":
        return sum(values)
    if e[0] == "-":
        return -values[0] if len(values) == 1 else values[0] - sum(values[1:])
    if e[0] == "*":
        return functools.reduce(lambda a, b: a * b, values)
    raise ValueError(f"'{e[0]}' is not known here")


def holds(e, point):
    if e[0] in ("and", "or"):
        return (all if e[0] == "and" else any)(holds(v, point) for v in e[1:])
    a, b = (term(v, point) for v in e[1:])
    return {"<=": a <= b, ">=": a >= b, "<": a < b, ">": a > b}[e[0]]


def is_witness(onnx, vnnlib, values):
    """Does this input (floats, taken exactly) satisfy every assertion of the property?"""
    x = [Fraction(v) for v in values]
    y = network(str(onnx))(x)
    point = {f"X_{i}": v for i, v in enumerate(x)} | {f"Y_{i}": v for i, v in enumerate(y)}
    return all(holds(e[1], point) for e in expressions(read(vnnlib).decode()) if e[0] == "assert")
