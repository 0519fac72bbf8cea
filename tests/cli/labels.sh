#!/bin/bash
# Several labels per image: reading, training, thresholds, judging, predicting, comparing, refusing.
. "$(dirname -- "$0")/lib.sh"

# 8x8 images whose labels are bright quarters, any number of them.
make_sets() { # FOLDER TRAIN TEST
    mkdir -p "$1" && /usr/bin/python3 -c '
import random, struct, sys
folder, counts = sys.argv[1], [int(n) for n in sys.argv[2:4]]
names = ["top left", "top right", "bottom, left", "bottom right"]
draw = random.Random(7)
open(f"{folder}/classes.txt", "w").write("\n".join(names) + "\n")
for part, count in zip(("train", "test"), counts):
    rows, objects, pixels = ["image,labels"], ["image,label,width,height"], bytearray()
    for i in range(count):
        has = [draw.random() < 0.4 for _ in names]
        for y in range(8):
            for x in range(8):
                pixels.append(40 * has[2 * (y // 4) + x // 4] + draw.randrange(210))
        text = "|".join(n for n, h in zip(names, has) if h)
        rows.append(f"{i},\"{text}\"")
        objects += [f"{i},\"{n}\",{12 + i % 5},3" for n, h in zip(names, has) if h]
    open(f"{folder}/{part}-images-idx3-ubyte", "wb").write(struct.pack(">4i", 0x803, count, 8, 8) + pixels)
    open(f"{folder}/{part}-labels.csv", "w").write("\n".join(rows) + "\n")
    open(f"{folder}/{part}-objects.csv", "w").write("\n".join(objects) + "\n")
' "$@"
}

model() { # NAME UNITS ACTIVATION LOSS
    printf 'name: %s\ninput: [8, 8, 1]\nlayers:\n' "$1"
    printf '  - conv2d: {filters: %s, kernel_size: 3, activation: relu}\n  - flatten\n' "$2"
    printf '  - dense: {units: 4, activation: %s}\ntraining:\n' "$3"
    printf '  epochs: 4\n  batch_size: 16\n  validation: 0.2\n  optimizer: {adam: {learning_rate: 0.01}}\n'
    printf '  loss: %s\n' "$4"
}

make_sets sets 300 80
model each 6 sigmoid binary_crossentropy >each.yaml
model one 6 softmax sparse_categorical_crossentropy >one.yaml

weft datasets ./sets
exits 0
out_like 'sets: ./sets
8 x 8 pixels of 1 channel\(s\), 4 classes, any number of labels per image: 1.* on average, * image\(s\) have none

class * train  validation  test*
images * 300 * 0 * 80'
weft datasets ./sets --json
json_is 'd["multilabel"], d["images"]["train"], d["shape"], len(d["classes"])' '(True, 300, [8, 8, 1], 4)'
json_is 'sum(c["train"] + c["test"] for c in d["classes"]) == round(d["labels_per_image"] * 380)' True

# ---- one run ----
weft train each.yaml --dataset ./sets --threads 2
exits 0
out_like 'test: subset accuracy 0.* - loss * - macro-F1 *'
err_like '*240 training and 60 validation images*Epoch 4/4: *subset_accuracy: * - loss: * - val_subset_accuracy: *'
run=$WEFT_RUNS/each-1
last=$(printf '%s\n' "$err" | grep '^Epoch 4/4: ')
stored=$(tail -n 1 "$run/metrics.csv" |
    awk -F, '{ printf "subset_accuracy: %s - loss: %s - val_subset_accuracy: %s - val_loss: %s", $3, $2, $5, $4 }')
same "${last##*/step - }" "$stored"
same "$(head -n 1 "$run/predictions.csv")" 'index,labels,predicted,p0,p1,p2,p3,log_p,small'

# Figures of test.json, counted again from the rows; labels are taken above their thresholds.
count_again() {
    /usr/bin/python3 -c '
import csv, json, math, struct, sys
run = sys.argv[1]
rows = list(csv.reader(open(run + "/predictions.csv")))[1:]
test, stored = json.load(open(run + "/test.json")), json.load(open(run + "/thresholds.json"))
limits = [one["threshold"] for one in stored["thresholds"]]
assert limits == [one["threshold"] for one in test["classes"]]
sets = [[set(map(int, filter(None, row[c].split("|")))) for row in rows] for c in (1, 2)]
for row, has, taken in zip(rows, *sets):
    p = struct.unpack("4f", struct.pack("4f", *map(float, row[3:7])))
    assert taken == {k for k in range(4) if p[k] > limits[k]}
    of_each = [p[k] if k in has else 1 - p[k] for k in range(4)]
    assert abs(float(row[7]) - sum(map(math.log, of_each))) < 1e-12
right = sum(a == b for a, b in zip(*sets)) / len(rows)
both = sum(len(a & b) for a, b in zip(*sets))
small = [(int(k), taken) for row, taken in zip(rows, sets[1]) for k in row[8].split("|") if k]
assert len(small) == test["small_objects"] == sum(len(has) for i, has in enumerate(sets[0]) if 12 + i % 5 <= 14)
assert abs(sum(k in taken for k, taken in small) / len(small) - test["small_object_recall"]) < 1e-12
assert all(test["intervals"][key][0] <= test[key] <= test["intervals"][key][1] for key in (
    "subset_accuracy", "set_log_likelihood", "map", "c_p", "c_r", "c_f1", "o_p", "o_r", "o_f1", "small_object_recall"))
f1 = 2 * both / sum(len(a) + len(b) for a, b in zip(*sets))
print(abs(right - test["accuracy"]) < 1e-12, abs(f1 - test["micro"]["f1"]) < 1e-12, right > 0.5,
      abs(sum(float(row[7]) for row in rows) / len(rows) - test["set_log_likelihood"]) < 1e-12,
      test["accuracy"] == test["subset_accuracy"], test["multilabel"], stored["images"], len(rows))' "$1"
}
same "$(count_again "$run")" 'True True True True True True 60 80'

# ---- the same bits with other threads, and when it was stopped on the way ----
weights=$(sha "$run/weights/last.safetensors")
weft train each.yaml -d ./sets -t 3 -q
same "$(sha "$WEFT_RUNS/each-2/weights/last.safetensors")" "$weights"
same "$(sha "$WEFT_RUNS/each-2/thresholds.json")" "$(sha "$run/thresholds.json")"
weft train each.yaml -d ./sets -q --name stopped --max-time 0.001s
exits 75
weft train --resume stopped-1 -q
exits 0
same "$(sha "$WEFT_RUNS/stopped-1/weights/last.safetensors")" "$weights"
same "$(count_again "$WEFT_RUNS/stopped-1")" 'True True True True True True 60 80'
weft train each.yaml -d ./sets --validation 0 -e 1 --name bare
err_like '*no validation images: every label is taken from probability .5 on*'
check 'no thresholds without validation' test ! -e "$WEFT_RUNS/bare-1/thresholds.json"

# ---- judging and predicting ----
weft evaluate each-1
exits 0
out_like '*subset accuracy 0.*on 80 images*95 % interval*set log-likelihood, nats*-*mAP*C-P, macro precision*O-F1, micro F1*small-object recall*small objects: * whose longer side has at most 14 pixels*threshold*bottom, left*'
stored=$(/usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1])); print(d["accuracy"], d["macro"]["f1"], d["hamming_loss"])' "$run/test.json")
weft evaluate each-1 --json
json_is '" ".join(str(v) for v in (d["evaluation"]["accuracy"], d["evaluation"]["macro"]["f1"],
    d["evaluation"]["hamming_loss"]))' "$stored"
