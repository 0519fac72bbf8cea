"""A weft model file as a PyTorch module, with the semantics and initialisers of Keras 3.

What is not known here is an error, never passed over: a twin that differs in silence is worthless.
Images are [N, C, H, W] inside, with the bytes in this order or as NHWC. A decoder of labels takes
sequences as well: [N, T], labels, then END (their number), then -1, and T at most the file's length.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
import yaml

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class UnknownPart(Exception):
    pass


# ---- layers that PyTorch lacks or has with other semantics ----


class Pad(nn.Module):
    """Zeros or -inf around an image; with an odd sum the larger half is below and to the right."""

    def __init__(self, height, width, value):
        super().__init__()
        self.pads = (width // 2, width - width // 2, height // 2, height - height // 2)
        self.value = value

    def forward(self, x):
        return F.pad(x, self.pads, value=self.value)


class Flatten(nn.Module):
    """Keeps the bytes where they are: [H, W, C] in a model whose images lie so (NHWC)."""

    is_nhwc = False

    def forward(self, x):
        return (x.permute(0, 2, 3, 1) if self.is_nhwc and x.dim() == 4 else x).flatten(1)


class Sequence(nn.Module):
    """An image as the sequence of its rows or columns."""

    def __init__(self, axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        return x.permute(self.axes).flatten(2)


class LayerNorm(nn.LayerNorm):
    """In float32, which autocast sees to on GPUs only."""

    def forward(self, x):
        return super().forward(x.float())


class PerPixel(nn.Module):
    """A module over the channels of an image. Its result lies in memory as NHWC, where the next such
    module finds it as it wants it."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Patches(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        (p, q), (n, c, h, w) = self.size, x.shape
        x = x.permute(0, 2, 3, 1).reshape(n, h // p, p, w // q, q * c)
        return x.transpose(2, 3).reshape(n, h // p, w // q, p * q * c).permute(0, 3, 1, 2)


class Sweep(nn.Module):
    """[N, C, H, W] -> [N, U, H, W]: all rows, or all columns, as one batch with the time first."""

    def __init__(self, rnn, is_vertical):
        super().__init__()
        self.rnn = rnn
        self.order, self.back = (((2, 0, 3, 1), (1, 3, 0, 2)) if is_vertical
                                 else ((3, 0, 2, 1), (1, 3, 2, 0)))

    def forward(self, x):
        x = x.permute(self.order)
        steps, n, lines, channels = x.shape
        out = self.rnn(x.reshape(steps, n * lines, channels))[0]
        return out.view(steps, n, lines, -1).permute(self.back)


class StochasticDepth(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if not self.training or self.rate == 0:
            return x
        keep = torch.empty([len(x)] + [1] * (x.dim() - 1)).bernoulli_(1 - self.rate)
        return x * (keep / (1 - self.rate))


class LabelInput(nn.Module):
    """What was told before each step: START, then the sequence one step late, behind its end END."""

    def __init__(self, classes):
        super().__init__()
        self.end, self.start = classes, classes + 1

    def forward(self, sequences):
        told = sequences[:, :-1].masked_fill(sequences[:, :-1] < 0, self.end)
        return F.pad(told, (1, 0), value=self.start)


class RepeatVector(nn.Module):
    """A vector at each of n steps; beside sequences that are cut shorter at each of theirs."""

    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x, sequences=None):
        n = self.n if sequences is None else min(self.n, sequences.shape[1])
        return x[:, None].expand(-1, n, -1)


class TiedDense(nn.Module):
    """Products with the first vectors of an embedding."""

    def __init__(self, embedding, units, use_bias):
        super().__init__()
        self.embedding, self.units = embedding, units
        self.bias = nn.Parameter(torch.zeros(units)) if use_bias else None

    def forward(self, x):
        return F.linear(x, self.embedding.weight[:self.units], self.bias)


class Attention(nn.Module):
    """Each step of the query looks at the places of a sequence or a map; the factor 1 / sqrt(D) is not
    in it."""

    def __init__(self, use_scale):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1)) if use_scale else None

    def forward(self, query, value, key=None):
        value, key = (x.flatten(2).transpose(1, 2) if x.dim() == 4 else x
                      for x in (value, value if key is None else key))
        scores = query @ key.transpose(1, 2)
        if self.scale is not None:
            scores = scores * self.scale
        return scores.softmax(2) @ value


