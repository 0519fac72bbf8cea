#!/usr/bin/python3
"""Holds the twin against the small networks that weft itself is tested with: ten losses of training, the
gradients of the first step, all parameters after the last.

    bench/pytorch/check.py

What is expected are the figures in tests/golden, float64 PyTorch's, of networks that are written out there
and share no code with the twin. One line per network: its worst figure over what float32 may be off by."""
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn as nn

import twin

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests/golden"
TYPES = {"f32": "<f4", "f64": "<f8", "i32": "<i4"}


def read_cases(folder):
    """(case, {name: (tensor, tolerance)})"""
    blob = (folder / "cases.bin").read_bytes()
    for case in json.loads((folder / "cases.json").read_text())["cases"]:
        arrays = {}
        for name, a in case["arrays"].items():
            data = np.frombuffer(blob, TYPES[a["type"]], int(np.prod(a["shape"])), a["offset"])
            arrays[name] = torch.from_numpy(data.reshape(a["shape"]).copy()), a.get("tolerance")
        yield case, arrays


def tensors(model):
    """(module, tensor): all parameters in the order of the file, moving statistics among them."""
    return [(module, tensor) for module in model.modules()
            for name, tensor in (*module.named_parameters(recurse=False),
                                 *module.named_buffers(recurse=False))
            if tensor.requires_grad or name.startswith("running_")]


def in_keras_order(arrays, group):
    """(value, tolerance) of the arrays of a group; both biases of a GRU one by one."""
    for name, (value, tolerance) in arrays.items():
        if name.startswith(group + "/"):
            is_pair = name.endswith("bias") and value.dim() == 2
            yield from ((part, tolerance) for part in (value if is_pair else [value]))


def twin_form(module, value):
    """Keras' form of a parameter as PyTorch's."""
    if value.dim() == 4:
        return value.permute(3, 2, 0, 1)
    if value.dim() == 2 and not isinstance(module, nn.Embedding):
        value = value.t()
    if isinstance(module, nn.GRU):  # gates z, r, h in Keras, r, z, n in PyTorch
        z, r, n = value.chunk(3)
        value = torch.cat([r, z, n])
    return value


def worst(found, expected):
    """The largest distance over its tolerance; NaN where one is."""
    if len(found) != len(expected):
        raise ValueError(f"the twin has {len(found)} parameters, expected {len(expected)}")
    return np.max([((a - b).abs().max() / tolerance).item()
                   for a, (b, tolerance) in zip(found, expected)])


def check(spec, case, arrays):
    model = twin.build(spec)
    trained = {**spec["training"], "optimizer": case["config"] or spec["training"]["optimizer"]}
    trainer = twin.Trainer(model, twin.Recipe(trained), layout="nhwc")  # flattens as weft does
    own, batch = tensors(model), trainer.recipe.batch_size
    form = lambda group, of: [(twin_form(module, value), tolerance) for (module, _), (value, tolerance)
                              in zip(of, in_keras_order(arrays, group))]
    with torch.no_grad():
        for (_, tensor), (value, _) in zip(own, form("initial", own)):
            tensor.copy_(value)
    images = arrays["images"][0].reshape(-1, *spec["input"][:2])
    answers = arrays["sequences" if twin.told_length(spec) else "labels"][0].long()
    losses, off = [], []
    for step in range(len(arrays["losses"][0])):
        at = step * batch % len(images)
        losses.append(trainer.step(images[at : at + batch], answers[at : at + batch])[0])
        if step == 0 and any(name.startswith("gradient/") for name in arrays):
            with_gradient = [(module, p) for module, p in own if p.requires_grad]
            off.append(worst([p.grad for _, p in with_gradient], form("gradient", with_gradient)))
    if off:
        off.append(worst([p.detach() for _, p in own], form("final", own)))
    return np.max(off + [worst([torch.stack(losses)], [arrays["losses"]])])


def main():
    torch.set_num_threads(1)
    n_checked = n_failed = 0
    for folder in (GOLDEN, GOLDEN / "sequences"):
        for case, arrays in read_cases(folder):
            if not any(name.startswith("initial/") for name in arrays):
                continue  # of a layer, a loss or an optimizer
            try:
                off = check(twin.read(folder / "models" / f"{case['type']}.yaml"), case, arrays)
            except twin.UnknownPart as error:
                print(f"{case['name']}: left out, {error}")
                continue
            print(f"{case['name']}: {off:.3f}")
            n_checked, n_failed = n_checked + 1, n_failed + (not off <= 1)
    print(f"{n_checked - n_failed} passed, {n_failed} failed")
    return n_failed > 0 or n_checked == 0


if __name__ == "__main__":
    sys.exit(main())