weft predict each-1 sets/test-images-idx3-ubyte --json
exits 0
json_is 'len(d["predictions"]), all(l["probability"] > l["threshold"] for p in d["predictions"] for l in p["labels"])' \
    '(80, True)'
# The probability of a set is a product over all labels.
json_is 'max(abs(p["set_probability"] - __import__("math").prod(
    q if k in [l["class"] for l in p["labels"]] else 1 - q for k, q in enumerate(p["probabilities"])))
    for p in d["predictions"]) < 1e-12' True
weft predict each-1 sets/test-images-idx3-ubyte
out_like 'sets/test-images-idx3-ubyte\[0\]: * - set 0.*'

# ---- comparing ----
model wide 12 sigmoid binary_crossentropy >wide.yaml
weft compare each.yaml wide.yaml --dataset ./sets --seeds 2 --runs both -q
exits 0
out_like '*Subset accuracy*Set log-lik.*C-F1*O-F1*mAP*Small recall*each*wide*tells the most sets right, a subset accuracy of*Which differences are real?*\(seed 0\)*each minus wide: subset accuracy *\(* to *\), set log-likelihood *, C-F1 *, O-F1 *, mAP *, small-object recall*'
weft compare each.yaml wide.yaml --dataset ./sets --seeds 2 --runs both -q --json
json_is '[sorted(p["paired_bootstrap"]) for p in d["pairs"]], all(f["low"] <= f["difference"] <= f["high"] for p in
    d["pairs"] for f in p["paired_bootstrap"].values()), d["models"][0]["set_log_likelihood"]["count"]' \
    "([['c_f1', 'c_p', 'c_r', 'map', 'o_f1', 'o_p', 'o_r', 'set_log_likelihood', 'small_object_recall', 'subset_accuracy']], True, 2)"
