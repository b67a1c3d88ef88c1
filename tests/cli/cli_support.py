"""What the tests of the command share: running it, and making tiny networks and properties."""
import gzip
import json
import os
import pathlib
import pty
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

VOUCH = os.environ.get("VOUCH_BIN", "build/dev/vouch")
SOURCE = pathlib.Path(os.environ.get("VOUCH_SOURCE_DIR",
                                     pathlib.Path(__file__).resolve().parents[2]))
VERDICTS = {"unsat", "sat", "unknown", "timeout"}

try:
    import onnx
    from onnx import TensorProto, helper
except ImportError:
    onnx = None


def vouch(*arguments, timeout=60, **more):
    """Runs the command; returns the finished process with its two texts."""
    command = [VOUCH, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False,
                          **more)


def tensor(name, shape, values):
    return helper.make_tensor(name, TensorProto.FLOAT, shape, values)


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def save(path, nodes, constants, inputs, outputs):
    """A model of opset 13. Nodes are (type, inputs, outputs) or made by onnx.helper."""
    nodes = [n if not isinstance(n, tuple) else helper.make_node(*n) for n in nodes]
    graph = helper.make_graph(nodes, "g", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    path.write_bytes(model.SerializeToString())
    return path


def dense(path, layers):
    """Gemm and Relu in turn. A layer is (weights [rows][columns], biases), y = W x + b."""
    nodes, constants, x = [], [], "x"
    for i, (w, b) in enumerate(layers):
        flat = [v for row in w for v in row]
        constants += [tensor(f"w{i}", [len(w), len(w[0])], flat), tensor(f"b{i}", [len(b)], b)]
        last = i + 1 == len(layers)
        out = "y" if last else f"z{i}"
        nodes.append(helper.make_node("Gemm", [x, f"w{i}", f"b{i}"], [out], transB=1))
        if not last:
            nodes.append(("Relu", [out], [f"a{i}"]))
            x = f"a{i}"
    return save(path, nodes, constants, [value("x", [1, len(layers[0][0][0])])],
                [value("y", [1, len(layers[-1][1])])])


def add_net(path):
    """y = relu(x0) + relu(x1) + 1"""
    return dense(path, [([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [1])])


def random_net(path, seed=7, inputs=8, width=64, depth=4, outputs=1):
    """A network whose properties take long to prove."""
    r = random.Random(seed)

    def layer(rows, columns):
        scale = (2 / columns) ** .5
        return ([[r.gauss(0, scale) for _ in range(columns)] for _ in range(rows)],
                [r.gauss(0, .1) for _ in range(rows)])
    sizes = [inputs] + [width] * depth + [outputs]
    return dense(path, [layer(n, m) for m, n in zip(sizes, sizes[1:])])


def image_net(path, side=48, channels=8, depth=6):
    """Convolutions whose bounds take minutes for one box, though the weights are few."""
    r = random.Random(3)
    nodes, constants, x, planes = [], [], "x", 1
    for i in range(depth):
        weights = [r.gauss(0, (2 / (9 * planes)) ** .5) for _ in range(channels * planes * 9)]
        constants.append(tensor(f"w{i}", [channels, planes, 3, 3], weights))
        nodes += [helper.make_node("Conv", [x, f"w{i}"], [f"z{i}"], pads=[1] * 4),
                  ("Relu", [f"z{i}"], [f"a{i}"])]
        x, planes = f"a{i}", channels
    nodes.append(helper.make_node("ReduceSum", [x], ["y"], keepdims=0))
    return save(path, nodes, constants, [value("x", [1, 1, side, side])], [value("y", [])])


def prop(path, box, rows, outputs=1):
    """A VNN-LIB 1.0 file: box of (low, high), and lines for the outputs."""
    lines = [f"(declare-const X_{i} Real)" for i in range(len(box))]
    lines += [f"(declare-const Y_{i} Real)" for i in range(outputs)]
    for i, (low, high) in enumerate(box):
        lines += [f"(assert (>= X_{i} {low}))", f"(assert (<= X_{i} {high}))"]
    path.write_text("\n".join(lines + rows) + "\n")
    return path


def gz(path):
    """Replaces the file by its gzipped form; returns the old name."""
    with gzip.open(f"{path}.gz", "wb") as out:
        out.write(path.read_bytes())
    path.unlink()
    return path


def conforms(schema, value, where="result"):
    """The few words of JSON Schema that docs/schema/ uses; the faults found."""
    faults = []
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
             "integer": int, "number": (int, float)}
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    fits = [k for k in wanted if isinstance(value, kinds[k])
            and not (isinstance(value, bool) and k in ("integer", "number"))]
    if wanted and not fits:
        return [f"{where} is no {wanted}"]
    if "enum" in schema and value not in schema["enum"]:
        faults.append(f"{where}: {value} not allowed")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        faults += [f"{where}.{n} missing" for n in schema.get("required", []) if n not in value]
        for name, item in value.items():
            if name in known:
                faults += conforms(known[name], item, f"{where}.{name}")
            elif schema.get("additionalProperties") is False:
                faults.append(f"{where}.{name} is not in the schema")
    if isinstance(value, list) and "items" in schema:
        for item in value:
            faults += conforms(schema["items"], item, f"{where}[]")
    return faults


def on_terminal(*arguments):
    """What the command writes to a standard error that is a terminal."""
    main_end, its_end = pty.openpty()
    process = subprocess.Popen([VOUCH, *map(str, arguments)], stdout=subprocess.DEVNULL,
                               stderr=its_end)
    os.close(its_end)
    text = b""
    while select.select([main_end], [], [], 30)[0]:
        try:
            chunk = os.read(main_end, 4096)
        except OSError:
            break
        if not chunk:
            break
        text += chunk
    process.wait()
    os.close(main_end)
    return text.decode()


def wait_for_handler(process):
    """Until the process catches both signals (Linux), which it does from its first lines on. (Python
    itself, whose copy the process is before it becomes vouch, catches SIGINT alone.)"""
    both = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGTERM - 1)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with open(f"/proc/{process.pid}/status") as status:
            caught = re.search(r"SigCgt:\s*(\w+)", status.read())[1]
        if int(caught, 16) & both == both:
            return
        time.sleep(.005)


