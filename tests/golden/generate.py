#!/usr/bin/python3
"""Writes cases.json and cases.bin: what float64 PyTorch says about layers, losses, optimizers and
small networks. Debian packages: python3-torch python3-numpy python3-yaml. Run it in any folder.
The layer cases stand in layers.json: [shape of x, configuration, true for recurrent dropout].

cases.json:
  {"cases": [{"name", "kind": "layer" | "loss" | "optimizer" | "network", "type", "config",
     "arrays": {NAME: {"type": "f32" | "f64" | "i32", "shape", "offset", "tolerance"?}}}]}
cases.bin holds the arrays, little-endian, each at its offset (a multiple of 8). Inputs are f32 (i32
for labels) and float64 PyTorch saw exactly these values; expected values are f64. "tolerance" is
what a float32 implementation may be off by, as an absolute figure: max(1e-5, 4 * gap) * scale,
where scale = max(1, largest magnitude in the array) and gap is how far PyTorch's own float32 is
off, over scale."""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

import networks
from layers import LAYERS, parameter_shapes

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {"f32": "<f4", "f64": "<f8", "i32": "<i4"}


class Writer:
    def __init__(self):
        self.cases, self.blob, self.known, self.numbers = [], bytearray(), {}, {}

    def numbered(self, type_):
        """conv2d_1, conv2d_2, ..."""
        self.numbers[type_] = self.numbers.get(type_, 0) + 1
        return f"{type_}_{self.numbers[type_]}"

    def array(self, values, kind):
        data = np.ascontiguousarray(values.detach().numpy().astype(TYPES[kind]))
        key = (kind, data.tobytes())
        if key not in self.known:  # the same array is stored once
            self.known[key] = len(self.blob)
            self.blob += data.tobytes() + bytes(-len(data.tobytes()) % 8)
        return {"type": kind, "shape": list(data.shape), "offset": self.known[key]}

    def case(self, name, kind, type_, config, inputs, expected, rough):
        """`rough` lists float32 results; the worst of them gives the gap."""
        arrays = {k: self.array(v, "i32" if v.dtype == torch.int64 else "f32")
                  for k, v in inputs.items()}
        for k, v in expected.items():
            v = v.double()
            assert torch.isfinite(v).all(), (name, k)
            scale = max(1.0, v.abs().max().item())
            gap = max((r[k].double() - v).abs().max().item() / scale for r in rough)
            assert gap < 1e-4, (name, k, gap)  # else the case is chaotic and proves little
            arrays[k] = self.array(v, "f64")
            arrays[k]["tolerance"] = float(f"{max(1e-5, 4 * gap) * scale:.3g}")
        self.cases.append({"name": name, "kind": kind, "type": type_, "config": config,
                           "arrays": arrays})

    def save(self, folder=HERE):
        with open(os.path.join(folder, "cases.bin"), "wb") as f:
            f.write(self.blob)
        lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in self.cases)
        with open(os.path.join(folder, "cases.json"), "w") as f:
            f.write('{"cases":[\n' + lines + "\n]}\n")


class Source:
    """Random numbers that float32 holds exactly: multiples of 2^-12."""

    def __init__(self, seed):
        self.generator = np.random.Generator(np.random.PCG64(seed))

    def uniform(self, shape, low, high):
        return self.round(self.generator.uniform(low, high, shape))

    def normal(self, shape, scale=1.0):
        return self.round(self.generator.normal(0, scale, shape))

    def labels(self, shape, below):
        return torch.tensor(self.generator.integers(0, below, shape))

    @staticmethod
    def round(values):
        return torch.tensor(np.round(np.asarray(values) * 4096) / 4096)