check 'a line per figure' grep -q '^"*each","wide",bootstrap map,,,' both/comparison/comparison-pairs.csv
weft runs show each-1 --runs both
out_like '*sets * subset accuracy 0.*, set log-likelihood -*, mAP 0.*, C-F1 0.*, O-F1 0.*, small-object recall 0.*'
weft runs query "SELECT value, low, high FROM metrics WHERE name = 'map'" --runs both --json
json_is 'len(d["rows"]), all(low < value < high for value, low, high in d["rows"])' '(4, True)'
weft report --all --runs both -o report.html -q
exits 0
check 'the report has what is told of sets' grep -q '"together":{"true":\[\[' report.html
weft report --all --runs both --format md -o sheet.md -q
exits 0
for words in '| set log-likelihood | -' '| bottom, left | 0.' 'Pairs of labels, told against true' '| Labels of an image | Images | Told of |' \
    'among those told wrong'; do
    check "the report as Markdown has: $words" grep -qF -- "$words" sheet.md
done

# ---- sets that are told as a whole ----
cat >decoder.yaml <<'END'
name: decoder
input: [8, 8, 1]
classes: 4
layers:
  - conv2d: {filters: 6, kernel_size: 3, activation: relu}
  - flatten
  - dense: {name: image, units: 8}
  - repeat_vector: {n: 5}
  - label_input: {length: 5, classes: 4}
  - embedding: {name: labels, input_dim: 6, output_dim: 8}
  - lstm: {units: 16, return_sequences: true}
  - time_distributed: {name: state, layer: {dense: {units: 8}}}
  - add: {inputs: [state, repeat_vector]}
  - tanh
  - tied_dense: {to: labels, units: 5, activation: softmax}
training: {epochs: 40, batch_size: 16, validation: 0.2, optimizer: {adam: {learning_rate: 0.01}}}
END
{
    model field 6 linear sparse_categorical_crossentropy | sed '/^training:/,$d'
    printf '  - label_sets\n  - softmax\ntraining: {epochs: 12, batch_size: 16, validation: 0.2, '
    printf 'optimizer: {adam: {learning_rate: 0.01}}}\n'
} >field.yaml
sed 's/name: decoder/name: looker/; s/filters: 6, /filters: 6, name: map, /; s/inputs: \[state, /inputs: [seen, /' \
    decoder.yaml | sed '/name: state/{
s/units: 8/units: 6/
a\  - attention: {name: seen_at, inputs: [state, map]}
a\  - time_distributed: {name: seen, layer: {dense: {units: 8}}}
}' >looker.yaml
for name in decoder field; do
    weft train $name.yaml --dataset ./sets --threads 2
    exits 0
    out_like 'test: subset accuracy 0.* - loss * - macro-F1 *'
    weft evaluate $name-1 --json
    json_is 'd["evaluation"]["accuracy"] > 0.3, d["evaluation"]["count"]' '(True, 80)'
    json_is '-87 < d["evaluation"]["set_log_likelihood"] < -0.1, 0 < d["evaluation"]["small_object_recall"] <= 1' '(True, True)'
    weft predict $name-1 sets/test-images-idx3-ubyte --json
    json_is 'max(len(p["sets"]) for p in d["predictions"]), all(
        sorted(l["name"] for l in p["labels"]) == sorted(p["sets"][0]["labels"])
        and p["sets"][0]["probability"] == p["set_probability"] and sum(q["probability"] for q in p["sets"]) < 1 + 1e-6
        and [q["probability"] for q in p["sets"]] == sorted((q["probability"] for q in p["sets"]), reverse=True)
        for p in d["predictions"])' '(3, True)'
    # a set is no likelier than any of its labels, and its labels have no threshold
    json_is 'len(d["predictions"]), all(l["probability"] > p["set_probability"] - 1e-6 and "threshold" not in l
        for p in d["predictions"] for l in p["labels"])' '(80, True)'