class Apply(nn.Module):
    """A function of one or several inputs."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *x):
        return self.function(*x)


def keras_batch_norm(base):
    class KerasBatchNorm(base):
        """The moving variance is that of the batch itself; PyTorch's is the unbiased estimate."""

        def forward(self, x):
            if not self.training:
                return super().forward(x)
            kept = self.running_var * (1 - self.momentum)
            y = super().forward(x)
            n = x.numel() // x.shape[1]
            # .data: the backward pass counts changes of the tensor, though it never reads this one
            self.running_var.data.copy_(kept + (self.running_var - kept) * ((n - 1) / n))
            return y

    return KerasBatchNorm


BatchNorm1d, BatchNorm2d = keras_batch_norm(nn.BatchNorm1d), keras_batch_norm(nn.BatchNorm2d)


class Recurrent(nn.Module):
    """[N, T, F] -> the outputs [N, T, U], or the last one [N, U]; PyTorch's own cells are fastest
    with the time as the first axis."""

    def __init__(self, rnn, return_sequences):
        super().__init__()
        self.rnn = rnn
        self.return_sequences = return_sequences

    def forward(self, x):
        out = self.rnn(x.transpose(0, 1).contiguous())[0]
        if self.return_sequences:
            return out.transpose(0, 1)
        if not self.rnn.bidirectional:
            return out[-1]
        units = out.shape[-1] // 2
        return torch.cat([out[-1, :, :units], out[0, :, units:]], 1)


class ReluLSTM(nn.Module):
    """relu in place of tanh, for which PyTorch has no kernel: a loop over the steps (torch.jit makes
    it no faster)."""

    bidirectional = False

    def __init__(self, inputs, units):
        super().__init__()
        self.weight_ih_l0 = nn.Parameter(torch.empty(4 * units, inputs))
        self.weight_hh_l0 = nn.Parameter(torch.empty(4 * units, units))
        self.bias_ih_l0 = nn.Parameter(torch.empty(4 * units))

    def forward(self, x):
        h = c = torch.zeros(x.shape[1], self.weight_hh_l0.shape[1])
        weight, out = self.weight_hh_l0.t(), []
        for x_gates in F.linear(x, self.weight_ih_l0, self.bias_ih_l0):
            i, f, g, o = torch.addmm(x_gates, h, weight).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.relu(g)
            h = torch.sigmoid(o) * torch.relu(c)
            out.append(h)
        return torch.stack(out), None


def init_recurrent(rnn, units):
    """glorot_uniform, orthogonal, zeros; an LSTM's forget bias is 1 and its second bias, which
    Keras does not have, stays 0. A GRU has both biases, as Keras' with reset_after."""
    is_gru = isinstance(rnn, nn.GRU)
    for name, p in rnn.named_parameters():
        if name.startswith("weight_ih"):
            nn.init.xavier_uniform_(p)
        elif name.startswith("weight_hh"):
            nn.init.orthogonal_(p)
        else:
            nn.init.zeros_(p)
            if name.startswith("bias_ih") and not is_gru:
                nn.init.ones_(p[units : 2 * units])  # gates are i, f, g, o
            p.requires_grad_(is_gru or name.startswith("bias_ih"))
    return rnn


# ---- one function per layer of the file: (keys, shape of the input without N) -> modules ----


class Keys(dict):
    """The keys of one layer; what is left after the layer was built is unknown."""

    def __init__(self, owner, keys):
        super().__init__(keys or {})
        self.owner = owner

    def done(self):
        if self:
            raise UnknownPart(f"{self.owner}: {', '.join(self)} is not known to the twin")


def pair(value):
    return tuple(value) if isinstance(value, list) else (value, value)