class CliTest(unittest.TestCase):
    """A folder of its own for each test, and what every answer must satisfy."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.dir = pathlib.Path(temporary.name)

    def easy(self):
        """(net, a property that holds, one that is violated)"""
        box = [(0, 1), (0, 1)]
        return (add_net(self.dir / "add.onnx"),
                prop(self.dir / "holds.vnnlib", box, ["(assert (>= Y_0 3.5))"]),
                prop(self.dir / "violated.vnnlib", box, ["(assert (>= Y_0 2.0))"]))

    def hard(self):
        net = random_net(self.dir / "hard.onnx")
        return net, prop(self.dir / "hard.vnnlib", [(-1, 1)] * 8, ["(assert (>= Y_0 40.0))"])

    def check_error(self, done, code, *words):
        """One line on standard error, nothing on standard output, and the exit code."""
        self.assertEqual(done.returncode, code, done)
        self.assertEqual(done.stdout, "", done)
        self.assertEqual(done.stderr.count("\n"), 1, done)
        self.assertTrue(done.stderr.startswith("vouch"), done)
        for word in words:
            self.assertIn(str(word), done.stderr)

    def check_schema(self, name, result):
        """The result is what docs/schema/NAME.json says."""
        schema = json.loads((SOURCE / f"docs/schema/{name}.json").read_text())
        self.assertEqual(conforms(schema, result), [])

    def check_verdict(self, done, verdict, code=0):
        self.assertEqual(done.returncode, code, done)
        self.assertEqual(done.stdout.splitlines()[0], verdict, done)
        self.assertEqual(done.stderr, "", done)


def main():
    if onnx is None:
        print("skipped: python3-onnx is not installed")
        sys.exit(77)
    unittest.main(verbosity=0)