done
weft export decoder-1 -o decoder.onnx
exits 0
out_like 'decoder.onnx: *
input   image          float32 \[batch, 8, 8, 1\], pixels 0 to 255
input   label_input    float32 \[batch, 5\], what was said before each step
output  probabilities  float32 \[batch, 5, 5\], at every step: each label, and END'
weft export field-1 -o field.onnx
out_like "*output  probabilities  float32 \[batch, 16\], of every set of labels: number k has the labels of k's bits"
weft export field-1 --json
exits 0
json_is 'd["output"], d["label_inputs"]' "({'name': 'probabilities', 'shape': [16]}, [])"
sed 's/length: 5, classes: 4/length: 5, classes: 3/' decoder.yaml >fewer.yaml
weft train fewer.yaml --dataset ./sets
exits 2
err_like '*weft: model decoder: label_input has classes: 3, the output tells 4 labels and END
      give both the same number of labels'
weft predict field-1 sets/test-images-idx3-ubyte --top 99 --json
json_is '{len(p["sets"]) for p in d["predictions"]}, max(abs(sum(q["probability"] for q in p["sets"]) - 1) for p in
    d["predictions"]) < 1e-5, len({tuple(q["labels"]) for q in d["predictions"][0]["sets"]})' '({16}, True, 16)'
weft predict decoder-1 sets/test-images-idx3-ubyte --top 16 --beam-width 100 --json
json_is '{len(p["sets"]) for p in d["predictions"]}, max(abs(sum(q["probability"] for q in p["sets"]) - 1) for p in
    d["predictions"]) < 1e-4, d["beam_width"]' '({16}, True, 100)'
weft predict decoder-1 sets/test-images-idx3-ubyte --top 2
out_like 'sets/test-images-idx3-ubyte\[0\]: * - set 0.*
  2. * - set 0.*
sets/test-images-idx3-ubyte\[1\]: *'
weft evaluate decoder-1 --beam-width 100 --json
json_is 'd["beam_width"]' 100
wide=$(json 'd["evaluation"]["set_log_likelihood"]')
weft evaluate decoder-1 --beam-width 1 --json
json_is "d['evaluation']['set_log_likelihood'] <= $wide" True
same "$(/usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get("beam_width"))' \
    "$WEFT_RUNS/decoder-1/test.json")" 5
same "$(grep -c beam_width "$WEFT_RUNS/field-1/test.json")" 0
# where each label looked: the map has 6 x 6 places, each step's weights are of the sum 1
weft train looker.yaml --dataset ./sets -q
exits 0
weft predict looker-1 sets/test-images-idx3-ubyte --json
json_is '{(len(l["attention"]), len(l["attention"][0]), round(sum(map(sum, l["attention"])), 3))
    for p in d["predictions"] for l in p["labels"]}' '{(6, 6, 1.0)}'
json_is 'all(max(map(max, l["attention"])) == l["attention"][l["looked_at"]["y"] * 6 // 8][l["looked_at"]["x"] * 6 // 8]
    for p in d["predictions"] for l in p["labels"])' True
weft predict looker-1 sets/test-images-idx3-ubyte
out_like '*\[0\]: * 0.* (?, ?)* - set 0.*'
# a trunk whose places look at each other shows nothing of the labels
sed 's/name: decoder/name: minder/; s/epochs: 40/epochs: 1/; s/^  - flatten/  - reshape: {name: places, target_shape: [36, 6]}\
  - attention: {inputs: [places, places]}\n&/' decoder.yaml >minder.yaml
