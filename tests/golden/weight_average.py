#!/usr/bin/python3
"""Writes weight_average.json: ten steps of gradient descent on a linear classifier in float64 PyTorch, and
the exponential moving average that torch.optim.swa_utils.AveragedModel keeps of it.

usage: tests/golden/weight_average.py        (needs PyTorch)
"""
import json
import pathlib

import torch
from torch.optim.swa_utils import AveragedModel

STEPS, IMAGES, INPUTS, CLASSES, RATE = 10, 8, 6, 3, 0.5


def average_fn(decay, has_warmup):
    """With warm-up as tf.train.ExponentialMovingAverage(decay, num_updates)."""

    def update(average, value, n):
        t = int(n)  # AveragedModel copies at n = 0, so that n counts the updates behind that
        d = min(decay, (1 + t) / (10 + t)) if has_warmup else decay
        return d * average + (1 - d) * value

    return update


def train(decay, has_warmup, images, labels):
    torch.manual_seed(2)
    model = torch.nn.Linear(INPUTS, CLASSES, dtype=torch.float64)
    start = {"kernel": model.weight.detach().T.tolist(), "bias": model.bias.detach().tolist()}
    average = AveragedModel(model, avg_fn=average_fn(decay, has_warmup))
    average.update_parameters(model)  # the average begins as the start values
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
        average.update_parameters(model)
    kept = average.module
    return {"decay": decay, "warmup": has_warmup, "start": start,
            "kernel": kept.weight.detach().T.tolist(), "bias": kept.bias.detach().tolist(),
            "last_kernel": model.weight.detach().T.tolist()}


def main():
    torch.manual_seed(1)
    images = torch.randn(IMAGES, INPUTS, dtype=torch.float64).float().double()
    labels = torch.arange(IMAGES) % CLASSES
    cases = [train(d, w, images, labels) for d in (0.9, 0.3, 0.999) for w in (False, True)]
    document = {"rate": RATE, "steps": STEPS, "images": images.tolist(), "labels": labels.tolist(),
                "cases": cases}
    with pathlib.Path(__file__).with_suffix(".json").open("w") as out:
        json.dump(document, out)
        out.write("\n")


if __name__ == "__main__":
    main()
