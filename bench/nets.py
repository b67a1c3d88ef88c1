"""Two image networks of our own for bench/bounds.py: seeded, untrained, weights of He's size.

`conv`: 28x28x1, convolutions of 16 and 32 channels (4x4, stride 2), dense 100 and 10: the shape
of the field's usual small MNIST network. `residual`: 32x32x3, a convolution, two residual blocks
(the second with a strided 1x1 convolution beside it), dense 10. The images are smooth random
ones, the property a ball of the maximum norm around them.
"""
import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

SEED = 20261123


class Net:
    """A network in the making; x is the name of its last value."""

    def __init__(self, shape):
        self.random = numpy.random.default_rng(SEED)
        self.shape, self.x = shape, "x"
        self.nodes, self.constants = [], []

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array.astype(numpy.float32), name))
        return name

    def node(self, kind, *inputs, **attributes):
        self.x = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [self.x], **attributes))
        return self.x

    def weights(self, shape, inputs, gain=2.):
        return (self.constant(self.random.normal(0, (gain / inputs) ** .5, shape)),
                self.constant(self.random.normal(0, .05, shape[0])))

    def conv(self, x, planes, out, kernel, stride, pad, gain=2.):
        w, b = self.weights((out, planes, kernel, kernel), planes * kernel ** 2, gain)
        return self.node("Conv", x, w, b, strides=[stride] * 2, pads=[pad] * 4)

    def dense(self, x, inputs, out):
        w, b = self.weights((out, inputs), inputs)
        return self.node("Gemm", x, w, b, transB=1)

    def save(self, path):
        graph = helper.make_graph(
            self.nodes, "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *self.shape])],
            [helper.make_tensor_value_info(self.x, TensorProto.FLOAT, [1, 10])], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.save(model, str(path))


def conv():
    net = Net((1, 28, 28))
    x = net.node("Relu", net.conv("x", 1, 16, 4, 2, 1))
    x = net.node("Relu", net.conv(x, 16, 32, 4, 2, 1))
    x = net.node("Flatten", x)
    net.dense(net.node("Relu", net.dense(x, 32 * 49, 100)), 100, 10)
    return net


def residual():
    net = Net((3, 32, 32))
    x = net.node("Relu", net.conv("x", 3, 8, 3, 2, 1))
    y = net.conv(net.node("Relu", net.conv(x, 8, 8, 3, 1, 1)), 8, 8, 3, 1, 1, gain=.5)
    x = net.node("Relu", net.node("Add", x, y))
    y = net.conv(net.node("Relu", net.conv(x, 8, 16, 3, 2, 1)), 16, 16, 3, 1, 1, gain=.5)
    x = net.node("Relu", net.node("Add", net.conv(x, 8, 16, 1, 2, 0), y))
    net.dense(net.node("Flatten", x), 16 * 64, 10)
    return net


def image(shape, number):
    """Values in [0, 1]: a coarse random grid, interpolated."""
    random = numpy.random.default_rng(SEED + 1 + number)
    planes, side = shape[0], shape[1]
    coarse = random.uniform(0, 1, (planes, 5, 5))
    at = numpy.linspace(0, 4, side)
    rows = numpy.stack([[numpy.interp(at, range(5), coarse[p, :, c]) for c in range(5)]
                        for p in range(planes)])
    return numpy.stack([[numpy.interp(at, range(5), rows[p, :, r]) for r in range(side)]
                        for p in range(planes)])


def ball(path, centre, radius):
    """A property with that box; its rows do not matter."""
    lines = []
    for i, v in enumerate(centre.ravel()):
        lines += [f"(declare-const X_{i} Real)", f"(assert (>= X_{i} {max(0, v - radius):.9f}))",
                  f"(assert (<= X_{i} {min(1, v + radius):.9f}))"]
    lines += [f"(declare-const Y_{i} Real)" for i in range(10)]
    path.write_text("\n".join([*lines, "(assert (>= Y_0 0))"]) + "\n")