weft train minder.yaml --dataset ./sets -q
exits 0
weft predict minder-1 sets/test-images-idx3-ubyte --json
json_is 'len(d["predictions"]), any("attention" in l for p in d["predictions"] for l in p["labels"])' '(80, False)'
weft train decoder.yaml --dataset ./sets --set training.test_time_augmentation=flip --name averaged
exits 2
err_like '*model decoder tells sequences of labels, of which test_time_augmentation makes no means*'
check 'nothing was trained' test ! -e "$WEFT_RUNS/averaged-1"
# the report shows the same of some images, also when the weights are gone
cat >shown.py <<'END'
import base64, json, math, sys
report, said = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))["predictions"]
sets = report["models"][0]["sets"]
right, wrong = sets["samples"]["right"], sets["samples"]["wrong"]
assert len(right) == len(wrong) == 6 and all(i["truth"] == i["told"] for i in right) and sets["wrong"] > 6
assert all(i["truth"] != i["told"] for i in wrong + sets["worst"])
# the map has all test images, with what was told of each
places, told = report["models"][0]["map"], lambda of: sorted(l["class"] for l in of["labels"])
assert places["index"] is None and places["x"]["count"] == len(said)
flags = base64.b64decode(places["sets"]["told"]["base64"])
assert [[k for k in range(4) if byte >> k & 1] for byte in flags] == [told(of) for of in said]
looked = 0
for image in right + wrong + sets["worst"]:
    of = said[image["index"]]
    assert told(of) == image["told"] and image["tile"] is not None
    assert abs(math.exp(image["told_log_p"]) - of["set_probability"]) < 1e-6, image
    # asked for one set the search finds every order of it, of all sets those of the widest hypotheses
    if image["truth"] == image["told"]: assert -1e-5 < image["log_p"] - image["told_log_p"] < .05, image
    if not any("attention" in l for l in of["labels"]):
        assert image["looks"] is None or image["looks"]["labels"] == []
        continue
    looks = image["looks"]
    assert sorted(l["label"] for l in looks["labels"]) == image["told"]
    for look in looks["labels"]:
        weights = sum(next(l["attention"] for l in of["labels"] if l["class"] == look["label"]), [])
        values = list(base64.b64decode(look["values"]["base64"]))
        assert len(values) == looks["height"] * looks["width"] == 36
        assert all(abs(v - 255 * w / max(weights)) < 0.6 for v, w in zip(values, weights))
        looked += 1
print(looked > 20)
END
for one in 'looker True' 'decoder False' 'each False' 'field False'; do
    read -r name looks <<<"$one"
    weft predict $name-1 sets/test-images-idx3-ubyte --json
    cp .out $name.json
    weft report $name-1 --format json -o report.json -q
    exits 0
    same "$(/usr/bin/python3 shown.py report.json $name.json 2>&1)" "$looks"
done
same "$(cd "$WEFT_RUNS" && echo ./*/report/sets.json)" \
    './decoder-1/report/sets.json ./field-1/report/sets.json ./looker-1/report/sets.json ./minder-1/report/sets.json'
mv "$WEFT_RUNS/looker-1/weights" weights
weft report looker-1 --format json -o report.json -q
exits 0
same "$(/usr/bin/python3 shown.py report.json looker.json 2>&1)" True
rm -r "$WEFT_RUNS/looker-1/report"
weft report looker-1 --format json -o report.json
exits 0
err_like '*looker-1: no map and no probabilities of what it told: *'
mv weights "$WEFT_RUNS/looker-1/weights"
weft report looker-1 --format md -o looker.md -q
exits 0
check 'samples in Markdown' grep -qF '| Test image | True | Told | Probability of the told set |' looker.md
check 'and as a picture' test -s looker-files/01-looker-samples.png
check 'a map' test -s looker-files/01-looker-map.png
check 'samples of the data' test -s looker-files/data-train.png
weft predict decoder-1 sets/test-images-idx3-ubyte --json
json_is 'any("attention" in l for p in d["predictions"] for l in p["labels"])' False
weft train decoder.yaml --dataset ./sets -q -t 3 --name again
same "$(sha "$WEFT_RUNS/again-1/weights/last.safetensors")" "$(sha "$WEFT_RUNS/decoder-1/weights/last.safetensors")"