def activation(keys):
    name = keys.pop("activation", "linear")
    if name not in ACTIVATIONS and name != "linear":
        raise UnknownPart(f"{keys.owner}: activation {name} is not known to the twin")
    return [ACTIVATIONS[name]()] if name != "linear" else []


def same_padding(keys, shape, kernel, strides, value):
    padding = keys.pop("padding", "valid")
    if padding == "valid":
        return []
    need = [max((math.ceil(s / step) - 1) * step + k - s, 0)
            for s, k, step in zip(shape[1:], kernel, strides)]
    return [Pad(*need, value)] if any(need) else []


def conv2d(keys, shape):
    kernel, strides = pair(keys.pop("kernel_size")), pair(keys.pop("strides", 1))
    pad = same_padding(keys, shape, kernel, strides, 0.0)
    conv = nn.Conv2d(shape[0], keys.pop("filters"), kernel, strides,
                     bias=keys.pop("use_bias", True))
    if pad and pad[0].pads[::2] == pad[0].pads[1::2]:  # faster inside the convolution
        conv.padding = (pad[0].pads[2], pad[0].pads[0])
        pad = []
    nn.init.xavier_uniform_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return pad + [conv] + activation(keys)


def max_pool2d(keys, shape):
    size = pair(keys.pop("pool_size", 2))
    strides = pair(keys.pop("strides", list(size)))
    return same_padding(keys, shape, size, strides, -math.inf) + [nn.MaxPool2d(size, strides)]


def average_pool2d(keys, shape):
    size = pair(keys.pop("pool_size", 2))
    return [nn.AvgPool2d(size, pair(keys.pop("strides", list(size))))]


def dense(keys, shape):
    linear = nn.Linear(features(shape), keys.pop("units"))
    nn.init.xavier_uniform_(linear.weight)
    nn.init.zeros_(linear.bias)
    return [PerPixel(linear) if len(shape) == 3 else linear] + activation(keys)


def features(shape):
    """The last axis of weft's layouts: [C, H, W], [T, F], [F] here."""
    return shape[0] if len(shape) == 3 else shape[-1]


def layer_normalization(keys, shape):
    norm = LayerNorm(features(shape), eps=keys.pop("epsilon", 1e-3))
    return [PerPixel(norm) if len(shape) == 3 else norm]


def batch_normalization(keys, shape):
    kind = BatchNorm2d if len(shape) == 3 else BatchNorm1d
    return [kind(shape[0], eps=keys.pop("epsilon", 1e-3), momentum=1 - keys.pop("momentum", 0.99))]


def lstm(keys, shape, bidirectional=False):
    units, name = keys.pop("units"), keys.pop("activation", "tanh")
    if name == "relu" and not bidirectional:
        rnn = ReluLSTM(shape[1], units)
    elif name == "tanh":
        rnn = nn.LSTM(shape[1], units, bidirectional=bidirectional)
    else:
        raise UnknownPart(f"{keys.owner}: activation {name} is not known to the twin")
    return [Recurrent(init_recurrent(rnn, units), keys.pop("return_sequences", False))]


def gru(keys, shape, bidirectional=False):
    units = keys.pop("units")
    rnn = init_recurrent(nn.GRU(shape[1], units, bidirectional=bidirectional), units)
    return [Recurrent(rnn, keys.pop("return_sequences", False))]


def label_input(keys, shape):
    for key, default in (("feedback", "labels"), ("order", "frequent_first")):
        if keys.pop(key, default) != default:
            raise UnknownPart(f"{keys.owner}: {key} other than {default} is not known to the twin")
    keys.pop("length")  # that of the sequences
    return [LabelInput(keys.pop("classes"))]


def embedding(keys, shape):
    table = nn.Embedding(keys.pop("input_dim"), keys.pop("output_dim"))
    nn.init.uniform_(table.weight, -0.05, 0.05)
    return [table]


def tied_dense(keys, shape):
    owner = keys.pop("to")
    if not isinstance(owner, nn.Embedding):
        raise UnknownPart(f"{keys.owner}: what is no embedding's is not known to the twin")
    tied = TiedDense(owner, keys.pop("units"), keys.pop("use_bias", False))
    return [tied] + activation(keys)


