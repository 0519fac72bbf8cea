#!/usr/bin/python3
"""Every layer as ONNX, over the shape files of tests/parity and the models of cases.c: onnx's own
checker accepts it, and ONNX Runtime computes what weft computes."""
import collections
import json
import pathlib
import tempfile

import numpy
import onnx

from onnxruntime import BUILD, check, call, finish, infer

TOLERANCE = 1e-5  # relative to numbers above 1

# The operators of a layer's first line in its shape file, and of the models of cases.c.
OPERATORS = {
    "conv2d-2": "Transpose Conv Transpose",
    "max_pool2d-2": "Transpose MaxPool Transpose",
    "average_pool2d-2": "Transpose AveragePool Transpose",
    "global_average_pool2d-2": "Reshape GlobalAveragePool Flatten",
    "dense-2": "Gemm",
    "flatten-2": "Reshape",
    "reshape-2": "Reshape",
    "rows-2": "Reshape",
    "columns-2": "Transpose Reshape Transpose",
    "batch_normalization-2": "BatchNormalization",
    "layer_normalization-2": "ReduceMean Sub Pow ReduceMean Add Sqrt Div Mul Add",
    "dropout-2": "Identity",
    "relu-2": "Relu",
    "leaky_relu-2": "LeakyRelu",
    "elu-2": "Elu",
    "gelu-2": "Mul Erf Add Mul Mul",
    "sigmoid-2": "Sigmoid",
    "tanh-2": "Tanh",
    "softmax-2": "Softmax",
    "lstm-2": "Transpose LSTM Squeeze",
    "gru-2": "Transpose GRU Squeeze",
    "simple_rnn-2": "Transpose RNN Squeeze",
    "bidirectional-2": "Transpose LSTM Transpose Reshape",
    "patches-2": "Reshape Transpose Reshape",
    "global_max_pool2d-2": "Reshape GlobalMaxPool Flatten",
    "global_average_pool1d-2": "ReduceMean",
    "global_max_pool1d-2": "ReduceMax",
    "stochastic_depth-2": "Identity",
    "sweep-2": "Transpose Reshape LSTM Squeeze Reshape Transpose",
    "add-2": "Slice Reshape Slice Reshape Add",
    "concatenate-2": "Slice Reshape Slice Reshape Concat",
    "embedding-2": "Less Not Less And Where Concat Cast Gather",
    "repeat_vector-2": "Reshape Expand",
    "time_distributed-2": "MatMul Add",
    "attention-2": "Slice Reshape Slice Reshape Transpose MatMul Softmax MatMul",
    "label_sets-2": "MatMul Add",
    "cnn-rnn": "Reshape Conv Transpose Reshape Gemm Reshape Expand Less Not Less And Where Concat Cast Gather"
               " Transpose LSTM Squeeze MatMul Add Transpose Add Transpose Slice Transpose MatMul Add Softmax",
    "no-feedback": "Reshape Expand Less Not Less And Where Concat Cast Gather Add",
    "tied-to-dense": "Gemm Slice Transpose MatMul Elu",
    "conv-is-output": "Transpose Mul Add Conv Transpose",
    "conv-softmax": "Transpose Mul Add Conv Softmax Transpose Reshape",
    "softmax-of-an-image": "Transpose Mul Add Conv Softmax Transpose Reshape",
    "conv-gelu-pool-flatten": "Transpose Mul Add Conv Mul Erf Add Mul Mul Mul Mul Mul Add Mul Tanh Add"
                              " Mul Mul MaxPool Transpose Reshape Gemm Softmax",
    "one-channel-inside": "Reshape Conv Conv Reshape",
    "two-readers": "Transpose Mul Add Conv Transpose Reshape Reshape MatMul Add Transpose Add Transpose"
                   " Reshape Transpose GRU Squeeze Concat",
    "add-of-both-layouts": "Transpose Mul Add Conv Transpose MatMul Add Transpose Add Transpose Add Transpose"
                           " Add Transpose ReduceMean Sub Pow ReduceMean Add Sqrt Div Mul Add Transpose"
                           " GlobalAveragePool Flatten",
    "concatenate-heights": "Transpose Mul Add Conv Concat Concat Concat AveragePool Transpose",
    "concatenate-steps": "Transpose LSTM Squeeze Concat Transpose Concat Concat",
    "normal-image": "Transpose Mul Add BatchNormalization Conv BatchNormalization LeakyRelu Transpose"
                    " ReduceMean Sub Pow ReduceMean Add Sqrt Div Mul",
    "normal-sequence": "Reshape BatchNormalization Reshape Transpose GRU Squeeze Reshape"
                       " BatchNormalization Reshape ReduceMean Sub Pow ReduceMean Add Sqrt Div Add"
                       " MatMul Add Softmax Softmax LSTM Squeeze Transpose",
    "columns-of-channels": "Transpose Mul Add Conv Transpose Transpose Reshape Slice GRU Transpose Reshape"
                           " Transpose Reshape Transpose Slice LSTM Transpose Reshape Gemm Elu",
    "sum-of-both-directions": "Transpose Slice RNN ReduceSum GRU ReduceSum",
    "lstm-leaky-elu": "Transpose LSTM Squeeze",
    "gru-elu-leaky": "Transpose GRU Squeeze",
    "rnn-linear": "Transpose RNN Squeeze LeakyRelu",
    "bilstm-linear-leaky": "Transpose LSTM Transpose Reshape",
    "nothing-to-do": "Identity",
    "many-axes": "Reshape Reshape BatchNormalization Reshape MatMul Add Mul Erf Add Mul Mul ReduceMean Sub"
                 " Pow ReduceMean Add Sqrt Div Mul Add Softmax Concat",
}
# Attributes of one operator in one of them.
ATTRIBUTES = {
    ("conv2d-2", "Conv"): {"kernel_shape": [3, 3], "pads": [0, 0, 0, 0], "group": 1},
    ("gru-2", "GRU"): {"linear_before_reset": 1, "direction": b"forward", "hidden_size": 6,
                       "activations": [b"Sigmoid", b"Tanh"]},
    ("lstm-2", "LSTM"): {"direction": b"forward", "activations": [b"Sigmoid", b"Tanh", b"Tanh"]},
    ("bidirectional-2", "LSTM"): {"direction": b"bidirectional"},
    ("bilstm-linear-leaky", "LSTM"): {
        "activations": [b"LeakyRelu", b"Affine", b"Affine"] * 2, "activation_beta": [0] * 4},
    ("sum-of-both-directions", "ReduceSum"): {"keepdims": 0},
    ("conv-softmax", "Softmax"): {"axis": 1},
    ("many-axes", "Concat"): {"axis": 2},
}