# ---- trained on what it says itself: the same bits with other threads, and when it was stopped on the way ----
for own in layers.label_input.order=free training.scheduled_sampling.probability=0.5; do
    name=${own%%=*}
    name=own-${name##*[._]}
    weft train decoder.yaml --dataset ./sets -e 3 -q -t 1 --name "$name" --set "$own"
    exits 0
    weights=$(sha "$WEFT_RUNS/$name-1/weights/last.safetensors")
    weft train decoder.yaml --dataset ./sets -e 3 -q -t 1 --name plain
    differ "$(sha "$WEFT_RUNS/plain-1/weights/last.safetensors")" "$weights"
    weft train decoder.yaml --dataset ./sets -e 3 -q -t 3 --name "$name" --set "$own" --max-time 0.000001s
    exits 75
    weft train --resume "$name-2" -t 3 -q
    exits 0
    same "$(sha "$WEFT_RUNS/$name-2/weights/last.safetensors")" "$weights"
    same "$(sha "$WEFT_RUNS/$name-2/weights/best.safetensors")" "$(sha "$WEFT_RUNS/$name-1/weights/best.safetensors")"
    rm -r "$WEFT_RUNS"/plain-1
done
check 'scheduled sampling in the configuration' grep -A2 '  scheduled_sampling:$' "$WEFT_RUNS/own-probability-1/config.yaml"
weft train each.yaml --dataset ./sets -q --set training.scheduled_sampling=true
exits 2
err_like '*scheduled_sampling is of models that tell sequences of labels*'

sed 's/n: 5/n: 3/; s/length: 5/length: 3/' decoder.yaml >short.yaml
weft train short.yaml --dataset ./sets -q
exits 3
err_like '*labels, the model tells at most 2*'

# ---- a model of the other kind ----
weft train one.yaml --dataset ./sets -q
exits 2
err_like '*any number of labels per image*activation: sigmoid*binary_crossentropy*'
weft train each.yaml --dataset ./sets --set training.loss=categorical_crossentropy -q
exits 2
err_like '*classes that exclude each other*give loss: binary_crossentropy*'
make_images single 8 30 10
weft train each.yaml --dataset ./single --set layers.dense.units=3 -q
exits 2
err_like '*single has one label per image*activation: softmax*'
for name in decoder field; do
    weft explain $name-1 test:3 -q
    exits 1
    err_like '*tells sets of labels as a whole*--class LABEL*'
done
weft explain each-1 test:3 --class 'bottom, left' -o explained --json
exits 0
json_is 'd["name"], len(d["grad_cam"]["map"])' "('bottom, left', 6)"
weft evaluate each-1 --curves curves --json
exits 0
cat >areas.py <<'END'
# the areas under the curves of each label, and the images in its calibration
import csv
read = lambda name, k: [r for r in csv.DictReader(open(f"curves/{name}.csv")) if r["class"] == str(k)]
for k in range(4):
    points = [(float(r["false_positive_rate"]), float(r["true_positive_rate"])) for r in read("roc", k)]
    steps = [(float(r["recall"]), float(r["precision"])) for r in read("pr", k)]
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(points, points[1:]))
    precision = sum((a[0] - b[0]) * a[1] for a, b in zip(steps, steps[1:]))
    print(round(area, 9), round(precision, 9), sum(int(r["images"]) for r in read("calibration", k)))
END
same "$(/usr/bin/python3 areas.py)" "$(json '"\n".join(" ".join([str(round(c["auc"], 9)), str(round(c["average_precision"], 9)),
    str(d["evaluation"]["count"])]) for c in d["evaluation"]["classes"])')"
same "$(cut -d, -f1 curves/calibration.csv | uniq | tr '\n' ' ')" 'class 0 1 2 3 '

# ---- features and maps ----
cat >embedded.py <<'END'
import csv, json, sys, xml.dom.minidom
import numpy as np
folder, run, width, (said,) = sys.argv[1], sys.argv[2], int(sys.argv[3]), [json.load(open(sys.argv[4]))]
names = open("sets/classes.txt").read().split("\n")[:-1]
truth = list(csv.DictReader(open("sets/test-labels.csv")))
told = list(csv.DictReader(open(f"{run}/predictions.csv")))
features = np.load(f"{folder}/features.npy")
assert features.shape == (80, width) and features.std() > 0
head, *lines = [line.split("\t") for line in open(f"{folder}/metadata.tsv").read().split("\n")[:-1]]
assert head == ["index", "labels", "predicted", "number", *names] and len(lines) == 80
rows = list(csv.reader(open(f"{folder}/tsne.csv")))
assert rows[0] == ["index", "labels", "predicted", "x", "y"] and len(rows) == 81
join = lambda places: "|".join(names[int(k)] for k in places.split("|") if k)
for i, (line, row) in enumerate(zip(lines, rows[1:])):
    assert line[:3] == row[:3] == [str(i), truth[i]["labels"], join(told[i]["predicted"])], (line, row)
    has = [name in line[1].split("|") for name in names]
    assert line[3:] == [str(sum(has)), *(str(int(one)) for one in has)]
