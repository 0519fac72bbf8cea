"""Small networks from model files, trained for ten steps in PyTorch."""
import glob
import math
import os

import torch
import torch.nn.functional as F
import yaml

from layers import LAYERS, parameter_shapes

STEPS = 10
OPTIMIZERS = {
    "adam": {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "sgd": {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True},
    "rmsprop": {"learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7},
    "adamw": {"learning_rate": 0.002, "weight_decay": 0.004, "beta_1": 0.9, "beta_2": 0.999,
              "epsilon": 1e-7},
}


class Optimizer:
    """Keras' formulas on top of torch.optim where that has them."""

    def __init__(self, name, config, parameters):
        self.name, self.config, self.parameters, self.t = name, config, parameters, 0
        lr = config["learning_rate"]
        if name == "sgd":
            self.torch = torch.optim.SGD(parameters, lr, momentum=config.get("momentum", 0.0),
                                         nesterov=config.get("nesterov", False))
        elif name == "adam":
            self.torch = torch.optim.Adam(parameters, lr, (config["beta_1"], config["beta_2"]))
        elif name == "adamw":
            self.torch = torch.optim.AdamW(parameters, lr, (config["beta_1"], config["beta_2"]),
                                           weight_decay=config["weight_decay"])
        else:
            self.velocity = [torch.zeros_like(p) for p in parameters]
            self.momentum = [torch.zeros_like(p) for p in parameters]

    def step(self):
        self.t += 1
        if self.name == "rmsprop":  # Keras adds epsilon under the root, PyTorch outside
            return self.rmsprop()
        if self.name in ("adam", "adamw"):
            # Keras' epsilon stands before the correction of bias, PyTorch's behind it.
            for group in self.torch.param_groups:
                group["eps"] = self.config["epsilon"] / math.sqrt(
                    1 - self.config["beta_2"] ** self.t)
        self.torch.step()

    @torch.no_grad()
    def rmsprop(self):
        c = self.config
        for p, v, m in zip(self.parameters, self.velocity, self.momentum):
            v.mul_(c["rho"]).add_((1 - c["rho"]) * p.grad ** 2)
            m.mul_(c["momentum"]).add_(c["learning_rate"] * p.grad / torch.sqrt(v + c["epsilon"]))
            p.sub_(m)


def load_models(folder):
    models = []
    for path in sorted(glob.glob(os.path.join(folder, "*.yaml"))):
        with open(path) as f:
            model = yaml.safe_load(f)
        seen, layers = {}, []
        for entry in model["layers"]:
            name, config = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
            k = seen.get(name, 0)
            seen[name] = k + 1
            layers.append((f"{name}_{k}" if k else name, name, config))
        model["nodes"] = layers
        models.append(model)
    return models


def initial_parameters(model, draw):
    """Glorot uniform matrices, small biases, moving statistics that differ from Keras' start."""
    x = torch.zeros(2, *model["input"], dtype=torch.float64)
    found = {}
    for node, name, config in model["nodes"]:
        own = {}
        for key, shape in parameter_shapes(name, config, x.shape).items():
            if key.endswith("kernel"):
                receptive = math.prod(shape[:-2])
                limit = math.sqrt(6 / (receptive * (shape[-2] + shape[-1])))
                own[key] = draw(shape, -limit, limit)
            elif key in ("gamma", "moving_variance"):
                own[key] = draw(shape, 0.5, 1.5)
            else:
                own[key] = draw(shape, -0.1, 0.1)
            found[f"{node}/{key}"] = own[key]
        x = LAYERS[name](config, x, dict(own))
    return found


def run(model, parameters, images, labels):
    """Logits of the last layer's softmax, and the updates of moving statistics."""
    x, updates = images, {}
    for i, (node, name, config) in enumerate(model["nodes"]):
        own = {k.split("/")[1]: v for k, v in parameters.items() if k.split("/")[0] == node}
        if i == len(model["nodes"]) - 1:
            assert config["activation"] == "softmax"
            config = dict(config, activation="linear")
        x = LAYERS[name](config, x, own)
        for key in ("moving_mean", "moving_variance"):
            if "new_" + key in own:
                updates[f"{node}/{key}"] = own["new_" + key]
    return F.cross_entropy(x, labels), updates


def train(model, start, images, labels, optimizer, config, dtype, order):
    """Losses, the first step's gradients, and the parameters after the last step."""
    parameters = {k: v.to(dtype).clone() for k, v in start.items()}
    trainable = [k for k in parameters if "moving_" not in k]
    for k in trainable:
        parameters[k].requires_grad_(True)
    update = Optimizer(optimizer, config, [parameters[k] for k in trainable])
    n, losses, first = model["training"]["batch_size"], [], {}
    images = images.to(dtype)
    for step in range(STEPS):
        at = step % (len(images) // n) * n
        batch = [at + i for i in order]
        for k in trainable:
            parameters[k].grad = None
        loss, moving = run(model, parameters, images[batch], labels[batch])
        loss.backward()
        if step == 0:
            first = {k: parameters[k].grad.clone() for k in trainable}
        update.step()
        parameters.update(moving)
        losses.append(loss.item())
    return (torch.tensor(losses, dtype=torch.float64), first,
            {k: v.detach() for k, v in parameters.items()})
