"""What is varied, over which values, on which models; and the model files that it takes."""
import dataclasses
import os
import re
import typing

from measure import MODELS, OUTFITS, ROOT

CNN, LSTM, GRU = "cnn-3conv-leaky", "lstm-186", "gru-128"
REAL_INPUT = "[28, 28, 1]"  # Fashion-MNIST's; models with another one get random images


def set_input(text, height, width):
    return replace_once(r"(?m)^input: .*$", f"input: [{height}, {width}, 1]", text)


def set_units(text, units):
    return replace_once(r"(- (?:lstm|gru): \{units: )\d+", rf"\g<1>{units}", text)


def replace_once(pattern, by, text):
    changed, count = re.subn(pattern, by, text)
    if count != 1:
        raise ValueError(f"{pattern} is {count} times in the model file, must be there once")
    return changed


@dataclasses.dataclass(frozen=True)
class Sweep:
    column: str  # of the CSV file, which holds what is varied
    title: str
    axis: str
    values: tuple
    quick: tuple  # values of a short run
    models: tuple
    expected: typing.Optional[float]  # exponent of the time in the limit
    why: str
    batch: int = 128  # where the batch is not what is varied
    edit: typing.Callable = lambda text, value: text  # of the model file, for a value
    has_pytorch: bool = False


def powers_of_two(last):
    return tuple(2**i for i in range(last.bit_length()) if 2**i < last) + (last,)


def make_sweeps(threads, levels):
    """By name; what the machine has decides over threads and levels. Random images have one label each,
    which is no measure for what a model of outfits costs."""
    of_one_label = tuple(model for model in MODELS if model not in OUTFITS)
    return {
        "batch": Sweep(
            "batch_size", "Batch size", "images per step", powers_of_two(4096), (1, 32, 512),
            (CNN, LSTM), 1,
            "every image is the same work; below 1 as long as what a step costs once (waking "
            "threads, weight gradients' sums, the optimizer) counts", has_pytorch=True),
        "side": Sweep(
            "side", "Image side", "pixels per side", (28, 40, 56, 80, 112, 160, 224), (28, 56, 80),
            (CNN,), 2, "convolutions, pooling and the dense layer behind them grow with the number "
            "of pixels", batch=32, edit=lambda text, side: set_input(text, side, side)),
        "length": Sweep(
            "length", "Sequence length", "time steps of 28 features",
            (7, 14, 28, 56, 112, 224, 448, 784), (7, 28, 112), (LSTM, GRU), 1,
            "every time step is the same work", edit=lambda text, n: set_input(text, n, 28)),
        "units": Sweep(
            "units", "Hidden units", "units", (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024),
            (32, 128, 256), (LSTM, GRU), 2,
            "the recurrent matrix has units times units weights; the inputs' 28 times units and the "
            "gates, which grow with exponent 1, count for less and less", edit=set_units),
        "threads": Sweep(
            "threads", "Threads", "threads", powers_of_two(threads), powers_of_two(threads),
            (CNN, LSTM), -1, "twice the threads, half the time, as long as every thread has a core "
            "of its own and memory keeps up", has_pytorch=True),
        "isa": Sweep("isa", "Instruction sets", "level", levels, levels, of_one_label, None, ""),
    }


@dataclasses.dataclass(frozen=True)
class Point:
    sweep: Sweep
    model: str
    value: object
    threads: int

    @property
    def batch_size(self):
        if self.sweep.column == "batch_size":
            return self.value
        return MODELS[self.model] if self.sweep.column == "isa" else self.sweep.batch

    def write_model(self, folder):
        """The path of the model's file, and whether the real images fit its input."""
        with open(os.path.join(ROOT, "models", f"{self.model}.yaml"), encoding="utf-8") as file:
            text = self.sweep.edit(file.read(), self.value)
        path = os.path.join(folder, f"{self.model}.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path, f"input: {REAL_INPUT}\n" in text