sets = np.array([[int(one) for one in line[4:]] for line in lines])
both, some = sets @ sets.T, 4 - (1 - sets) @ (1 - sets).T
alike = np.where(some > 0, both / np.maximum(some, 1), 1)
def overlap(points):
    far = ((points[:, None] - points[None]).astype(np.float64) ** 2).sum(2)
    np.fill_diagonal(far, np.inf)
    nearest = far.argsort(1, kind="stable")[:, :10]
    return np.take_along_axis(alike, nearest, 1).mean()
assert abs(overlap(features) - said["tsne"]["features_overlap"]) < 1e-9
assert abs(overlap(np.array([row[3:] for row in rows[1:]], float)) - said["tsne"]["overlap"]) < 1e-9
svg = xml.dom.minidom.parse(f"{folder}/tsne.svg")
dots = [path.getAttribute("d").count("h0") for path in svg.getElementsByTagName("path")]
numbers = np.bincount(sets.sum(1)).tolist()
assert dots == [*numbers, 80, *sets.sum(0)], dots
texts = [text.firstChild.data for text in svg.getElementsByTagName("text")]
assert texts[1:] == ["no label", "1 label", *(f"{n} labels" for n in range(2, len(numbers))), *names], texts
print("right")
END
for one in 'each 216 flatten' 'field 216 flatten' 'decoder 216 flatten' 'looker 216 flatten'; do
    read -r name width layer <<<"$one"
    weft embed $name-1 --tsne --perplexity 10 --iterations 50 -o map-$name --json
    exits 0
    json_is 'd["layer"], d["features"], d["images"]' "('$layer', $width, 80)"
    same "$(/usr/bin/python3 embedded.py map-$name "$WEFT_RUNS/$name-1" $width .out 2>&1)" right
done
weft embed decoder-1 --layer image --part all --limit 50 -o image
exits 0
out_like 'decoder-1: 50 images of sets, 8 features each, the outputs of layer image
image: features.npy, *'
weft embed each-1 --tsne --perplexity 10 --iterations 50 -o map-each
out_like '*10 nearest neighbours, labels in common (Jaccard index): 0.* on the map, 0.* of the features*'
weft embed decoder-1 --layer state -o state -q
exits 2
err_like '*layer state*labels*'

# ---- cross-validation: a fold is judged on held-out images, by thresholds of images of the other folds ----
weft cv each.yaml decoder.yaml --dataset ./sets --folds 3 --epochs 2 --runs folds --page page.md
exits 0
out_like 'Model *Folds *Subset accuracy*95% interval*Set log-lik.*mAP*C-F1*O-F1*Small recall*Test subset accuracy*each *3 of 3*decoder *3 of 3*Figure *each *decoder*Hamming loss*each against decoder*'
check 'the page says how it was made' grep -q 'stratified label by label (Sechidis et al. 2011), 1 time' page.md
cat >folds.py <<'END'
import csv, json, math, statistics, sys
runs = sys.argv[1]
rows = lambda name: list(csv.DictReader(open(f"{runs}/{name}")))
fold_of = {r["index"]: r["fold"] for r in rows("cross-validation/folds-3-seed0-limit0-repeat0.csv")}
truth = {r["image"]: set(filter(None, r["labels"].split("|"))) for r in csv.DictReader(open("sets/train-labels.csv"))}
names = open("sets/classes.txt").read().split("\n")[:-1]
assert len(fold_of) == 300 and sorted(map(list(fold_of.values()).count, "012")) == [100] * 3
for name in names: # every label has its share of each fold
    counts = [sum(name in truth[i] for i in fold_of if fold_of[i] == fold) for fold in "012"]
    assert max(counts) - min(counts) <= 2, (name, counts)
def figures(rows):
    has, told = ([set(map(int, filter(None, r[key].split("|")))) for r in rows] for key in ("labels", "predicted"))
    for r, labels in zip(rows, has): assert truth[r["index"]] == {names[k] for k in labels}
    def f1(pairs):
        both = sum(a and b for a, b in pairs)
        return 2 * both / max(1, sum(a + b for a, b in pairs))
    each = [[(k in a, k in b) for a, b in zip(has, told)] for k in range(4)]
    return {"subset_accuracy": statistics.fmean(a == b for a, b in zip(has, told)),
            "set_log_likelihood": statistics.fmean(float(r["log_p"]) for r in rows),
            "c_f1": statistics.fmean(map(f1, each)), "o_f1": f1(sum(each, [])),
            "hamming_loss": statistics.fmean(a != b for one in each for a, b in one),
            "samples_f1": statistics.fmean(2 * len(a & b) / max(1, len(a) + len(b)) for a, b in zip(has, told))}
