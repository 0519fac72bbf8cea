#!/usr/bin/python3
"""Writes sequences/cases.json and sequences/cases.bin, in the form of generate.py: what float64
PyTorch says about the models of sequences/models, which tell sets of labels. Debian packages as for
generate.py.

Arrays: `images` [12,14,14,1]; `sequences` [12,6], one to three labels, then END (5), then -1, or `labels` [12],
numbers of sets; `initial/PARAM`. Step s trains on images 0..5 when s is even, else on 6..11, with
adam. Expected: `losses` [10], the mean over the batch of -log p of the whole sequence or set;
`gradient/PARAM` of the first step, `final/PARAM` after the tenth; `outputs` [12,...] after it."""
import os

import torch
import torch.nn.functional as F

import networks
from generate import HERE, Source, Writer
from layers import LAYERS

END, START, STEPS = 5, 6, 6
ORDERS = [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2]]


def own(p, node):
    return {k.split("/")[1]: v for k, v in p.items() if k.split("/")[0] == node}


def convolution(p, node, x):
    config = {"filters": 0, "kernel_size": 3, "padding": "same", "activation": "relu"}
    return LAYERS["max_pool2d"]({"pool_size": 2}, LAYERS["conv2d"](config, x, own(p, node)), {})


def states(p, sequences):
    """What the LSTM makes of the labels before each step."""
    said = torch.where(sequences >= 0, sequences, torch.full_like(sequences, END))
    tokens = torch.cat([torch.full_like(said[:, :1], START), said[:, :-1]], 1)
    vectors = F.embedding(tokens, p["label_embedding/embeddings"])
    return LAYERS["lstm"]({"return_sequences": True}, vectors, own(p, "lstm"))


def cnn_rnn(p, images, sequences):
    """Logits [N,STEPS,END + 1]."""
    x = convolution(p, "conv2d_1", convolution(p, "conv2d", images)).flatten(1)
    image = x @ p["image/kernel"] + p["image/bias"]
    h = states(p, sequences)
    joint = torch.tanh(h @ p["state/kernel"] + p["state/bias"] + image[:, None])
    return joint @ p["label_embedding/embeddings"][:END + 1].t()


def attention(p, images, sequences):
    """Logits [N,STEPS,END + 1]."""
    config = {"filters": 0, "kernel_size": 3, "padding": "same", "activation": "relu"}
    x = LAYERS["conv2d"](config, convolution(p, "conv2d", images), own(p, "map")).flatten(1, 2)
    places = x @ p["places/kernel"][0, 0] + p["places/bias"]
    query = states(p, sequences) @ p["query/kernel"] + p["query/bias"]
    weights = torch.softmax(p["attention/scale"] * torch.einsum("ntd,nsd->nts", query, places), -1)
    return torch.tanh(weights @ x) @ p["label_embedding/embeddings"][:END + 1].t()


def sequence_loss(p, images, sequences, model=cnn_rnn):
    logits = model(p, images, sequences)
    return F.cross_entropy(logits.reshape(-1, END + 1), sequences.reshape(-1), ignore_index=-1,
                           reduction="sum") / len(images)


def label_sets(p, images):
    """Logits [N,32]."""
    u = convolution(p, "conv2d", images).flatten(1) @ p["dense/kernel"] + p["dense/bias"]
    has = torch.tensor([[s >> k & 1 for k in range(5)] for s in range(32)], dtype=images.dtype)
    i, j = torch.triu_indices(5, 5, 1)
    return u @ has.t() + (has[:, i] * has[:, j]) @ p["label_sets/interactions"]


def set_loss(p, images, labels):
    return F.cross_entropy(label_sets(p, images), labels)


def train(loss, outputs, start, images, answers, dtype, order):
    p = {k: v.to(dtype).clone().requires_grad_(True) for k, v in start.items()}
    update = networks.Optimizer("adam", networks.OPTIMIZERS["adam"], list(p.values()))
    images, losses, first = images.to(dtype), [], {}
    for step in range(networks.STEPS):
        batch = [step % 2 * 6 + i for i in order]
        for v in p.values():
            v.grad = None
        value = loss(p, images[batch], answers[batch])
        value.backward()
        if step == 0:
            first = {k: v.grad.clone() for k, v in p.items()}
        update.step()
        losses.append(value.item())
    found = {"losses": torch.tensor(losses, dtype=torch.float64),
             "outputs": torch.softmax(outputs(p, images), -1).detach()}
    found.update({f"gradient/{k}": v for k, v in first.items()})
    found.update({f"final/{k}": v.detach() for k, v in p.items()})
    return found


def draw(source, shapes):
    return {k: source.uniform(s, -0.1, 0.1) if len(s) == 1 else source.normal(
        s, 1 / max(1, torch.tensor(s[:-1]).prod().item()) ** 0.5) for k, s in shapes.items()}


def draw_sequences(source):
    """One to three labels, none twice."""
    rows = []
    for _ in range(12):
        n = source.labels([1], 3).item() + 1
        labels = torch.argsort(source.uniform([END], 0, 1))[:n].tolist()
        rows.append((labels + [END] + [-1] * STEPS)[:STEPS])
    return torch.tensor(rows)


def main():
    torch.set_num_threads(1)
    writer, source = Writer(), Source([14])
    images = source.uniform([12, 14, 14, 1], 0, 1)
    sequences, labels = draw_sequences(source), source.labels([12], 32)
    models = {
        "tiny-cnn-rnn": (
            sequence_loss, lambda p, x: cnn_rnn(p, x, sequences), {"sequences": sequences},
            {"conv2d/kernel": [3, 3, 1, 4], "conv2d/bias": [4], "conv2d_1/kernel": [3, 3, 4, 8],
             "conv2d_1/bias": [8], "image/kernel": [72, 8], "image/bias": [8],
             "label_embedding/embeddings": [7, 8], "lstm/kernel": [8, 48],
             "lstm/recurrent_kernel": [12, 48], "lstm/bias": [48], "state/kernel": [12, 8],
             "state/bias": [8]}),
        "tiny-label-sets": (
            set_loss, label_sets, {"labels": labels},
            {"conv2d/kernel": [3, 3, 1, 4], "conv2d/bias": [4], "dense/kernel": [196, 5],
             "dense/bias": [5], "label_sets/interactions": [10]}),
        "tiny-attention": (
            lambda *a: sequence_loss(*a, attention), lambda p, x: attention(p, x, sequences),
            {"sequences": sequences},
            {"conv2d/kernel": [3, 3, 1, 4], "conv2d/bias": [4], "map/kernel": [3, 3, 4, 8],
             "map/bias": [8], "places/kernel": [1, 1, 8, 6], "places/bias": [6],
             "label_embedding/embeddings": [7, 8], "lstm/kernel": [8, 48],
             "lstm/recurrent_kernel": [12, 48], "lstm/bias": [48], "query/kernel": [12, 6],
             "query/bias": [6], "attention/scale": [1]})}
    for name, (loss, outputs, answers, shapes) in models.items():
        start = draw(source, shapes)
        inputs = {"images": images, **answers, **{f"initial/{k}": v for k, v in start.items()}}
        answer, = answers.values()
        args = (loss, outputs, start, images, answer)
        writer.case(name, "sequences", name, {}, inputs, train(*args, torch.float64, ORDERS[0]),
                    [train(*args, torch.float32, o) for o in ORDERS])
    writer.save(os.path.join(HERE, "sequences"))


if __name__ == "__main__":
    main()
