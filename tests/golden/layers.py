"""Keras' layers in PyTorch: channels-last data and Keras' parameter layouts go in, PyTorch's own
operators do the work. Everything is differentiable: gradients come back in Keras' layouts."""
import torch
import torch.nn.functional as F

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "elu": F.elu,
    "gelu": F.gelu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": lambda x: torch.softmax(x, -1),
}


def pair(v):
    return list(v) if isinstance(v, (list, tuple)) else [v, v]


def same_padding(size, kernel, stride, dilation):
    """(before, after) of one axis: Keras puts the odd element behind."""
    total = (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size
    total = max(total, 0)
    return total // 2, total - total // 2


def pad_images(x, config, kernel, stride, dilation, value):
    """x is NCHW here."""
    if config.get("padding", "valid") == "valid":
        return x
    top = same_padding(x.shape[2], kernel[0], stride[0], dilation[0])
    left = same_padding(x.shape[3], kernel[1], stride[1], dilation[1])
    return F.pad(x, (*left, *top), value=value)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def conv2d(config, x, p):
    kernel = list(p["kernel"].shape[:2])
    stride, dilation = pair(config.get("strides", 1)), pair(config.get("dilation_rate", 1))
    x = pad_images(nchw(x), config, kernel, stride, dilation, 0.0)
    y = F.conv2d(x, p["kernel"].permute(3, 2, 0, 1), p.get("bias"), stride=stride,
                 dilation=dilation, groups=config.get("groups", 1))
    return ACTIVATIONS[config.get("activation", "linear")](nhwc(y))


def pool_geometry(config):
    kernel = pair(config.get("pool_size", 2))
    return kernel, pair(config.get("strides") or kernel)


def max_pool2d(config, x, p):
    kernel, stride = pool_geometry(config)
    x = pad_images(nchw(x), config, kernel, stride, [1, 1], float("-inf"))
    return nhwc(F.max_pool2d(x, kernel, stride))


def average_pool2d(config, x, p):
    kernel, stride = pool_geometry(config)
    x = nchw(x)
    count = pad_images(torch.ones_like(x), config, kernel, stride, [1, 1], 0.0)
    x = pad_images(x, config, kernel, stride, [1, 1], 0.0)
    return nhwc(F.avg_pool2d(x, kernel, stride) / F.avg_pool2d(count, kernel, stride))


def global_average_pool2d(config, x, p):
    return x.mean(dim=(1, 2))


def global_max_pool2d(config, x, p):
    return x.amax(dim=(1, 2))


def global_average_pool1d(config, x, p):
    return x.mean(dim=1)


def global_max_pool1d(config, x, p):
    return x.amax(dim=1)


def patches(config, x, p):
    """Squares by PyTorch's operator, whose order of a block's elements is channel, row, column."""
    size, c = config["patch_size"], x.shape[-1]
    y = nhwc(F.pixel_unshuffle(nchw(x), size))
    return y.unflatten(-1, (c, size * size)).transpose(-1, -2).flatten(-2)


def dense(config, x, p):
    y = F.linear(x, p["kernel"].t(), p.get("bias"))
    return ACTIVATIONS[config.get("activation", "linear")](y)


def batch_normalization(config, x, p):
    """Training. `p` receives the new moving statistics by Keras' formula (biased variance)."""
    c, epsilon = x.shape[-1], config.get("epsilon", 1e-3)
    rows = x.reshape(-1, c)
    if config.get("inference"):
        return F.batch_norm(rows, p["moving_mean"], p["moving_variance"], p.get("gamma"),
                            p.get("beta"), training=False, eps=epsilon).reshape(x.shape)
    m = config.get("momentum", 0.99)
    p["new_moving_mean"] = (m * p["moving_mean"] + (1 - m) * rows.mean(0)).detach()
    p["new_moving_variance"] = (m * p["moving_variance"]
                                + (1 - m) * rows.var(0, unbiased=False)).detach()
    return F.batch_norm(rows, None, None, p.get("gamma"), p.get("beta"), training=True,
                        eps=epsilon).reshape(x.shape)


def layer_normalization(config, x, p):
    return F.layer_norm(x, x.shape[-1:], p.get("gamma"), p.get("beta"), config.get("epsilon", 1e-3))


def flipped(config, x):
    return x.flip(1) if config.get("go_backwards") else x


def last(config, y):
    return y if config.get("return_sequences") else y[:, -1]


def gate(m, k, units):
    return m[..., k * units:(k + 1) * units]


def stepwise(config, x, p, step):
    """What PyTorch's own recurrent layers cannot do (other activations, recurrent dropout), step by
    step. The state's dropout mask enters every product with the recurrent kernel."""
    x = flipped(config, x)
    units = p["recurrent_kernel"].shape[0]
    h = c = x.new_zeros(x.shape[0], units)
    out = []
    for t in range(x.shape[1]):
        h, c = step(x[:, t], h, c, h * p["mask"] if "mask" in p else h)
        out.append(h)
    return last(config, torch.stack(out, 1))


def builtin(config, p):
    """Whether PyTorch's own layer can do it, but for the activation."""
    gates = config.get("recurrent_activation", "sigmoid")
    return "mask" not in p and "bias" in p and gates == "sigmoid"


def lstm(config, x, p):
    units = p["recurrent_kernel"].shape[0]
    if builtin(config, p) and config.get("activation", "tanh") == "tanh":
        # the gate order i,f,c,o is PyTorch's i,f,g,o
        w = [p["kernel"].t(), p["recurrent_kernel"].t(), p["bias"], torch.zeros_like(p["bias"])]
        zero = x.new_zeros(1, x.shape[0], units)
        y, _, _ = torch.lstm(flipped(config, x), (zero, zero), w, True, 1, 0.0, True, False, True)
        return last(config, y)
    act = ACTIVATIONS[config.get("activation", "tanh")]
    rec = ACTIVATIONS[config.get("recurrent_activation", "sigmoid")]

    def step(x, h, c, hm):
        a = x @ p["kernel"] + hm @ p["recurrent_kernel"]
        if "bias" in p:
            a = a + p["bias"]
        i, f, g, o = (gate(a, k, units) for k in range(4))
        c = rec(f) * c + rec(i) * act(g)
        return rec(o) * act(c), c

    return stepwise(config, x, p, step)


def gru(config, x, p):
    units = p["recurrent_kernel"].shape[0]
    if builtin(config, p) and config.get("activation", "tanh") == "tanh":
        # z,r,h to PyTorch's r,z,n
        def order(m):
            return torch.cat([gate(m, 1, units), gate(m, 0, units), gate(m, 2, units)], -1)

        w = [order(p["kernel"]).t(), order(p["recurrent_kernel"]).t(), order(p["bias"][0]),
             order(p["bias"][1])]
        zero = x.new_zeros(1, x.shape[0], units)
        y, _ = torch.gru(flipped(config, x), zero, w, True, 1, 0.0, True, False, True)
        return last(config, y)
    act = ACTIVATIONS[config.get("activation", "tanh")]
    rec = ACTIVATIONS[config.get("recurrent_activation", "sigmoid")]

    def step(x, h, c, hm):
        a, b = x @ p["kernel"], hm @ p["recurrent_kernel"]
        if "bias" in p:
            a, b = a + p["bias"][0], b + p["bias"][1]
        z = rec(gate(a, 0, units) + gate(b, 0, units))
        r = rec(gate(a, 1, units) + gate(b, 1, units))
        g = act(gate(a, 2, units) + r * gate(b, 2, units))
        return z * h + (1 - z) * g, c

    return stepwise(config, x, p, step)


def simple_rnn(config, x, p):
    activation = config.get("activation", "tanh")
    if builtin(config, p) and activation in ("tanh", "relu"):
        w = [p["kernel"].t(), p["recurrent_kernel"].t(), p["bias"], torch.zeros_like(p["bias"])]
        zero = x.new_zeros(1, x.shape[0], p["recurrent_kernel"].shape[0])
        run = torch.rnn_tanh if activation == "tanh" else torch.rnn_relu
        y, _ = run(flipped(config, x), zero, w, True, 1, 0.0, True, False, True)
        return last(config, y)
    act = ACTIVATIONS[activation]

    def step(x, h, c, hm):
        a = x @ p["kernel"] + hm @ p["recurrent_kernel"]
        return act(a + p["bias"] if "bias" in p else a), c

    return stepwise(config, x, p, step)


def bidirectional(config, x, p):
    (name, inner), = config["layer"].items()
    halves = []
    for side in ("forward", "backward"):
        own = {k[len(side) + 1:]: v for k, v in p.items() if k.startswith(side + "_")}
        y = LAYERS[name](dict(inner, go_backwards=side == "backward"), x, own)
        if side == "backward" and inner.get("return_sequences"):
            y = y.flip(1)
        halves.append(y)
    return torch.cat(halves, -1) if config.get("merge_mode", "concat") == "concat" else sum(halves)


def sweep(config, x, p):
    """The lines of all images as one batch of sequences."""
    (name, inner), = config["layer"].items()
    if config["axis"] == "vertical":
        x = x.transpose(1, 2)
    n, lines = x.shape[:2]
    y = LAYERS[name](inner, x.reshape(n * lines, *x.shape[2:]), p)
    y = y.reshape(n, lines, *y.shape[1:])
    return y.transpose(1, 2) if y.dim() == 4 and config["axis"] == "vertical" else y


def add(config, x, p):
    return sum(x[1:], x[0])


def concatenate(config, x, p):
    return torch.cat(x, -1)


def rows(config, x, p):
    return x.reshape(x.shape[0], x.shape[1], -1)


def columns(config, x, p):
    return x.permute(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)


def flatten(config, x, p):
    return x.reshape(x.shape[0], -1)


def reshape(config, x, p):
    return x.reshape(x.shape[0], *config["target_shape"])


def dropout(config, x, p):
    return x * p["mask"]


def stochastic_depth(config, x, p):
    return x * p["mask"].reshape(-1, *[1] * (x.dim() - 1))


def activation_layer(function):
    return lambda config, x, p: function(config, x)


LAYERS = {f.__name__: f for f in (
    conv2d, max_pool2d, average_pool2d, global_average_pool2d, dense, batch_normalization,
    layer_normalization, lstm, gru, simple_rnn, bidirectional, sweep, add, concatenate, rows, columns,
    flatten, reshape, dropout, global_max_pool2d, global_average_pool1d, global_max_pool1d, patches,
    stochastic_depth)}
LAYERS.update({
    "relu": activation_layer(lambda c, x: torch.relu(x)),
    "leaky_relu": activation_layer(lambda c, x: F.leaky_relu(x, c.get("negative_slope", 0.3))),
    "elu": activation_layer(lambda c, x: F.elu(x, c.get("alpha", 1.0))),
    "gelu": activation_layer(
        lambda c, x: F.gelu(x, approximate="tanh" if c.get("approximate") else "none")),
    "sigmoid": activation_layer(lambda c, x: torch.sigmoid(x)),
    "tanh": activation_layer(lambda c, x: torch.tanh(x)),
    "softmax": activation_layer(lambda c, x: torch.softmax(x, -1)),
})


def parameter_shapes(name, config, shape):
    """Names and shapes of a layer's parameters for an input [N, ...], in Keras' order."""
    c = shape[-1]
    if name == "conv2d":
        kh, kw = pair(config["kernel_size"])
        found = {"kernel": [kh, kw, c // config.get("groups", 1), config["filters"]],
                 "bias": [config["filters"]]}
    elif name == "dense":
        found = {"kernel": [c, config["units"]], "bias": [config["units"]]}
    elif name in ("batch_normalization", "layer_normalization"):
        found = {"gamma": [c], "beta": [c]}
        if name == "batch_normalization":
            found.update(moving_mean=[c], moving_variance=[c])
    elif name in ("lstm", "gru", "simple_rnn"):
        u = config["units"]
        g = {"lstm": 4, "gru": 3, "simple_rnn": 1}[name]
        found = {"kernel": [c, g * u], "recurrent_kernel": [u, g * u],
                 "bias": [2, g * u] if name == "gru" else [g * u]}
    elif name == "bidirectional":
        (inner, inner_config), = config["layer"].items()
        one = parameter_shapes(inner, inner_config, shape)
        return {f"{side}_{k}": v for side in ("forward", "backward") for k, v in one.items()}
    elif name == "sweep":
        (inner, inner_config), = config["layer"].items()
        return parameter_shapes(inner, inner_config, shape)
    else:
        return {}
    if not config.get("use_bias", True):
        del found["bias"]
    if not config.get("scale", True):
        del found["gamma"]
    if not config.get("center", True):
        del found["beta"]
    return found