checked = 0
stored = json.load(open(f"{runs}/cross-validation/cv.json"))
by_fold = {(r["model"], r["fold"]): r for r in rows("cross-validation/folds.csv")}
for m in stored["models"]:
    found = []
    for fold, run in enumerate(m["runs"]):
        predictions, parts = rows(f"{run}/predictions.csv"), {r["index"]: r["part"] for r in rows(f"{run}/splits.csv")}
        assert sorted(r["index"] for r in predictions) == sorted(i for i in fold_of if fold_of[i] == str(fold))
        assert {i for i in parts if parts[i] == "held_out"} == {r["index"] for r in predictions}
        found.append(figures(predictions))
        for key, value in found[-1].items():
            assert abs(float(by_fold[m["model"], str(fold)][key]) - value) < 1e-9, (run, key)
        if m["model"] == "decoder": continue
        thresholds = json.load(open(f"{runs}/{run}/thresholds.json"))
        assert thresholds["images"] == sum(part == "validation" for part in parts.values()) == 40
        limits = [one["threshold"] for one in thresholds["thresholds"]]
        for r in predictions:
            assert {str(k) for k in range(4) if float(r[f"p{k}"]) > limits[k]} == set(filter(None, r["predicted"].split("|")))
    for key in found[0]:
        values = [one[key] for one in found]
        assert abs(m[key]["mean"] - statistics.fmean(values)) < 1e-9 and abs(m[key]["sd"] - statistics.stdev(values)) < 1e-9
        checked += 1
    assert m["test"]["subset_accuracy"] == json.load(open(f"{runs}/{m['test_run']}/test.json"))["subset_accuracy"]
pair = stored["pairs"][0]
values = [one["subset_accuracy"]["values"] for one in stored["models"]]
both = [a - b for a, b in zip(*values)]
t = statistics.fmean(both) / (statistics.stdev(both) * math.sqrt(1 / 3 + 100 / 200))
assert abs(pair["subset_accuracy"]["t"] - t) < 1e-9
print(checked, stored["multilabel"], [f["key"] for f in stored["figures"] if f["column"]])
END
same "$(/usr/bin/python3 folds.py folds 2>&1)"     "12 True ['subset_accuracy', 'set_log_likelihood', 'map', 'c_f1', 'o_f1', 'small_object_recall']"
weft evaluate each-r0f1-1 --runs folds --json
exits 0
weft report --all --runs folds --format md -o folds.md -q
exits 0
check 'the report has it' grep -qF '| Models | Subset accuracy, points | 95% interval | d |' folds.md
mkdir rare
cp sets/* rare
/usr/bin/python3 - <<'END'
import csv
rows = list(csv.reader(open("rare/train-labels.csv")))
rows[1:] = [[i, "|".join(n for n in labels.split("|") if n != "top left" or int(i) < 2)] for i, labels in rows[1:]]
csv.writer(open("rare/train-labels.csv", "w")).writerows(rows)
END
rm rare/*-objects.csv
weft cv each.yaml --dataset ./rare --folds 3 --epochs 1 --runs rare-runs --no-final
exits 0
err_like 'label top left has ? images, 3 folds cannot all hold one: *'
out_like 'Model *Subset accuracy*O-F1 *Time/fold*'
check 'no figures of small objects without sizes' /usr/bin/python3 -c '
assert "small" not in open("rare-runs/cross-validation/folds.csv").readline()'

# ---- pictures of one's own ----
mkdir photos
/usr/bin/python3 -c '
import struct, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
for i in range(12):
    rows = b"".join(b"\0" + bytes((40 * i + 9 * x + y) % 256 for x in range(9)) for y in range(9))
    open(f"photos/{i}.png", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 9, 9, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
print("image,labels,split")
for i in range(11):
    print(i, ".png,", ("a", "b|c", "", "a|d")[i % 4], ",", "train" if i < 8 else "test", sep="")' >photos/labels.csv
weft train each.yaml --dataset photos --validation 0.25 -e 1 --name photos
exits 0
err_like '*1 picture(s) without a row left out: 11.png*'
weft evaluate photos
exits 0
printf '11.png,a|x,test\n' >>photos/labels.csv
weft train each.yaml --dataset photos -q
exits 3
err_like 'weft: *photos/labels.csv: line 13, column 2: found the label "x", expected one of the 4 of the training part*'

finish