def run_layer(name, config, inputs, dtype):
    """The output and, when there is a cotangent `dy`, every gradient."""
    values = {k: v.to(dtype).clone() for k, v in inputs.items()}
    constant = {"mask", "forward_mask", "backward_mask", "moving_mean", "moving_variance", "dy"}
    leaves = [k for k in values if k not in constant]
    for k in leaves:
        values[k].requires_grad_(True)
    p = {k: v for k, v in values.items() if k != "dy"}
    several = sorted(k for k in values if k[0] == "x" and k[1:].isdigit())
    x = [p.pop(k) for k in several] if several else p.pop("x")
    y = LAYERS[name](config, x, p)
    result = {"y": y.detach()}
    if "dy" in values:
        grads = torch.autograd.grad(y, [values[k] for k in leaves], values["dy"])
        result.update({"d" + k: g for k, g in zip(leaves, grads)})
    result.update({k: v for k, v in p.items() if k.startswith("new_")})
    return result


def draw_parameter(source, key, shape):
    if key.endswith(("gamma", "moving_variance")):
        return source.uniform(shape, 0.5, 1.5)
    if key.endswith("kernel"):
        return source.normal(shape, 1 / np.sqrt(max(1, np.prod(shape[:-1]))))
    return source.normal(shape, 0.3)


def keep(source, shape):
    """Dropout factors at rate 1/2."""
    return source.labels(shape, 2).double() * 2


def kinked(name, config):
    return (config.get("activation") in ("relu", "leaky_relu", "elu")
            and name in ("conv2d", "dense")) or name in ("relu", "leaky_relu", "elu")


def near_kink(name, config, inputs):
    """A value before the activation so near 0 that float32 may see it on the other side."""
    z = inputs["x"]
    if name in ("conv2d", "dense"):
        p = {k: v for k, v in inputs.items() if k != "x"}
        z = LAYERS[name](dict(config, activation="linear"), inputs["x"], p)
    return z.abs().min().item() < 1e-4


def layer_case(writer, number, name, shape, config, masks=False):
    for attempt in range(1000):
        source = Source([7, number, attempt])
        if isinstance(shape[0], list):
            inputs = {f"x{i}": source.normal(s) for i, s in enumerate(shape)}
        else:
            inputs = {"x": source.normal(shape)}
            for key, s in parameter_shapes(name, config, shape).items():
                inputs[key] = draw_parameter(source, key, s)
        if not kinked(name, config) or not near_kink(name, config, inputs):
            break
    if name == "dropout":
        inputs["mask"] = keep(source, shape)
    elif name == "stochastic_depth":
        inputs["mask"] = keep(source, shape[:1])
    elif masks and name == "bidirectional":
        (_, inner), = config["layer"].items()
        for side in ("forward", "backward"):
            inputs[side + "_mask"] = keep(source, [shape[0], inner["units"]])
    elif masks:
        inputs["mask"] = keep(source, [shape[0], config["units"]])
    y = run_layer(name, config, inputs, torch.float64)["y"]
    inputs["dy"] = source.normal(list(y.shape))
    writer.case(writer.numbered(name), "layer", name, config, inputs,
                run_layer(name, config, inputs, torch.float64),
                [run_layer(name, config, inputs, torch.float32)])


def write_layers(writer):
    with open(os.path.join(HERE, "layers.json")) as f:
        table = json.load(f)
    number = 0
    for name, entries in table.items():
        for entry in entries:
            number += 1
            layer_case(writer, number, name, *entry)


LOSSES = {
    "categorical_crossentropy": lambda c, x, t: -(
        (t * (1 - c.get("label_smoothing", 0)) + c.get("label_smoothing", 0) / x.shape[1])
        * F.log_softmax(x, -1)).sum(-1).mean(),
    "sparse_categorical_crossentropy": lambda c, x, t: F.cross_entropy(x, t),
    "binary_crossentropy": lambda c, x, t: F.binary_cross_entropy_with_logits(
        x, t * (1 - c.get("label_smoothing", 0)) + c.get("label_smoothing", 0) / 2),
    "mean_squared_error": lambda c, x, t: F.mse_loss(x, t),
}


