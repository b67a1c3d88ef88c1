#!/usr/bin/env python3
"""Writes ONNX operator cases for test_onnx_nodes.c: a model, input tensors, expected outputs.

Usage: onnx_nodes.py FOLDER

FOLDER/node: ONNX's own cases, made by the installed onnx package. FOLDER/own: cases of ours for
the meanings that package does not know (opsets 18 to 22) or no longer tests (before 13). Each
own case is expected from the definition, written out with numpy.
"""
import os
import sys

import numpy as np

# onnx 1.12 still uses the aliases that numpy 1.24 dropped.
for alias in (object, bool, int, float):
    setattr(np, alias.__name__, alias)

import onnx                                     # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

RNG = np.random.RandomState(7)


def upstream(folder):
    from onnx.backend.test import cmd_tools
    sys.argv = ["onnx_nodes", "generate-data", "-o", folder]
    cmd_tools.main()


def x(*shape):
    return RNG.uniform(-2, 2, shape).astype(np.float32)


def ints(*values):
    return np.array(values, dtype=np.int64)


class Cases:
    def __init__(self, folder):
        self.folder = folder

    def add(self, name, opset, op, inputs, outputs, **attributes):
        """inputs: arrays (int64 ones become initialisers), None where left out."""
        names = ["" if a is None else f"i{k}" for k, a in enumerate(inputs)]
        while names and not names[-1]:
            names.pop()
        out_names = [f"o{k}" for k in range(len(outputs))]
        constant = {n: a for n, a in zip(names, inputs) if n and a.dtype == np.int64}
        given = [(n, a) for n, a in zip(names, inputs) if n and n not in constant]
        graph = helper.make_graph(
            [helper.make_node(op, names, out_names, **attributes)], name,
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in given],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape)
             for n, a in zip(out_names, outputs)],
            [numpy_helper.from_array(a, n) for n, a in constant.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
        model.ir_version = 8
        data = os.path.join(self.folder, f"test_own_{name}", "test_data_set_0")
        os.makedirs(data)
        onnx.save(model, os.path.join(self.folder, f"test_own_{name}", "model.onnx"))
        for kind, arrays in (("input", [a for _, a in given]), ("output", outputs)):
            for k, a in enumerate(arrays):
                with open(os.path.join(data, f"{kind}_{k}.pb"), "wb") as file:
                    file.write(numpy_helper.from_array(a.astype(np.float32))
                               .SerializeToString())


def average(image, kernel, stride, dilation, pad, count_pad, ceil):
    """AveragePool in two dimensions by its definition: [N,C,H,W], symmetric padding."""
    size = []
    for n in image.shape[2:]:
        room = n + 2 * pad - ((kernel - 1) * dilation + 1)
        out = -(-room // stride) + 1 if ceil else room // stride + 1
        size.append(out - 1 if ceil and (out - 1) * stride >= n + pad else out)
    result = np.zeros(image.shape[:2] + tuple(size), np.float32)
    for i in range(size[0]):
        for j in range(size[1]):
            total, count = 0, 0
            for a in range(kernel):
                for b in range(kernel):
                    r, c = i * stride - pad + a * dilation, j * stride - pad + b * dilation
                    inside = 0 <= r < image.shape[2] and 0 <= c < image.shape[3]
                    padded = r < image.shape[2] + pad and c < image.shape[3] + pad
                    if inside:
                        total = total + image[:, :, r, c]
                    count += inside or (count_pad and padded)
            result[:, :, i, j] = total / count
    return result


def conv(image, weight, bias, stride, dilation, pads, groups):
    """Conv in any number of dimensions by its definition."""
    spatial = image.ndim - 2
    image = np.pad(image, [(0, 0), (0, 0)] + [(pads[i], pads[i + spatial])
                                              for i in range(spatial)])
    size = [(image.shape[2 + i] - (weight.shape[2 + i] - 1) * dilation[i] - 1) // stride[i] + 1
            for i in range(spatial)]
    result = np.zeros([image.shape[0], weight.shape[0]] + size, np.float32)
    inner, outer = weight.shape[1], weight.shape[0] // groups
    for channel in range(weight.shape[0]):
        first = channel // outer * inner
        for at in np.ndindex(*size):
            window = tuple(slice(p * s, p * s + (k - 1) * d + 1, d) for p, s, d, k in
                           zip(at, stride, dilation, weight.shape[2:]))
            part = image[(slice(None), slice(first, first + inner)) + window] * weight[channel]
            result[(slice(None), channel) + at] = (
                part.reshape(part.shape[0], -1).sum(axis=1) + bias[channel])
    return result


def softmax(a, axes):
    e = np.exp(a - a.max(axis=axes, keepdims=True))
    return e / e.sum(axis=axes, keepdims=True)


def new_meanings(c):
    """Opsets 18 to 22."""
    a = x(2, 3, 4)
    for opset in (18, 20, 22):
        c.add(f"reduce_mean_axes_input_{opset}", opset, "ReduceMean", [a, ints(1)],
              [a.mean(axis=1, keepdims=True)])
    c.add("reduce_mean_all", 18, "ReduceMean", [a], [a.mean(keepdims=True)])
    c.add("reduce_mean_noop", 18, "ReduceMean", [a], [a], noop_with_empty_axes=1)
    c.add("reduce_mean_empty_axes", 18, "ReduceMean", [a, ints()], [a.mean()], keepdims=0)
    b = x(7, 2)
    c.add("split_num_outputs_uneven", 18, "Split", [b], [b[:2], b[2:4], b[4:6], b[6:]],
          axis=0, num_outputs=4)
    c.add("split_sizes", 18, "Split", [b, ints(3, 4)], [b[:3], b[3:]], axis=-2)
    c.add("pad_axes", 18, "Pad", [a, ints(1, 2, 0, 1), None, ints(0, -1)],
          [np.pad(a, ((1, 0), (0, 0), (2, 1)))])
    c.add("pad_axes_value", 21, "Pad", [a, ints(0, 3), np.float32(1.5).reshape(()), ints(1)],
          [np.pad(a, ((0, 0), (0, 3), (0, 0)), constant_values=1.5)])
    c.add("pad_wrap", 19, "Pad", [a, ints(0, 1, 3, 0, 2, 1)],
          [np.pad(a, ((0, 0), (1, 2), (3, 1)), mode="wrap")], mode="wrap")
    image = x(1, 2, 7, 6)
    for kernel, stride, dilation, pad, count_pad, ceil in (
            (2, 1, 2, 0, 0, 0), (3, 2, 1, 1, 1, 0), (2, 2, 2, 1, 1, 1), (3, 3, 1, 1, 1, 1),
            (3, 2, 1, 1, 0, 1)):
        name = f"average_pool_{kernel}{stride}{dilation}{pad}{count_pad}{ceil}"
        c.add(name, 19 if dilation > 1 else 22, "AveragePool", [image],
              [average(image, kernel, stride, dilation, pad, count_pad, ceil)],
              kernel_shape=[kernel] * 2, strides=[stride] * 2, dilations=[dilation] * 2,
              pads=[pad] * 4, count_include_pad=count_pad, ceil_mode=ceil)
    for opset in (19, 21):
        c.add(f"reshape_{opset}", opset, "Reshape", [a, ints(0, -1)], [a.reshape(2, 12)])
        c.add(f"identity_{opset}", opset, "Identity", [a], [a])
        c.add(f"squeeze_{opset}", opset, "Squeeze", [a[:1], ints(0)], [a[0]])
        c.add(f"unsqueeze_{opset}", opset, "Unsqueeze", [a, ints(0, -1)], [a[None, ..., None]])
        c.add(f"transpose_{opset}", opset, "Transpose", [a], [a.transpose(2, 1, 0)])
        c.add(f"flatten_{opset}", opset, "Flatten", [a], [a.reshape(6, 4)], axis=2)
    for op, f in (("Relu", lambda v: np.maximum(v, 0)), ("Tanh", np.tanh), ("Abs", np.abs),
                  ("Neg", np.negative), ("Sigmoid", lambda v: 1 / (1 + np.exp(-v)))):
        c.add(f"{op.lower()}_22", 22, op, [a], [f(a)])
    c.add("leaky_relu_22", 22, "LeakyRelu", [a], [np.where(a < 0, a * np.float32(.01), a)])
    w = x(2, 3)
    c.add("gemm_22", 22, "Gemm", [b, w], [b @ w])
    c.add("max_pool_ceil_22", 22, "MaxPool", [image], [np.stack([
        image[:, :, 3 * i:3 * i + 2, 3 * j:3 * j + 2].max(axis=(2, 3))
        for i in range(3) for j in range(2)], axis=2).reshape(1, 2, 3, 2)],
        kernel_shape=[2, 2], strides=[3, 3], ceil_mode=1)


def normal_share(v):
    from math import erf
    return np.vectorize(lambda t: (1 + erf(t / 2 ** .5)) / 2)(v).astype(np.float32)


def curves(c):
    """What the installed package does not know, or knows only as a function of others."""
    a, w, b = x(2, 3, 4), x(4), x(4)
    for opset in (17, 22):
        mean, var = a.mean(axis=-1, keepdims=True), a.var(axis=-1, keepdims=True)
        c.add(f"layer_normalization_{opset}", opset, "LayerNormalization", [a, w, b],
              [(a - mean) / np.sqrt(var + np.float32(1e-5)) * w + b])
    mean, var = a.mean(axis=(1, 2), keepdims=True), a.var(axis=(1, 2), keepdims=True)
    c.add("layer_normalization_axis", 17, "LayerNormalization", [a, w],
          [(a - mean) / np.sqrt(var + np.float32(.1)) * w], axis=1, epsilon=.1)
    c.add("gelu_20", 20, "Gelu", [a], [a * normal_share(a)])
    for op, f in (("Sin", np.sin), ("Cos", np.cos), ("Exp", np.exp), ("Floor", np.floor),
                  ("Ceil", np.ceil), ("Round", np.round), ("Sign", np.sign),
                  ("Softplus", lambda v: np.log1p(np.exp(v))),
                  ("Softsign", lambda v: v / (1 + np.abs(v))),
                  ("HardSwish", lambda v: v * (v / 6 + .5).clip(0, 1)),
                  ("HardSigmoid", lambda v: (v * np.float32(.2) + .5).clip(0, 1)),
                  ("Elu", lambda v: np.where(v < 0, np.expm1(v), v))):
        c.add(f"{op.lower()}_22", 22, op, [a], [f(a)])
    p = np.abs(a) + np.float32(.1)
    for op, f in (("Log", np.log), ("Sqrt", np.sqrt), ("Reciprocal", np.reciprocal)):
        c.add(f"{op.lower()}_22", 22, op, [p], [f(p)])
    c.add("prelu_channel_6", 6, "PRelu", [a, w[:3]], [np.where(a < 0, w[:3, None] * a, a)])
    d = x(3, 1)
    c.add("max_three_13", 13, "Max", [a, w, d], [np.maximum(np.maximum(a, w), d)])
    c.add("min_three_22", 22, "Min", [a, w, d], [np.minimum(np.minimum(a, w), d)])
    for op, f in (("ReduceMax", np.max), ("ReduceMin", np.min)):
        c.add(f"{op.lower()}_axes_18", 18, op, [a, ints(0, -1)],
              [f(a, axis=(0, 2), keepdims=True)])
    c.add("log_softmax_11", 11, "LogSoftmax", [a], [np.log(softmax(a, (1, 2)))])
    c.add("log_softmax_13", 13, "LogSoftmax", [a], [np.log(softmax(a, (1,)))], axis=1)


def convolutions(c):
    """Strides, dilations, groups, asymmetric padding, one to three dimensions."""
    for name, image, weight, stride, dilation, pads, groups in (
            ("1d", (2, 4, 9), (6, 2, 3), (2,), (2,), (1, 3), 2),
            ("2d", (2, 3, 7, 8), (4, 3, 3, 2), (1, 2), (2, 1), (0, 1, 2, 1), 1),
            ("2d_depthwise", (1, 3, 5, 5), (6, 1, 3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 3),
            ("2d_pointwise", (2, 5, 3, 3), (4, 5, 1, 1), (1, 1), (1, 1), (0,) * 4, 1),
            ("3d", (1, 2, 4, 5, 6), (3, 2, 2, 3, 2), (1, 2, 1), (2, 1, 3), (1, 0, 0, 0, 1, 2),
             1)):
        a, w, b = x(*image), x(*weight), x(weight[0])
        c.add(f"conv_{name}", 11, "Conv", [a, w, b],
              [conv(a, w, b, stride, dilation, pads, groups)], strides=list(stride),
              dilations=list(dilation), pads=list(pads), group=groups)


def old_meanings(c):
    """Before opset 13: attributes instead of inputs, other broadcasting, other axes."""
    a, b = x(2, 3, 4), x(3)
    for op, f in (("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply),
                  ("Div", np.divide)):
        d = b if op != "Div" else np.abs(b) + 1
        c.add(f"{op.lower()}_axis_6", 6, op, [a, d], [f(a, d[:, None])], broadcast=1, axis=1)
    c.add("add_suffix_5", 5, "Add", [a, a[0, 0]], [a + a[0, 0]], broadcast=1)
    c.add("reshape_attribute_4", 4, "Reshape", [a], [a.reshape(2, 12)], shape=[0, -1])
    c.add("clip_attributes_6", 6, "Clip", [a], [a.clip(-.5, .75)], min=-.5, max=.75)
    c.add("clip_default_6", 6, "Clip", [a], [a.clip(-.5, None)], min=-.5)
    c.add("pad_attributes_2", 2, "Pad", [a], [np.pad(a, ((0, 1), (0, 0), (2, 0)),
                                                     constant_values=.5)],
          pads=[0, 0, 2, 1, 0, 0], value=.5)
    c.add("slice_attributes_9", 9, "Slice", [a], [a[:, 1:3, -3:-1]], starts=[1, -3],
          ends=[3, -1], axes=[1, 2])
    c.add("slice_no_axes_2", 2, "Slice", [a], [a[1:2, 0:2]], starts=[1, 0], ends=[99, 2])
    c.add("split_attribute_11", 11, "Split", [a], [a[..., :1], a[..., 1:]], axis=2,
          split=[1, 3])
    c.add("squeeze_attribute_11", 11, "Squeeze", [a[:1]], [a[0]], axes=[-3])
    c.add("unsqueeze_attribute_11", 11, "Unsqueeze", [a], [a[:, None, :, :, None]],
          axes=[1, -1])
    c.add("reduce_sum_attribute_11", 11, "ReduceSum", [a], [a.sum(axis=(0, 2))], axes=[0, -1],
          keepdims=0)
    c.add("reduce_mean_attribute_17", 17, "ReduceMean", [a], [a.mean(axis=1)], axes=[1],
          keepdims=0)
    c.add("softmax_coerced_11", 11, "Softmax", [a], [softmax(a, (1, 2))])
    c.add("softmax_coerced_axis_11", 11, "Softmax", [a], [softmax(a, (0, 1, 2))], axis=0)
    c.add("softmax_13", 13, "Softmax", [a], [softmax(a, (1,))], axis=1)
    c.add("dropout_attribute_10", 10, "Dropout", [a], [a], ratio=.3)
    c.add("dropout_is_test_6", 6, "Dropout", [a], [a], ratio=.3, is_test=1)
    c.add("concat_default_3", 3, "Concat", [a, a[:, :1]],
          [np.concatenate([a, a[:, :1]], axis=1)])
    image = x(2, 3, 2, 2)
    scale, bias, mean, var = x(3), x(3), x(3), np.abs(x(3)) + np.float32(.1)
    expected = ((image - mean[:, None, None]) / np.sqrt(var + np.float32(1e-5))[:, None, None]
                * scale[:, None, None] + bias[:, None, None])
    for opset, more in ((6, {"is_test": 1}), (7, {}), (9, {}), (15, {})):
        c.add(f"batch_normalization_{opset}", opset, "BatchNormalization",
              [image, scale, bias, mean, var], [expected], **more)
    m, w, v = x(2, 3), x(3, 4), x(4)
    c.add("gemm_broadcast_6", 6, "Gemm", [m, w, v], [m @ w + v], broadcast=1)


def main():
    folder = sys.argv[1]
    cases = Cases(os.path.join(folder, "own"))
    old_meanings(cases)
    convolutions(cases)
    curves(cases)
    new_meanings(cases)
    upstream(folder)


if __name__ == "__main__":
    main()