def time_distributed(keys, shape):
    """A dense layer works along the last axis as it is."""
    name, inner = entry(keys.pop("layer"))
    if name != "dense":
        raise UnknownPart(f"{keys.owner}: layer {name} is not known to the twin")
    layer = dense(inner, shape)
    inner.done()
    return layer


def bidirectional(keys, shape):
    name, inner = entry(keys.pop("layer"))
    if name not in ("lstm", "gru"):
        raise UnknownPart(f"{keys.owner}: layer {name} is not known to the twin")
    modules = {"lstm": lstm, "gru": gru}[name](inner, shape, bidirectional=True)
    inner.done()
    return modules


def sweep(keys, shape):
    name, inner = entry(keys.pop("layer"))
    axis = keys.pop("axis")
    line = (shape[1] if axis == "vertical" else shape[2], shape[0])
    recurrent, = LAYERS[name](inner, line)
    inner.done()
    if not recurrent.return_sequences:
        raise UnknownPart(f"{keys.owner}: without return_sequences it is not known to the twin")
    return [Sweep(recurrent.rnn, axis == "vertical")]


LAYERS = {
    "conv2d": conv2d, "max_pool2d": max_pool2d, "average_pool2d": average_pool2d, "dense": dense,
    "batch_normalization": batch_normalization, "lstm": lstm, "gru": gru,
    "bidirectional": bidirectional, "sweep": sweep, "layer_normalization": layer_normalization,
    "label_input": label_input, "embedding": embedding, "tied_dense": tied_dense,
    "time_distributed": time_distributed,
    "repeat_vector": lambda keys, shape: [RepeatVector(keys.pop("n"))],
    "attention": lambda keys, shape: [Attention(keys.pop("use_scale", False))],
    "patches": lambda keys, shape: [Patches(pair(keys.pop("patch_size")))],
    "stochastic_depth": lambda keys, shape: [StochasticDepth(keys.pop("rate"))],
    "add": lambda keys, shape: [Apply(lambda *x: sum(x[1:], x[0]))],
    "concatenate": lambda keys, shape: [Apply(lambda *x: torch.cat(x, 1 if x[0].dim() == 4 else -1))],
    "global_average_pool2d": lambda keys, shape: [Apply(lambda x: x.mean((2, 3)))],
    "global_max_pool2d": lambda keys, shape: [Apply(lambda x: x.amax((2, 3)))],
    "global_average_pool1d": lambda keys, shape: [Apply(lambda x: x.mean(1))],
    "global_max_pool1d": lambda keys, shape: [Apply(lambda x: x.amax(1))],
    "dropout": lambda keys, shape: [nn.Dropout(keys.pop("rate"))],
    "leaky_relu": lambda keys, shape: [nn.LeakyReLU(keys.pop("negative_slope", 0.3))],
    "relu": lambda keys, shape: [nn.ReLU()],
    "tanh": lambda keys, shape: [nn.Tanh()],
    "sigmoid": lambda keys, shape: [nn.Sigmoid()],
    "flatten": lambda keys, shape: [Flatten()],
    "rows": lambda keys, shape: [Sequence((0, 2, 3, 1))],
    "columns": lambda keys, shape: [Sequence((0, 3, 2, 1))],
}


def entry(item):
    """'flatten', {flatten: null} or {dense: {units: 10}} -> the name and its keys."""
    name, keys = next(iter(item.items())) if isinstance(item, dict) else (item, None)
    return name, Keys(name, keys)


def read(path):
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


class Layer(nn.Sequential):
    """The modules of one layer of the file, the first of which may take several inputs."""

    def forward(self, *x):
        y = self[0](*x)
        for module in self[1:]:
            y = module(y)
        return y


IMAGE, SEQUENCES = 0, 1  # the numbers of what a network is given


