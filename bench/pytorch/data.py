"""The images and labels that the twins are trained on and timed with."""
import csv
import gzip
import os

import numpy as np
import torch

DATA = os.environ.get("WEFT_DATA", "/usr/share/datasets/fashion-mnist")


class Unfit(Exception):
    """The data are not what the model takes."""


def read_idx(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        raw = file.read()
    dims = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(raw[3])]
    data = np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3])
    return torch.from_numpy(data.reshape(dims).copy())


def read_part(name):
    """Images and labels of Fashion-MNIST."""
    images, labels = (read_idx(f"{DATA}/{name}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1"))
    return images.float() / 255, labels.long()


def read_sets(folder):
    """The training images of a set such as `weft compose outfits` makes, and their labels as 0 or 1
    [N, classes]."""
    images = read_idx(f"{folder}/train-images-idx3-ubyte").float() / 255
    with open(f"{folder}/classes.txt", encoding="utf-8") as file:
        number = {name: k for k, name in enumerate(file.read().splitlines())}
    sets = torch.zeros(len(images), len(number))
    with open(f"{folder}/train-labels.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for label in filter(None, row["labels"].split("|")):
                sets[int(row["image"]), number[label]] = 1
    return images, sets


def sequences(sets, length):
    """Each image's labels, the most frequent first and of equally frequent ones the lower, then END
    (the number of classes), then -1: [N, length]."""
    count, classes = sets.shape
    most = int(sets.sum(1).max())
    if most >= length:
        raise Unfit(f"an image has {most} labels, the model tells at most {length - 1}")
    order = torch.argsort(sets.sum(0), descending=True, stable=True)
    told = torch.full((count, length), -1)
    for row, has in zip(told, sets[:, order] > 0):
        labels = order[has]
        row[: len(labels)] = labels
        row[len(labels)] = classes
    return told


def timed(shape, classes, length, is_exclusive, folder):
    """Images and what is right of each, as twin.Trainer takes it: of Fashion-MNIST where one label is,
    else of the set in `folder`. `length` is that of sequences, None: none are told."""
    is_set = length is not None or not is_exclusive
    if is_set != (folder is not None):
        raise Unfit("images with any number of labels are needed: name their folder with --data"
                    if is_set else "an image has one label: --data is for any number of them")
    images, answers = read_sets(folder) if is_set else read_part("train")
    if is_set and answers.shape[1] != classes:
        raise Unfit(f"{folder} has {answers.shape[1]} classes, the model {classes}")
    if list(images.shape[1:]) + [1] != shape:
        raise Unfit(f"the images are {list(images.shape[1:])}, the model's input is {shape}")
    return images, answers if length is None else sequences(answers, length)
