#!/usr/bin/python3
"""Writes explain/cases.json and explain/cases.bin, in the form of generate.py: what float64 PyTorch
says about what small networks look at, in inference. Debian packages as for generate.py.

For each model of models/ and explain/models/, four images `pixels` [4,H,W,C] (0 .. 255; the network
sees pixel / 256 - 1/4, which float32 holds exactly) and a class for each, `class` [4]; `initial/PARAM`.
Expected:
  scores [4,K]            before the last softmax or sigmoid
  gradient [4,H,W,C]      of the class' score with respect to the input
  cam [4,h,w], heat       Grad-CAM of the last convolution's activation; bilinear at the image's size
  attribution [4,H,W,C]   integrated gradients from black, 64 nodes of NumPy's leggauss
  baseline_score [4]
  progress [4,T,K]        outputs after 1 .. T lines; config.reading says of which, config.layer
                          of which layer's output (null: the image)
  shares [4,T]            integrated gradients of that output, from what it is for black, by lines"""
import os

import numpy as np
import torch
import torch.nn.functional as F
import yaml

from generate import HERE, Source, Writer
from layers import ACTIVATIONS, LAYERS, parameter_shapes

READING = {"tiny-gru": ("rows", "input"), "tiny-lstm": ("rows", "input"),
           "tiny-lstm-2x-relu": ("rows", "input"), "tiny-bilstm": ("rows", "input"),
           "tiny-columns": ("columns", "input"), "tiny-cnn-lstm": ("rows", "max_pool2d_1"),
           "tiny-cnn-bilstm": ("rows", "dropout"), "tiny-cnn-columns": ("columns", "conv2d")}
FILLED = ("filled", "input")  # the others
STEPS = 64
SHIFT = -0.25


def nodes_of(model):
    """(name, class, config, names of inputs) of each layer."""
    seen, found, before = {}, [], "input"
    for entry in model["layers"]:
        class_, config = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
        config = dict(config)
        k = seen.get(class_, 0)
        name = config.pop("name", None)
        if name is None:
            seen[class_] = k + 1
            name = f"{class_}_{k}" if k else class_
        inputs = config.pop("inputs", before)
        found.append((name, class_, config, inputs))
        before = name
    return found


def apply(node, values, p):
    name, class_, config, inputs = node
    x = [values[i] for i in inputs] if isinstance(inputs, list) else values[inputs]
    if class_ == "dropout":
        return x
    if class_ == "batch_normalization":
        config = dict(config, inference=True)
    return LAYERS[class_](config, x, {k.split("/")[1]: v for k, v in p.items()
                                      if k.split("/")[0] == name})


def forward(nodes, p, x, layer="input"):
    """Scores, outputs, and the values of every layer, where x is that of `layer`."""
    values = {layer: x}
    for node in behind(nodes, layer)[:-1]:
        values[node[0]] = apply(node, values, p)
    name, class_, config, inputs = nodes[-1]
    assert config["activation"] in ("softmax", "sigmoid")
    scores = apply((name, class_, dict(config, activation="linear"), inputs), values, p)
    return scores, ACTIVATIONS[config["activation"]](scores), values


def behind(nodes, layer):
    return nodes[1 + [node[0] for node in nodes].index(layer):] if layer != "input" else nodes


def draw_parameters(nodes, source, shape):
    values, found = {"input": torch.zeros(2, *shape, dtype=torch.float64)}, {}
    for node in nodes:
        name, class_, config, inputs = node
        x = values[inputs] if not isinstance(inputs, list) else None
        for key, s in (parameter_shapes(class_, config, x.shape) if x is not None else {}).items():
            if key.endswith("kernel"):
                p = source.normal(s, 1.5 / np.sqrt(max(1, np.prod(s[:-1]))))
            elif key in ("gamma", "moving_variance"):
                p = source.uniform(s, 0.5, 1.5)
            else:
                p = source.normal(s, 0.3)
            found[f"{name}/{key}"] = p
        values[name] = apply(node, values, found)
    return found


