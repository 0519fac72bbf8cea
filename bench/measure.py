"""How the programs in this folder time a training step: weft's and that of its PyTorch twin."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = "/usr/bin/python3"  # the one that Debian's PyTorch belongs to
MODELS = {  # batch size
    "cnn-1conv": 32, "cnn-2conv-bn": 256, "cnn-3conv-leaky": 128, "lstm-186": 128,
    "lstm-2x128-relu": 32, "gru-128": 128, "cnn-32-lstm": 128, "bilstm-128": 128,
    "bilstm-strong": 128, "renet": 128, "sequencer2d": 128, "crnn-strong": 128,
    "outfits-sigmoid": 64, "outfits-cnn-rnn": 64, "outfits-cnn-rnn-attention": 64}
OUTFITS = tuple(model for model in MODELS if model.startswith("outfits-"))  # on such a set


class Failed(Exception):
    """A measurement gave no figure; the text says why."""


def answer(command, timeout=None):
    """The JSON document that a command prints; what it says on standard error is passed on."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"no figure after {timeout:g} s") from None
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Failed(f"{os.path.basename(command[0])}: {said[-1].strip()}")
    sys.stderr.write(done.stderr)
    return json.loads(done.stdout)


def compose(program, folder):
    """Makes a set of outfits of two to five labels, on which both sides are timed."""
    answer([program, "compose", "outfits", "--count", "2560", "--test-count", "20", "--dependence", "1",
            "--output", folder, "--quiet", "--json"])


def weft(program, model, options, timeout=None, flags=()):
    """`weft bench` of a model file; `options` are its options without the dashes, `flags` those without a value."""
    given = [text for key, value in options.items() for text in (f"--{key}", str(value))]
    return answer([program, "bench", model, *given, *flags, "--quiet", "--json"], timeout)


def pytorch(model, batch, threads, precisions, seconds, timeout=None, data=None):
    """{ms_per_step, precision, layout, ...} of the fastest setting, under `tried` all of them."""
    # PyTorch has no kernel for an LSTM with relu
    tanh = ["--lstm-activation", "tanh"] if "lstm-2x128-relu" in model else []
    images = ["--data", data] if data else []
    return answer([PYTHON, f"{ROOT}/bench/pytorch/train.py", model, "--batch-size", str(batch),
                   "--threads", str(threads), "--precision", precisions, "--time", str(seconds),
                   *tanh, *images], timeout)