class Network(nn.Module):
    """Layers in the file's order, each with the numbers of its inputs; the first layer is number 2.
    `activation` is the last layer's, which is left to the loss."""

    def __init__(self):
        super().__init__()
        self.layers, self.inputs, self.activation = nn.ModuleList(), [], None

    def forward(self, images, sequences=None):
        values = [images, sequences]
        for layer, inputs in zip(self.layers, self.inputs):
            values.append(layer(*(values[i] for i in inputs)))
        return values[-1]


def told_length(spec):
    """Steps of the labels that a decoder tells; None: the model tells none."""
    lengths = [keys["length"] for name, keys in map(entry, spec["layers"]) if name == "label_input"]
    return lengths[0] if lengths else None


def inputs_of(name, keys, names, last):
    """The numbers of what a layer takes."""
    given = keys.pop("inputs", None)
    given = [given] if isinstance(given, str) else given
    if name == "label_input":
        return [SEQUENCES]
    inputs = [names[i] for i in given] if given else [last]
    return inputs + [SEQUENCES] if name == "repeat_vector" else inputs


def build(spec, lstm_activation=None):
    """The module for [N, H, W] or [N, H, W, C] images; its outputs are logits. `lstm_activation`
    overrides that of the file."""
    (height, width, channels), length = spec["input"], told_length(spec)
    network, names, last = Network(), {"input": IMAGE}, IMAGE
    values = [torch.zeros(2, channels, height, width),
              torch.zeros(2, length, dtype=torch.long) if length else None]
    for item in spec["layers"]:
        name, keys = entry(item)
        if name not in LAYERS:
            raise UnknownPart(f"layer {name} is not known to the twin")
        inputs = inputs_of(name, keys, names, last)
        last = len(values)
        names[keys.pop("name", None)] = last
        if name == "lstm" and lstm_activation:
            keys["activation"] = lstm_activation
        if name == "tied_dense":
            keys["to"] = network.layers[names[keys["to"]] - 2][0]
        if item is spec["layers"][-1]:
            network.activation = keys.pop("activation", None)
        layer = Layer(*LAYERS[name](keys, tuple(values[inputs[0]].shape[1:])))
        keys.done()
        with torch.no_grad():
            values.append(layer.eval()(*(values[i] for i in inputs)))
        network.layers.append(layer)
        network.inputs.append(inputs)
    return network.train()


def n_parameters(model):
    """As Keras counts: the moving statistics of batch normalization included."""
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return trained + sum(b.numel() for n, b in model.named_buffers() if "running" in n)


# ---- the recipe ----


def named(value, default):
    return entry(value if value is not None else default)


UNTIMED = ("schedule", "augmentation", "ema", "test_time_augmentation", "test_weights", "thresholds")
LOSSES = {"sparse_categorical_crossentropy": "softmax", "categorical_crossentropy": "softmax",
          "binary_crossentropy": "sigmoid"}  # and the activation of which they take the logits