def check_model(case):
    model = onnx.load(case["model"])
    name = case["name"]
    try:
        onnx.checker.check_model(model, full_check=True)
        check(f"{name} is valid", True)
    except Exception as error:  # the checker has several kinds
        check(f"{name} is valid", False, str(error))
    names = [output for node in model.graph.node for output in node.output if output]
    names += [tensor.name for tensor in model.graph.initializer]
    check(f"{name}: every name is there once", len(names) == len(set(names)), str(names))
    operators = " ".join(node.op_type for node in model.graph.node)
    if name in OPERATORS:
        check(f"{name} has its operators", operators == OPERATORS.pop(name), operators)
    for node in model.graph.node:
        wanted = ATTRIBUTES.pop((name, node.op_type), {})
        found = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        for key, value in wanted.items():
            check(f"{name}: {key}", found.get(key) == value, f"{found.get(key)}")


with tempfile.TemporaryDirectory() as scratch:
    folder = pathlib.Path(scratch)
    if check("the cases are written", call(str(BUILD / "tests/export/write_cases"), scratch)):
        cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
        for case in cases:
            case.update({key: str(folder / f"{case['name']}.{suffix}") for key, suffix in
                         (("model", "onnx"), ("input", "in"), ("output", "runtime"))})
            if case["steps"]:
                case["tokens"] = str(folder / f"{case['name']}.tokens")
            check_model(case)
        check("no case is missing", not OPERATORS and not ATTRIBUTES, f"{OPERATORS} {ATTRIBUTES}")
        check("all models run", infer(cases))
        worst = collections.defaultdict(float)
        for case in cases:
            output = pathlib.Path(case["output"])
            if not output.exists():
                continue
            ours = numpy.fromfile(folder / f"{case['name']}.out", "<f4")
            theirs = numpy.fromfile(output, "<f4")
            if not check(f"{case['name']} has an output", ours.size == theirs.size > 0,
                         f"{theirs.size} numbers, weft has {ours.size}"):
                continue
            error = numpy.max(numpy.abs(ours - theirs) / numpy.maximum(1, numpy.abs(ours)))
            check(f"{case['name']} is weft's", error <= TOLERANCE, f"off by {error:.3g}")
            worst[case["layer"]] = max(worst[case["layer"]], float(error))
        for layer, error in worst.items():
            print(f"{layer}: worst error {error:.2g}")
finish()