def write_losses(writer):
    """x are logits (mean_squared_error: values), "target" [n,k] or "label" [n]."""
    number = 0
    for name, function in LOSSES.items():
        smooth = {"label_smoothing": 0.1}
        settings = [{}, {}] if name[0] in "sm" else [{}, smooth]
        for shape in ([1, 10], [7, 3], [33, 17]):
            for config in settings[:1] if shape[0] == 7 else settings[-1:]:
                number += 1
                source = Source([8, number])
                inputs = {"x": source.normal(shape, 2.0)}
                if name[0] == "s":
                    inputs["label"] = source.labels(shape[:1], shape[1])
                elif name[0] == "c":
                    inputs["target"] = F.one_hot(source.labels(shape[:1], shape[1]),
                                                 shape[1]).double()
                else:
                    inputs["target"] = source.uniform(shape, 0, 1)
                results = []
                for dtype in (torch.float64, torch.float32):
                    x = inputs["x"].to(dtype).clone().requires_grad_(True)
                    target = inputs.get("target", inputs.get("label"))
                    target = target if target.dtype == torch.int64 else target.to(dtype)
                    loss = function(config, x, target)
                    loss.backward()
                    results.append({"loss": loss.detach().reshape(1), "dx": x.grad})
                writer.case(writer.numbered(name), "loss", name, config, inputs, results[0],
                            results[1:])


def write_optimizers(writer):
    """`param` [m] and `grads` [steps,m] give `result` [steps,m]: the parameters after each step."""
    settings = [("sgd", {"momentum": 0.0, "nesterov": False}),
                ("sgd", {"momentum": 0.9, "nesterov": False}), ("sgd", {}), ("rmsprop", {}),
                ("rmsprop", {"momentum": 0.5}), ("adam", {}), ("adamw", {})]
    for number, (name, change) in enumerate(settings, 1):
        config = dict(networks.OPTIMIZERS[name], **change)
        source = Source([9, number])
        inputs = {"param": source.normal([37]), "grads": source.normal([6, 37], 0.5)}
        results = []
        for dtype in (torch.float64, torch.float32):
            p = inputs["param"].to(dtype).clone().requires_grad_(True)
            optimizer, after = networks.Optimizer(name, config, [p]), []
            for g in inputs["grads"].to(dtype):
                p.grad = g.clone()
                optimizer.step()
                after.append(p.detach().clone())
            results.append({"result": torch.stack(after)})
        writer.case(writer.numbered(name), "optimizer", name, config, inputs, results[0],
                    results[1:])


def write_networks(writer):
    """Arrays: `images` [12,14,14,1], `labels` [12]; step s trains on images 0..5 when s is even,
    else on 6..11. `initial/PARAM`; expected: `losses` [10]; with adam also `gradient/PARAM` of the
    first step and `final/PARAM` after the tenth. The config is {OPTIMIZER: its settings}."""
    source = Source([10])
    images = source.uniform([12, 14, 14, 1], 0, 1)
    labels = source.labels([12], 10)
    for number, model in enumerate(networks.load_models(os.path.join(HERE, "models"))):
        start = networks.initial_parameters(model, Source([11, number]).uniform)
        size = model["training"]["batch_size"]
        for name, config in networks.OPTIMIZERS.items():
            def results(dtype, order):
                losses, first, final = networks.train(model, start, images, labels, name, config,
                                                      dtype, order)
                found = {"losses": losses}
                if name == "adam":
                    found.update({f"gradient/{k}": v for k, v in first.items()})
                    found.update({f"final/{k}": v for k, v in final.items()})
                return found

            inputs = {"images": images, "labels": labels}
            inputs.update({f"initial/{k}": v for k, v in start.items()})
            # A permuted batch changes nothing but the order of sums: three samples of the gap.
            orders = [list(range(size)), list(range(size))[::-1], [3, 0, 5, 1, 4, 2]]
            writer.case(f"{model['name']}_{name}", "network", model["name"], {name: config}, inputs,
                        results(torch.float64, orders[0]),
                        [results(torch.float32, o) for o in orders])


def main():
    torch.set_num_threads(1)
    writer = Writer()
    write_layers(writer)
    write_losses(writer)
    write_optimizers(writer)
    write_networks(writer)
    writer.save()


if __name__ == "__main__":
    main()
