#!/bin/bash
# Training that begins with the weights of another run.
. "$(dirname -- "$0")/lib.sh"

make_images images 12 240 60
model() {
    cat <<END
name: $1
input: [12, 12, 1]
layers:
  - conv2d: {filters: 6, kernel_size: 3, name: stem}
  - batch_normalization
  - relu
  - global_average_pool2d
  - dense: {name: $2, units: $3, activation: relu}
  - dense: {name: answer, units: 3, activation: softmax}
training: {epochs: 2, batch_size: 16, validation: 0.2, test_weights: best, optimizer: {adam: {learning_rate: 0.01}}}
END
}
model trunk middle 5 >trunk.yaml
model taker middle 7 >taker.yaml
model stranger other 5 | sed 's/units: 3/units: 3, use_bias: false/; s/stem/first/; s/answer/last/; /batch_norm/d' >stranger.yaml

# entry FILE NAME: a digest of the parameter's bytes
entry() {
    /usr/bin/python3 - "$@" <<'END'
import hashlib, json, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
begin, end = json.loads(data[8:8 + size])[sys.argv[2]]["data_offsets"]
print(hashlib.sha256(data[8 + size + begin:8 + size + end]).hexdigest())
END
}

weft train trunk.yaml -d ./images -q
exits 0
trunk=$WEFT_RUNS/trunk-1
weights=$trunk/weights/$(grep -o '"weights": "[a-z]*"' "$trunk/test.json" | cut -d '"' -f 4).safetensors

# With a rate that moves nothing, the weights at the end are those of the beginning.
still=(--set training.optimizer=sgd --set training.optimizer.learning_rate=1e-30 -e 1)
weft train taker.yaml -d ./images --pretrained trunk "${still[@]}"
exits 0
taker=$WEFT_RUNS/taker-1
err_like "*7 of 10 parameters are those of $weights; of another shape or type: middle/kernel, middle/bias, answer/kernel*"
for name in stem/kernel stem/bias batch_normalization/gamma answer/bias; do
    same "$(entry "$taker/weights/last.safetensors" "$name")" "$(entry "$weights" "$name")"
done
weft train taker.yaml -d ./images "${still[@]}" -q --name fresh
differ "$(entry "$WEFT_RUNS/fresh-1/weights/last.safetensors" stem/kernel)" "$(entry "$weights" stem/kernel)"
same "$(entry "$WEFT_RUNS/fresh-1/weights/last.safetensors" middle/kernel)" \
    "$(entry "$taker/weights/last.safetensors" middle/kernel)"
check 'the configuration names the file' grep -qF "pretrained: \"$weights\"" "$taker/config.yaml"
check 'and its hash' grep -qx "pretrained_sha256: $(sha "$weights")" "$taker/config.yaml"
check 'the log says what was taken' grep -q '7 of 10 parameters are those of' "$taker/log.txt"
same "$(/usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(len(d["taken"]), d["absent"], d["other_form"])' "$taker/pretrained.json")" \
    "7 [] ['middle/kernel', 'middle/bias', 'answer/kernel']"

# A file does as well; the same weights from elsewhere are the same experiment.
cp "$weights" copy.safetensors
weft train taker.yaml -d ./images --pretrained copy.safetensors "${still[@]}" -q --name file
exits 0
same "$(sha "$WEFT_RUNS/file-1/weights/last.safetensors")" "$(sha "$taker/weights/last.safetensors")"

# ---- refused, without a run ----
weft train stranger.yaml -d ./images --pretrained trunk
exits 4
err_like "*weft: $weights: none of its 10 entries has the name and the shape of a parameter of model stranger*"
check 'no run was made' test ! -e "$WEFT_RUNS/stranger-1"
weft train taker.yaml -d ./images --pretrained nothing
exits 2
err_like '*nothing*'
weft train taker.yaml -d ./images --pretrained nothing.safetensors
exits 4
head -c 100 copy.safetensors >cut.safetensors
weft train taker.yaml -d ./images --pretrained cut.safetensors
exits 3
err_like '*cut.safetensors*'

# ---- stopped and resumed: the same bits ----
weft train taker.yaml -d ./images --pretrained copy.safetensors -q --name whole
exits 0
weft train taker.yaml -d ./images --pretrained copy.safetensors -q --name stopped --max-time 0.000001s
exits 75
rm copy.safetensors
weft train --resume stopped-1 -t 2 -q
exits 0
same "$(sha "$WEFT_RUNS/stopped-1/weights/last.safetensors")" "$(sha "$WEFT_RUNS/whole-1/weights/last.safetensors")"
# Without a checkpoint it begins again, and needs the file that it began with.
cp "$weights" copy.safetensors
weft train taker.yaml -d ./images --pretrained copy.safetensors -q --name again --max-time 0.000001s
rm -r "$WEFT_RUNS/again-1/checkpoint"
cp "$trunk/weights/last.safetensors" copy.safetensors
printf ' ' >>copy.safetensors
weft train --resume again-1 -q
exits 4
err_like '*copy.safetensors: its SHA-256 is *, the run begins with *'
cp "$weights" copy.safetensors
weft train --resume again-1 -q
exits 0
same "$(sha "$WEFT_RUNS/again-1/weights/last.safetensors")" "$(sha "$WEFT_RUNS/whole-1/weights/last.safetensors")"

finish