def gradient(nodes, p, x, classes, layer, given="input"):
    """d score / d layer's values, and these values, where x is that of `given`."""
    scores, _, values = forward(nodes, p, x, given)
    picked = scores.gather(1, classes[:, None]).sum()
    return torch.autograd.grad(picked, values[layer])[0], values[layer]


def integrated(nodes, p, x, base, classes, layer="input"):
    at, weight = np.polynomial.legendre.leggauss(STEPS)
    total = torch.zeros_like(x)
    for t, w in zip((at + 1) / 2, weight / 2):
        point = (base + t * (x - base)).requires_grad_(True)
        total += w * gradient(nodes, p, point, classes, layer, layer)[0]
    return (x - base) * total


def lines_of(x, reading):
    """Lines first: [T,4,...]."""
    return x.movedim(2 if reading == "columns" else 1, 0)


def progress(nodes, p, x, base, reading, layer):
    found = []
    for t in range(1, len(lines_of(x, reading)) + 1):
        if reading == "rows":
            part = x[:, :t]
        elif reading == "columns":
            part = x[:, :, :t]
        else:
            part = torch.cat((x[:, :t], base[:, t:]), 1)
        found.append(forward(nodes, p, part, layer)[1])
    return torch.stack(found, 1)


def answers(nodes, p, x, classes, dtype, cam_layer, reading, layer):
    p = {k: v.to(dtype) for k, v in p.items()}
    x = x.to(dtype)
    base = torch.full_like(x, SHIFT)
    found = {"scores": forward(nodes, p, x)[0],
             "gradient": gradient(nodes, p, x.clone().requires_grad_(True), classes, "input")[0],
             "attribution": integrated(nodes, p, x, base, classes),
             "baseline_score": forward(nodes, p, base)[0].gather(1, classes[:, None])[:, 0]}
    read, blank = (forward(nodes, p, value)[2][layer].detach() for value in (x, base))
    found["progress"] = progress(nodes, p, read, blank, reading, layer)
    shares = lines_of(integrated(nodes, p, read, blank, classes, layer), reading)
    found["shares"] = shares.flatten(2).sum(2).T
    if cam_layer:
        g, a = gradient(nodes, p, x.clone().requires_grad_(True), classes, cam_layer)
        cam = torch.relu((g.mean((1, 2), keepdim=True) * a).sum(-1))
        found["cam"] = cam
        found["heat"] = F.interpolate(cam[:, None], x.shape[1:3], mode="bilinear")[:, 0]
    return {k: v.detach() for k, v in found.items()}


def cam_layer(nodes, i):
    """The convolution's activation, where that is the layer behind it."""
    return nodes[i + 1 if nodes[i + 1][1].endswith("relu") else i][0]


def main():
    torch.set_num_threads(1)
    writer = Writer()
    paths = sorted(os.path.join(HERE, folder, name) for folder in ("models", "explain/models")
                   for name in os.listdir(os.path.join(HERE, folder)))
    for number, path in enumerate(paths):
        with open(path) as f:
            model = yaml.safe_load(f)
        nodes, source = nodes_of(model), Source([12, number])
        p = draw_parameters(nodes, source, model["input"])
        pixels = source.labels([4, *model["input"]], 256)
        classes = source.labels([4], nodes[-1][2]["units"])
        convolutions = [cam_layer(nodes, i) for i, n in enumerate(nodes) if n[1] == "conv2d"]
        reading, layer = READING.get(model["name"], FILLED)
        args = (nodes, p, pixels.double() / 256 + SHIFT, classes)
        rest = (convolutions[-1] if convolutions else None, reading, layer)
        inputs = {"pixels": pixels, "class": classes}
        inputs.update({f"initial/{k}": v for k, v in p.items()})
        config = {"reading": reading, "layer": None if layer == "input" else layer}
        writer.case(model["name"], "explain", os.path.relpath(path, HERE), config, inputs,
                    answers(*args, torch.float64, *rest),
                    [answers(*args, torch.float32, *rest)])
    writer.save(os.path.join(HERE, "explain"))


if __name__ == "__main__":
    main()