class Recipe:
    """The section `training` of a model file, with weft's defaults. Of one that is only timed, what is
    no part of a step of the network is left out."""

    def __init__(self, section, is_timed=False):
        keys = Keys("training", section)
        for part in UNTIMED if is_timed else ():
            keys.pop(part, None)
        self.epochs = keys.pop("epochs", 10)
        self.batch_size = keys.pop("batch_size", 32)
        self.validation = keys.pop("validation", 0)
        loss, loss_keys = named(keys.pop("loss", None), "sparse_categorical_crossentropy")
        if loss not in LOSSES:
            raise UnknownPart(f"loss {loss} is not known to the twin")
        self.activation = LOSSES[loss]
        # spread over the classes, which is something else for each of many questions
        self.label_smoothing = loss_keys.pop("label_smoothing", 0.0) if self.is_exclusive else 0.0
        optimizer, adam = named(keys.pop("optimizer", None), "adam")
        if optimizer not in ("adam", "adamw"):
            raise UnknownPart(f"optimizer {optimizer} is not known to the twin")
        self.learning_rate = adam.pop("learning_rate", 1e-3)
        self.betas = adam.pop("beta_1", 0.9), adam.pop("beta_2", 0.999)
        self.epsilon = adam.pop("epsilon", 1e-7)
        self.weight_decay = adam.pop("weight_decay", 0.004) if optimizer == "adamw" else 0
        self.global_clipnorm = adam.pop("global_clipnorm", 0)
        schedule, hold = named(keys.pop("schedule", None), "constant")
        if schedule not in ("constant", "hold_exponential"):
            raise UnknownPart(f"schedule {schedule} is not known to the twin")
        self.hold_epochs = hold.pop("hold_epochs", 8) if schedule != "constant" else self.epochs
        self.decay = hold.pop("decay", 0.1)
        stopping = keys.pop("early_stopping", None)
        stopping = Keys("early_stopping", {} if stopping is True else stopping) if stopping else None
        self.patience = stopping.pop("patience", 0) if stopping is not None else None
        self.min_delta = stopping.pop("min_delta", 0.0) if stopping is not None else 0.0
        if stopping is not None and stopping.pop("monitor", "val_loss") != "val_loss":
            raise UnknownPart("early stopping on anything but val_loss is not known to the twin")
        for part in (keys, loss_keys, adam, hold, stopping):
            if part is not None:
                part.done()

    @property
    def is_exclusive(self):
        """One class is right, not any number of them."""
        return self.activation == "softmax"

    def rate(self, epoch):
        """Of the epoch, counted from 0."""
        return self.learning_rate * math.exp(-self.decay * max(0, epoch - self.hold_epochs + 1))


class Trainer:
    """One training step of a model: forward, loss, backward, Adam as Keras writes it; without weight
    decay PyTorch's AdamW is Adam. What is right of an image is, by model and loss, a label [N], labels
    as 0 or 1 [N, classes], or a sequence [N, T]."""

    def __init__(self, model, recipe, precision="float32", layout="nchw"):
        if model.activation != recipe.activation:
            raise UnknownPart(f"the last layer's activation {model.activation} under a loss of "
                              f"{recipe.activation} is not known to the twin")
        self.is_told = any(isinstance(m, LabelInput) for m in model.modules())
        self.is_image = any(isinstance(m, nn.Conv2d) for m in model.modules())
        self.layout = torch.channels_last if layout == "nhwc" else torch.contiguous_format
        self.model = model.to(memory_format=self.layout) if self.is_image else model
        for module in model.modules():
            if isinstance(module, Flatten):
                module.is_nhwc = layout == "nhwc"
        self.recipe, self.precision, self.steps = recipe, precision, 0
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, betas=recipe.betas,
                                           weight_decay=recipe.weight_decay)
        self.group = self.optimizer.param_groups[0]
        self.group["lr"] = recipe.learning_rate

    def logits(self, images, sequences=None):
        x = images[:, None]
        if self.is_image:
            x = x.contiguous(memory_format=self.layout)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
            return self.model(x, sequences).float()

    def loss(self, logits, answers):
        """The mean over images; of a sequence the sum over its steps up to END."""
        if not self.recipe.is_exclusive:
            return F.binary_cross_entropy_with_logits(logits, answers)
        if not self.is_told:
            return F.cross_entropy(logits, answers, label_smoothing=self.recipe.label_smoothing)
        return F.cross_entropy(logits.flatten(0, 1), answers.flatten(), ignore_index=-1, reduction="sum",
                               label_smoothing=self.recipe.label_smoothing) / len(answers)

    def step(self, images, answers):
        """Returns loss and logits. Sequences are cut at the batch's longest one."""
        self.steps += 1
        # Keras' epsilon is not bias-corrected as PyTorch's is.
        self.group["eps"] = self.recipe.epsilon / math.sqrt(1 - self.recipe.betas[1] ** self.steps)
        self.optimizer.zero_grad(set_to_none=True)
        if self.is_told:
            answers = answers[:, :(answers >= 0).sum(1).max()]
        logits = self.logits(images, answers if self.is_told else None)
        loss = self.loss(logits, answers)
        loss.backward()
        if self.recipe.global_clipnorm:
            nn.utils.clip_grad_norm_(self.parameters, self.recipe.global_clipnorm)
        self.optimizer.step()
        return loss.detach(), logits.detach()
