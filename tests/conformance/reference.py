"""An ONNX evaluator in numpy, float64, written from the standard: for comparison only.

Covers the operators of the VNN-COMP benchmarks. Shares no code with vouch, and takes shapes as
they come at run time: slices that turn out empty are empty.
"""
import numpy as np
import onnx
from onnx import numpy_helper

TYPES = {1: np.float64, 11: np.float64, 6: np.int64, 7: np.int64, 9: bool}


def attributes(node):
    values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in values.items()}


def array(tensor):
    """Stored floats are taken exactly, as doubles."""
    a = numpy_helper.to_array(tensor)
    return a.astype(np.float64) if a.dtype == np.float32 else a


def pads_of(a, x, kernel, strides, dilations):
    """(begin, end) of each spatial dimension."""
    mode, n = a.get("auto_pad", "NOTSET"), len(kernel)
    if not mode.startswith("SAME"):
        p = a.get("pads", [0] * 2 * n) if mode == "NOTSET" else [0] * 2 * n
        return list(zip(p[:n], p[n:]))
    pads = []
    for d, k, s, w in zip(x.shape[2:], kernel, strides, dilations):
        need = max((-(-d // s) - 1) * s + (k - 1) * w + 1 - d, 0)
        pads.append((need - need // 2, need // 2) if mode == "SAME_LOWER"
                    else (need // 2, need - need // 2))
    return pads


def windows(x, a, kernel, fill):
    """x padded, and for each kernel element a view of [N, C, out...]."""
    n = len(kernel)
    strides, dilations = a.get("strides", [1] * n), a.get("dilations", [1] * n)
    pads = pads_of(a, x, kernel, strides, dilations)
    x = np.pad(x, [(0, 0), (0, 0)] + pads, constant_values=fill)
    size = [(d - (k - 1) * w - 1) // s + 1
            for d, k, s, w in zip(x.shape[2:], kernel, strides, dilations)]
    for at in np.ndindex(*kernel):
        yield at, x[(slice(None), slice(None)) + tuple(
            slice(i * w, i * w + (m - 1) * s + 1, s)
            for i, w, m, s in zip(at, dilations, size, strides))]


def conv(a, x, w, b=None):
    groups, total = a.get("group", 1), 0
    inner, outer = x.shape[1] // groups, w.shape[0] // groups
    for at, view in windows(x, a, w.shape[2:], 0):
        tap = w[(slice(None), slice(None)) + at]
        total = total + np.concatenate([
            np.einsum("nc...,mc->nm...", view[:, g * inner:(g + 1) * inner],
                      tap[g * outer:(g + 1) * outer]) for g in range(groups)], axis=1)
    return total if b is None else total + b.reshape((-1,) + (1,) * (x.ndim - 2))


def conv_transpose(a, x, w, b=None):
    n, groups = x.ndim - 2, a.get("group", 1)
    strides, dilations = a.get("strides", [1] * n), a.get("dilations", [1] * n)
    pads, more = a.get("pads", [0] * 2 * n), a.get("output_padding", [0] * n)
    full = [(d - 1) * s + (k - 1) * q + 1 + m for d, s, k, q, m in
            zip(x.shape[2:], strides, w.shape[2:], dilations, more)]
    y = np.zeros([x.shape[0], w.shape[1] * groups] + full)
    inner, outer = x.shape[1] // groups, w.shape[1]
    for at in np.ndindex(*w.shape[2:]):
        to = tuple(slice(i * q, i * q + (d - 1) * s + 1, s)
                   for i, q, d, s in zip(at, dilations, x.shape[2:], strides))
        for g in range(groups):
            part = w[(slice(g * inner, (g + 1) * inner), slice(None)) + at]
            y[(slice(None), slice(g * outer, (g + 1) * outer)) + to] += np.einsum(
                "nc...,cm->nm...", x[:, g * inner:(g + 1) * inner], part)
    y = y[(slice(None), slice(None)) + tuple(
        slice(p, m - q) for p, q, m in zip(pads[:n], pads[n:], full))]
    return y if b is None else y + b.reshape((-1,) + (1,) * n)


def average_pool(a, x):
    total = count = 0
    inside = np.ones_like(x) if not a.get("count_include_pad") else None
    for _, view in windows(x, a, a["kernel_shape"], 0):
        total = total + view
    if inside is None:
        return total / np.prod(a["kernel_shape"])
    for _, view in windows(inside, a, a["kernel_shape"], 0):
        count = count + view
    return total / count


def max_pool(a, x):
    return np.max([v for _, v in windows(x, a, a["kernel_shape"], -np.inf)], axis=0)


def resize_nearest(x, scales):
    """Asymmetric coordinates, rounded down: what the benchmarks ask for."""
    for axis, scale in enumerate(scales):
        at = np.floor(np.arange(int(np.floor(x.shape[axis] * scale))) / scale)
        x = np.take(x, np.minimum(at.astype(int), x.shape[axis] - 1), axis=axis)
    return x


def resize(a, x, *rest):
    plain = a.get("coordinate_transformation_mode", "asymmetric") == "asymmetric"
    assert plain and a.get("mode", "nearest") == "nearest"
    assert a.get("nearest_mode", "floor") == "floor"
    return resize_nearest(x, rest[1] if len(rest) > 1 else rest[0])


def batch_norm(a, x, scale, bias, mean, var):
    scale, bias, mean, var = (v.reshape((-1,) + (1,) * (x.ndim - 2))
                              for v in (scale, bias, mean, var))
    return (x - mean) / np.sqrt(var + a.get("epsilon", 1e-5)) * scale + bias


def gemm(a, x, y, c=0):
    x, y = (x.T if a.get("transA") else x), (y.T if a.get("transB") else y)
    return a.get("alpha", 1.) * (x @ y) + a.get("beta", 1.) * c


def softmax(a, x, opset):
    axis = a.get("axis", -1 if opset >= 13 else 1)
    axes = axis if opset >= 13 else tuple(range(axis % x.ndim, x.ndim))
    e = np.exp(x - x.max(axis=axes, keepdims=True))
    return e / e.sum(axis=axes, keepdims=True)


def slices(a, x, starts=None, ends=None, axes=None, steps=None):
    starts, ends = a.get("starts", starts), a.get("ends", ends)
    axes = a.get("axes", axes if axes is not None else range(len(starts)))
    index = [slice(None)] * x.ndim
    for s, e, axis, step in zip(starts, ends, axes, [1] * len(starts) if steps is None else steps):
        index[axis] = slice(int(s), int(e) if e > -2 ** 31 else None, int(step))
    return x[tuple(index)]


def reshape(a, x, shape):
    shape = [x.shape[i] if d == 0 and not a.get("allowzero") and i < x.ndim and x.size else d
             for i, d in enumerate(shape)]
    return x.reshape(shape)


def scatter_nd(data, indices, updates):
    data = data.copy()
    for at in np.ndindex(*indices.shape[:-1]):
        data[tuple(indices[at])] = updates[at]
    return data


def reduce(f, a, x, axes=None):
    axes = a.get("axes", axes)
    return f(x, axis=None if axes is None else tuple(axes), keepdims=bool(a.get("keepdims", 1)))


def pad(a, x, pads=None, value=0):
    pads = a.get("pads", pads)
    return np.pad(x, list(zip(pads[:x.ndim], pads[x.ndim:])),
                  constant_values=a.get("value", value))


def argmax(a, x):
    y = np.argmax(x, axis=a.get("axis", 0))
    return np.expand_dims(y, a.get("axis", 0)) if a.get("keepdims", 1) else y


def split(a, x, sizes=None):
    sizes = a.get("split", sizes)
    return np.split(x, np.cumsum(sizes)[:-1], axis=a.get("axis", 0))


def divide(x, y):
    return np.trunc(x / y).astype(np.int64) if x.dtype == np.int64 else x / y


def clip(a, x, low=None, high=None):
    return np.clip(x, a.get("min", -np.inf if low is None else low),
                   a.get("max", np.inf if high is None else high))


def constant(a):
    value = a["value"]
    return array(value)


def filled(a, shape):
    value = array(a["value"]) if "value" in a else np.zeros(1)
    return np.full([int(d) for d in shape], value[0], value.dtype)


def broadcast_to(x, shape):
    return x * np.ones([int(d) for d in shape], x.dtype)


def unsqueeze(a, x, axes=None):
    axes = list(a.get("axes", axes))
    for axis in sorted(i % (x.ndim + len(axes)) for i in axes):
        x = np.expand_dims(x, axis)
    return x


OPS = {
    "Add": lambda a, x, y: x + y, "Sub": lambda a, x, y: x - y, "Mul": lambda a, x, y: x * y,
    "Div": lambda a, x, y: divide(x, y), "Neg": lambda a, x: -x,
    "Pow": lambda a, x, y: np.power(x, y), "MatMul": lambda a, x, y: x @ y,
    "Min": lambda a, *x: np.minimum.reduce(np.broadcast_arrays(*x)),
    "Max": lambda a, *x: np.maximum.reduce(np.broadcast_arrays(*x)),
    "Relu": lambda a, x: np.maximum(x, 0), "Sigmoid": lambda a, x: 1 / (1 + np.exp(-x)),
    "Tanh": lambda a, x: np.tanh(x), "Sin": lambda a, x: np.sin(x),
    "Cos": lambda a, x: np.cos(x), "Sign": lambda a, x: np.sign(x),
    "Floor": lambda a, x: np.floor(x), "Clip": clip,
    "LeakyRelu": lambda a, x: np.where(x < 0, a.get("alpha", .01) * x, x),
    "Equal": lambda a, x, y: x == y, "Where": lambda a, c, x, y: np.where(c, x, y),
    "Cast": lambda a, x: x.astype(TYPES[a["to"]]), "Shape": lambda a, x: np.array(x.shape),
    "Gather": lambda a, x, i: np.take(x, i, axis=a.get("axis", 0)),
    "Concat": lambda a, *x: np.concatenate(x, axis=a["axis"]),
    "Transpose": lambda a, x: np.transpose(x, a.get("perm")), "Reshape": reshape,
    "Flatten": lambda a, x: x.reshape(int(np.prod(x.shape[:a.get("axis", 1)])), -1),
    "Squeeze": lambda a, x, axes=None: np.squeeze(x, tuple(a.get("axes", axes))),
    "Unsqueeze": unsqueeze, "Slice": slices, "Pad": pad, "Split": split,
    "Expand": lambda a, x, shape: broadcast_to(x, shape), "Constant": constant,
    "ConstantOfShape": filled, "Range": lambda a, s, l, d: np.arange(s, l, d),
    "ScatterND": lambda a, x, i, u: scatter_nd(x, i, u), "ArgMax": argmax,
    "ReduceSum": lambda *v: reduce(np.sum, *v), "ReduceMean": lambda *v: reduce(np.mean, *v),
    "Conv": conv, "ConvTranspose": conv_transpose, "AveragePool": average_pool,
    "MaxPool": max_pool, "Resize": resize, "Upsample": resize, "BatchNormalization": batch_norm,
    "Gemm": gemm, "Dropout": lambda a, x: x,
}


def optional(values, name):
    return values[name] if name else None


def run(model, x):
    """The outputs, flat, for flat inputs; dimensions that are open become 1."""
    graph, values, at = model.graph, {}, 0
    opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    values = {t.name: array(t) for t in graph.initializer}
    for i in graph.input:
        if i.name in values:
            continue
        shape = [d.dim_value or 1 for d in i.type.tensor_type.shape.dim]
        n = int(np.prod(shape))
        values[i.name] = np.asarray(x[at:at + n], np.float64).reshape(shape)
        at += n
    for node in graph.node:
        a = attributes(node)
        inputs = [optional(values, name) for name in node.input]
        y = softmax(a, inputs[0], opset) if node.op_type == "Softmax" else \
            OPS[node.op_type](a, *inputs)
        for name, part in zip(node.output, y if node.op_type == "Split" else [y]):
            values[name] = part
    return np.concatenate([np.asarray(values[o.name], np.float64).ravel() for o in graph.output])
