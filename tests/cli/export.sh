#!/bin/bash
# Exporting a run: the file, what is said about it, and what is refused. What is in the file is checked
# in tests/export.
. "$(dirname -- "$0")/lib.sh"

make_images images 8 60 12
cat >tiny.yaml <<'END'
name: tiny
input: [8, 8, 1]
layers:
  - conv2d: {filters: 2, kernel_size: 3, activation: relu}
  - flatten
  - dense: {units: 3, activation: softmax}
training: {epochs: 1, batch_size: 16, validation: 0.2, normalization: standardize}
END
weft train tiny.yaml --dataset ./images -q
exits 0

weft export tiny -o model.onnx
exits 0
err_is ''
out_like 'model.onnx: * kB, 239 parameters, 9 operators of ONNX opset 13
input   image          float32 \[batch, 8, 8, 1\], pixels 0 to 255
output  probabilities  float32 \[batch, 3\]'
weft export tiny-1 --json
exits 0
json_is 'd["file"], d["run"]' "('tiny-1.onnx', 'tiny-1')"
json_is 'd["bytes"]' "$(stat -c %s tiny-1.onnx)"
json_is 'd["input"], d["label_inputs"], d["output"]' \
    "({'name': 'image', 'shape': [8, 8, 1]}, [], {'name': 'probabilities', 'shape': [3]})"
json_is 'd["opset"], d["ir_version"], d["operators"], d["params"]' '(13, 7, 9, 239)'
check 'the same run makes the same bytes' cmp model.onnx tiny-1.onnx

echo old >old.onnx
weft export "$WEFT_RUNS/tiny-1" --output=old.onnx
exits 0
check 'an old file is replaced' cmp model.onnx old.onnx
same "$(find . -maxdepth 1 -name '*.tmp')" ''

weft export tiny --format tensorboard
exits 0
out_is 'tensorboard/tiny-1: event files of 1 epoch
look at them with: tensorboard --logdir tensorboard'
weft export tiny --format tensorboard --output=logs --json
exits 0
json_is 'd["run"], d["folder"], d["epochs"]' "('tiny-1', 'logs/tiny-1', 1)"
check 'three files' test "$(find logs -name 'events.out.tfevents.*' | wc -l)" -eq 3

# ---- what is refused ----
weft export tiny --format tensorboard --output=logs
exits 2
err_is 'weft: logs/tiny-1 is there already
      remove it, or give another folder with --output'
weft export tiny --format torch
exits 2
err_like 'weft: --format is "torch", must be one of onnx|tensorboard*'
weft export
exits 2
err_like 'weft: weft export needs RUN*'
weft export nothing
exits 2
err_like 'weft: *nothing*'
weft export tiny -o nowhere/model.onnx
exits 2
err_like 'weft: nowhere/model.onnx: cannot create: No such file*'
weft export tiny -o images --json
exits 1
json_is 'd["error"]["code"]' io
check 'the folder is still there' test -d images
printf 'damaged' >"$WEFT_RUNS/tiny-1/weights/last.safetensors"
cp "$WEFT_RUNS/tiny-1/weights/last.safetensors" "$WEFT_RUNS/tiny-1/weights/best.safetensors"
weft export tiny -o damaged.onnx
exits 4
check 'nothing is written' test ! -e damaged.onnx

finish
