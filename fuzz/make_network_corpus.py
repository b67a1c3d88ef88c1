#!/usr/bin/python3
"""Writes the seeds of the network fuzzers: fuzz/corpus/onnx and fuzz/corpus/nnet.

Small networks of our own, one for each way in which a file can say something. ONNX's own Python
package writes them, so that the reader is tested on files that our writer had no hand in. The
same bytes every time.

Usage: fuzz/make_network_corpus.py [FOLDER]
"""
import pathlib
import sys

from onnx import TensorProto, helper


def model(nodes, initialisers=(), shape=(1, 2), opset=13, elem=TensorProto.FLOAT, extra=()):
    inputs = [helper.make_tensor_value_info("x", elem, list(shape))] + list(extra)
    outputs = [helper.make_tensor_value_info("y", elem, None)]
    graph = helper.make_graph(list(nodes), "g", inputs, outputs, list(initialisers))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 7
    made.producer_name = "seed"
    return made


def relu(name="x"):
    return helper.make_node("Relu", [name], ["y"])


def typed(name, kind, values):
    return helper.make_tensor(name, kind, [len(values)], values)


def raw(name, kind, data, count):
    return helper.make_tensor(name, kind, [count], data, raw=True)


def dense():
    weight = helper.make_tensor("w", TensorProto.FLOAT, [2, 2], [1.0, -2.0, 0.5, 3.0])
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["h"], "gemm", alpha=0.5, transB=1), relu("h")]
    return model(nodes, [weight, typed("b", TensorProto.FLOAT, [0.25, -1.0])])


def every_type():
    kinds = [TensorProto.UINT8, TensorProto.INT8, TensorProto.UINT16, TensorProto.INT16,
             TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL, TensorProto.DOUBLE,
             TensorProto.UINT32, TensorProto.UINT64]
    made = [typed(f"t{kind}", kind, [0, 1, 1]) for kind in kinds]
    for kind, size in ((TensorProto.FLOAT16, 2), (TensorProto.BFLOAT16, 2), (TensorProto.INT8, 1),
                       (TensorProto.UINT64, 8), (TensorProto.DOUBLE, 8)):
        made.append(raw(f"r{kind}", kind, bytes(range(2 * size)), 2))
    return model([relu()], made)


def attributes():
    constant = typed("c", TensorProto.INT64, [1, -1])
    nodes = [helper.make_node("Constant", [], ["k"], value=constant),
             helper.make_node("Constant", [], ["f"], value_floats=[0.5, 2.0]),
             helper.make_node("Reshape", ["x", "k"], ["r"]),
             helper.make_node("Conv", ["r", "f"], ["h"], auto_pad="SAME_UPPER", pads=[0, 1, 0, 1],
                              group=1, scales=[1.0, 2.0]),
             relu("h")]
    return model(nodes)


def clip():
    low = raw("low", TensorProto.FLOAT, b"\0\0\x80\xff", 1)
    return model([helper.make_node("Clip", ["x", "low", ""], ["y"])], [low], shape=("batch", 3))


def external():
    made = typed("w", TensorProto.FLOAT, [])
    made.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "w.bin"), ("offset", "4"), ("length", "8")):
        entry = made.external_data.add()
        entry.key, entry.value = key, value
    made.dims[0] = 2
    return model([helper.make_node("Add", ["x", "w"], ["y"])], [made])


def subgraph():
    inner = helper.make_graph([relu("c")], "inner", [], [])
    return model([helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)])


def old_style():
    info = helper.make_tensor_value_info("w", TensorProto.FLOAT, [2])
    return model([helper.make_node("Add", ["x", "w"], ["y"])],
                 [typed("w", TensorProto.FLOAT, [1.0, 2.0])], opset=8, extra=[info])


def sparse():
    made = model([relu()])
    made.graph.sparse_initializer.append(helper.make_sparse_tensor(
        typed("w", TensorProto.FLOAT, [1.0]), typed("i", TensorProto.INT64, [1]), [3]))
    return made


ONNX = {"dense": dense, "every_type": every_type, "attributes": attributes, "clip": clip,
        "external": external, "subgraph": subgraph, "old_style": old_style, "sparse": sparse}

NNET = {
    "small": "// seed\n2,2,1,2,\n2,2,1,\n0,\n-1.0,0,\n1.0,10,\n0.5,5.0,3.0,\n2.0,10.0,4.0,\n"
             "1.0,2.0,\n-3.0,0.1,\n0.25,\n-0.75,\n1.0,-1.0,\n0.125,\n",
    "plain": "1,1,1,1\n1,1\n0\n-1\n1\n0,0\n1,1\n2e-3\n+.5",
    "longer_rows": "1,1,1,1,\r\n1,1,\r\n\r\n0\r\n-1,-3,\r\n1,3,\r\n0,9,0\r\n1,9,1\r\n2,\r\n3\r\n",
}


def main():
    here = pathlib.Path(__file__).resolve().parent / "corpus"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
    for kind, seeds in (("onnx", ONNX), ("nnet", NNET)):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, seed in seeds.items():
            data = seed.encode() if isinstance(seed, str) else seed().SerializeToString()
            (folder / kind / f"{name}.{kind}").write_bytes(data)


if __name__ == "__main__":
    main()
