#!/bin/bash
# Training, stopping, going on, judging and predicting, on small images made here.
. "$(dirname -- "$0")/lib.sh"

make_images images 12 240 60
cat >tiny.yaml <<'END'
name: tiny
input: [12, 12, 1]
layers:
  - conv2d: {filters: 6, kernel_size: 3, activation: relu}
  - max_pool2d
  - dropout: {rate: 0.1}
  - rows
  - gru: {units: 12}
  - dense: {units: 3, activation: softmax}
training: {epochs: 2, batch_size: 16, validation: 0.2, optimizer: {adam: {learning_rate: 0.01}}}
END

# ---- one run ----
weft train tiny.yaml --dataset ./images --threads 2
exits 0
out_like 'test: accuracy 0.* - loss * - macro-F1 *report: */runs/tiny-1/report.html'
run=$WEFT_RUNS/tiny-1
for file in config.yaml description.json splits.csv metrics.csv log.txt test.json predictions.csv report.html \
    weights/best.safetensors weights/last.safetensors checkpoint/last.ckpt; do
    check "the run has $file" test -s "$run/$file"
done
same "$(find "$run" -name '*tmp*')" ''
same "$(wc -l <"$run/splits.csv") $(grep -c ,validation "$run/splits.csv")" '241 48'
same "$(wc -l <"$run/predictions.csv")" 61

# The last figures shown are the ones that are stored, to the last digit.
last=$(printf '%s\n' "$err" | grep '^Epoch 2/2: ')
stored=$(tail -n 1 "$run/metrics.csv" |
    awk -F, '{ printf "accuracy: %s - loss: %s - val_accuracy: %s - val_loss: %s", $3, $2, $5, $4 }')
same "${last##*/step - }" "$stored"
same "$(printf '%s\n' "$out" | sed -n 's/^test: accuracy \([^ ]*\) - loss \([^ ]*\) .*/\1 \2/p')" \
    "$(/usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1])); print(d["accuracy"], d["loss"])' "$run/test.json")"
check 'the log has both epochs' test "$(grep -c 'Epoch [12]/2: 12/12' "$run/log.txt")" -eq 2
check 'the test set was used once' grep -q 'used once' "$run/test.json"

# ---- the same bits with other threads; nothing is overwritten ----
weights=$(sha "$run/weights/last.safetensors")
before=$(find "$run" -type f -exec sha256sum {} + | sort)
weft train tiny.yaml -d ./images -t 3 -q --json
exits 0
err_is ''
json_is 'd["run"]["id"]' tiny-2
json_is 'd["run"]["epochs"]' 2
json_is 'd["test"]["accuracy"]' "$(/usr/bin/python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["accuracy"])' "$run/test.json")"
same "$(sha "$WEFT_RUNS/tiny-2/weights/last.safetensors")" "$weights"
same "$(find "$run" -type f -exec sha256sum {} + | sort)" "$before"
weft train tiny.yaml -d ./images --seed 1 -q
differ "$(sha "$WEFT_RUNS/tiny-3/weights/last.safetensors")" "$weights"

# ---- options go before the file; the gate ----
weft train tiny.yaml -d ./images -e1 -b 40 -l 90 --name other --set layers.gru.units=5 --min-accuracy 1 --output more
exits 5
err_like '*weft: run other-1: accuracy on the test images is *, must be at least 1'
check 'the epochs' test "$(wc -l <more/other-1/metrics.csv)" -eq 2
check 'the units' grep -q 'units: 5$' more/other-1/config.yaml
check 'the limit' test "$(grep -c ,train more/other-1/splits.csv)" -eq 90
err_like '*Epoch 1/1: 3/3 *'
weft train tiny.yaml -d ./images --splits "$run/splits.csv" -e 1 -q --name split
same "$(sha "$WEFT_RUNS/split-1/splits.csv")" "$(sha "$run/splits.csv")"
weft train tiny.yaml -d ./images --name ../escape
exits 2
weft train tiny.yaml -d ./images --name wild -q --set training.loss=mean_squared_error \
    --set layers.dense.activation=linear --set training.optimizer=sgd \
    --set training.optimizer.learning_rate=1000
exits 1
err_like 'weft: *epoch*step*'
weft runs list wild --json
json_is 'd["runs"][0]["status"]' failed
weft train gru-128 -d ./images
exits 2
err_like '*weft: model gru-128 has 10 outputs, data set images has 3 classes*--set layers.dense_1.units=3 does'
weft train gru-128 -d ./images --set layers.dense_1.units=3 -e 1 -q
exits 0

# ---- stopped and resumed: the same bits ----
train_long=(train tiny.yaml -d ./images -e 60 --name long -t 1)
weft "${train_long[@]}" -q
exits 0
whole=$WEFT_RUNS/long-1
"$program" "${train_long[@]}" >stopped.out 2>stopped.err &
stopped=$!
for _ in $(seq 400); do
    [ "$(grep -c '' "$WEFT_RUNS/long-2/metrics.csv" 2>/dev/null)" -ge 3 ] 2>/dev/null && break
    sleep 0.01
done
kill -INT "$stopped"
wait "$stopped"
status=$?
call='weft train, interrupted'
exits 130
same "$(cat stopped.out)" ''
check 'it says how to go on' grep -q 'weft train --resume .*/long-2 goes on' stopped.err
weft runs list long --json
json_is '[r["status"] for r in d["runs"]]' "['finished', 'interrupted']"
check 'not all epochs were done' test "$(wc -l <"$WEFT_RUNS/long-2/metrics.csv")" -lt 61
weft train gru-128 --resume "$WEFT_RUNS/long-2"
exits 2
err_like '*is one of model tiny, not of gru-128*'
# More than a minute of training, of which the first epoch took the most, pays for a map.
sed -i '2s/^\(\([^,]*,\)\{6\}\)[^,]*/\161/' "$WEFT_RUNS/long-2/metrics.csv"
weft train --resume "$WEFT_RUNS/long-2" -t 2
exits 0
err_like '*long-2: t-SNE of 60 test images, *'
same "$(cd "$WEFT_RUNS" && echo long-*/report/*)" long-2/report/map-60.json
same "$(sha "$WEFT_RUNS/long-2/weights/last.safetensors")" "$(sha "$whole/weights/last.safetensors")"
same "$(sha "$WEFT_RUNS/long-2/weights/best.safetensors")" "$(sha "$whole/weights/best.safetensors")"
same "$(cut -d, -f1-6 "$WEFT_RUNS/long-2/metrics.csv")" "$(cut -d, -f1-6 "$whole/metrics.csv")"
same "$(sha "$WEFT_RUNS/long-2/predictions.csv")" "$(sha "$whole/predictions.csv")"
weft train --resume "$WEFT_RUNS/long-2"
exits 2
err_like '*finished*'

# A second signal does not wait for the step, which takes seconds here.
"$program" train cnn-2conv-bn -d ./images --set layers.dense_2.units=3 -b 192 -e 1 --name slow >/dev/null 2>&1 &
slow=$!
wait_for test -e "$WEFT_RUNS/slow-1/weights"
kill -INT "$slow"
sleep 0.05
kill -INT "$slow"
wait "$slow"
status=$?
call='weft train, interrupted twice'
exits 130
check 'nothing more was written' test ! -e "$WEFT_RUNS/slow-1/checkpoint/last.ckpt"
weft runs list slow --json
json_is 'd["runs"][0]["status"]' abandoned

# A terminal that closes may say so twice: the run is saved all the same.
"$program" train cnn-2conv-bn -d ./images --set layers.dense_2.units=3 -b 32 -e 9 --validation 0.2 \
    --set training.test_weights=best --name closed >/dev/null 2>&1 &
closed=$!
wait_for test -e "$WEFT_RUNS/closed-1/weights"
kill -HUP "$closed"
sleep 0.05
kill -HUP "$closed"
wait "$closed"
status=$?
call='weft train, hung up twice'
exits 130
check 'the run was saved' test -e "$WEFT_RUNS/closed-1/checkpoint/last.ckpt"
weft runs list closed --json
json_is 'd["runs"][0]["status"]' interrupted
check 'there was no best epoch yet' test ! -e "$WEFT_RUNS/closed-1/weights/best.safetensors"
weft predict "$WEFT_RUNS/closed-1" images/t10k-images-idx3-ubyte --top 1 --json
exits 0
json_is 'len(d["predictions"])' 60

weft train tiny.yaml -d ./images -e 100000 --name late --max-time 0.3s --json
exits 75
json_is 'd["error"]["code"]' time
json_is 'd["error"]["hint"].startswith("weft train --resume ")' True
make_images others 12 60 30
sed 's|/images|/others|' "$WEFT_RUNS/late-1/config.yaml" >config && mv config "$WEFT_RUNS/late-1/config.yaml"
weft train --resume "$WEFT_RUNS/late-1"
exits 4
err_like '*was begun on other data*'

# ---- judging and predicting ----
weft evaluate "$run" --json
exits 0
json_is 'd["evaluation"]["accuracy"]' "$(/usr/bin/python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["accuracy"])' "$run/test.json")"
json_is 'len(d["test_hash"])' 64
weft evaluate "$run" --tta flip,shift --json
json_is 'd["test_time_augmentation"]' "{'averaged': 'flip,shift', 'views': 10}"
weft evaluate "$run" --tta flip
out_like 'tiny-1 on*means over 2 views of each image (flip)*accuracy 0.*'
weft evaluate "$run" --tta flop
exits 2
weft train tiny.yaml -d ./images -e 2 --name averaged -q --set training.ema.decay=0.9 \
    --set 'training.augmentation=[random_flip, mixup]' --set training.test_time_augmentation=flip
exits 0
averaged=$WEFT_RUNS/averaged-1
check 'the test says what it is a mean of' grep -A1 '"test_time_augmentation": {' "$averaged/test.json"
check 'ema in the configuration' grep -A1 '  ema:$' "$averaged/config.yaml"
weft evaluate "$averaged" --json
json_is 'd["test_time_augmentation"]["views"]' 2
json_is 'd["evaluation"]["accuracy"]' "$(/usr/bin/python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["accuracy"])' "$averaged/test.json")"
weft evaluate "$averaged" --tta none --json
json_is '"test_time_augmentation" in d' False
weft evaluate "$run" --precision bfloat16
out_like 'tiny-1 on*accuracy 0.*'
weft evaluate "$run"
out_like 'tiny-1 on the test images of images*accuracy 0.*class *precision*macro*weighted*Confusion*'
out_like '*figure * 95 % interval*accuracy * 0.* to *log loss * to *macro AUC *2,000 resamples*class * AUC * AP *'
weft evaluate "$run" --resamples 500 --curves curves --json
exits 0
json_is 'd["evaluation"]["intervals"]["resamples"]' 500
json_is 'all(d["evaluation"]["intervals"][k][0] <= d["evaluation"][k] <= d["evaluation"]["intervals"][k][1]
    for k in ("accuracy", "balanced_accuracy", "mcc", "kappa", "loss"))' True
same "$(/usr/bin/python3 - curves <<'END'
import csv, sys
read = lambda name: list(csv.DictReader(open(f"{sys.argv[1]}/{name}.csv")))
points = [(float(r["false_positive_rate"]), float(r["true_positive_rate"])) for r in read("roc") if r["class"] == "1"]
steps = [(float(r["recall"]), float(r["precision"])) for r in read("pr") if r["class"] == "1"]
area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(points, points[1:]))
precision = sum((a[0] - b[0]) * a[1] for a, b in zip(steps, steps[1:]))
rows = [r for r in read("calibration") if r["class"] == "predicted"]
images = [int(r["images"]) for r in rows]
error = sum(n * abs(float(r["share"]) - float(r["probability"])) for n, r in zip(images, rows)) / sum(images)
print(*(round(x, 9) for x in (area, precision, error)), sum(images))
END
)" "$(json '" ".join(str(round(x, 9)) for x in (d["evaluation"]["classes"][1]["auc"],
    d["evaluation"]["classes"][1]["average_precision"], d["evaluation"]["ece"], d["evaluation"]["count"]))')"
same "$(cd curves && echo *) $(cut -d, -f1 curves/roc.csv | uniq | tr '\n' ' ')" \
    'calibration.csv pr.csv roc.csv class 0 1 2 micro '
weft evaluate "$run" --resamples 0 --json
json_is 'd["evaluation"]["intervals"]' None
json_is 'json.load(open("'"$run"'/test.json"))["intervals"]["resamples"]' 10000
weft evaluate "$run" --curves "$run/test.json"
exits 1
weft evaluate tiny --dataset ./others
exits 0
weft evaluate tinny
exits 2
err_like '*tinny*'
cp -r "$run" broken
printf 'x' >broken/weights/last.safetensors
cp broken/weights/last.safetensors broken/weights/best.safetensors
weft evaluate ./broken
exits 4
cp "$WEFT_RUNS/gru-128-1/weights/last.safetensors" broken/weights/last.safetensors
cp broken/weights/last.safetensors broken/weights/best.safetensors
weft evaluate ./broken
exits 4

/usr/bin/python3 - <<'END'
# An RGB PNG of 20 x 16 pixels, by hand.
import struct, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\0" + bytes((y // 3 % 2 * 200, 10, 20)) * 20 for y in range(16))
open("rows.png", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 20, 16, 8, 2, 0, 0, 0))
                             + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
END
weft predict "$run" rows.png --top 2
exits 0
out_like 'rows.png: [012] 0.[0-9]*, [012] [01].[0-9]*'
err_like '*12x12*'
weft predict "$run" rows.png images/t10k-images-idx3-ubyte --json -k 9
exits 0
json_is 'len(d["predictions"]), len(d["predictions"][60]["classes"])' '(61, 3)'
json_is '[round(sum(c["probability"] for c in p["classes"]), 3) for p in d["predictions"]] == [1] * 61' True
same "$(json '[p["classes"][0]["class"] for p in d["predictions"][1:]]')" \
    "$(awk -F, 'NR > 1 { printf "%s%s", (NR > 2 ? ", " : "["), $3 } END { print "]" }' "$run/predictions.csv")"
weft predict "$run" rows.png --tta flip,shift --json
json_is 'd["test_time_augmentation"]["views"], round(sum(c["probability"] for c in d["predictions"][0]["classes"]), 3)' \
    '(10, 1.0)'
weft predict "$run" nowhere.png
exits 3
weft predict "$run" tiny.yaml
exits 3
head -c 60 rows.png >cut.png
weft predict "$run" cut.png
exits 3
err_like 'weft: cut.png*'

# ---- lists ----
weft runs
exits 0
out_like 'run *status *tiny-1 *finished *2/2*tiny-2 *late-1 *interrupted *'
weft runs show tiny-1
exits 0
out_like 'tiny-1 (finished)*model *tiny*epoch *loss*'
weft runs show tiny-1 --json
json_is 'len(d["epochs"]), d["run"]["status"]' "(2, 'finished')"
weft runs show nothing
exits 2
weft runs drop
exits 2

# ---- a step's time ----
weft bench tiny.yaml --dataset ./images --batch-size 16 --precision float32 --threads 2 --seconds 0.1 --json
exits 0
json_is 'd["mode"], d["batch_size"], d["precision"], d["threads"], d["steps"] > 0, d["ms_per_step"] > 0' \
    "('train', 16, 'float32', 2, True, True)"
weft bench tiny.yaml --dataset ./nowhere --seconds 0.05
exits 0
out_like 'tiny: * ms per step of 16 images*random images*'
weft bench tiny.yaml --dataset ./images --inference --batch-size 1 --seconds 0.05
exits 0
out_like 'tiny: * us per call of 1 image *'
weft bench tiny.yaml --dataset ./images --inference --batch-size 16 --seconds 0.05 --json
exits 0
json_is 'd["mode"], d["batch_size"], d["steps"] > 0, d["ms_per_step"] > 0' "('inference', 16, True, True)"
weft bench tiny.yaml --dataset ./images --batch-size 16 --threads 2 --seconds 0.1 --roofline
exits 0
out_like 'tiny: * ms per step of 16 images, * times *Ceilings, 2 threads*waiting for workers*whole*'
weft bench tiny.yaml --dataset ./images --batch-size 16 --threads 2 --seconds 0.1 --roofline --json
exits 0
json_is 'd["mode"], abs(sum(r["ms"] for r in d["rows"]) + d["waiting_ms"] + d["between_phases_ms"] - d["ms_per_step"]) < 0.02 * d["ms_per_step"], d["rows"][-1]["pass"], min(d["ceilings"].values()) > 0' \
    "('train', True, 'update', True)"

weft train tiny.yaml -d ./images --splits "$run/splits.csv" --limit 10 -e 1
exits 2
err_like 'weft: --splits *says which images are for training*leave --limit and --validation out'
# stopped by Ctrl-C
timeout --preserve-status -s INT 1 "$program" bench tiny.yaml --dataset ./images --seconds 60 >/dev/null 2>&1
same $? 130

# an image has three axes, whoever makes it
printf 'name: flat\ninput: [20000]\nlayers: [dense: {units: 2, activation: softmax}]\n' >flat.yaml
weft bench flat.yaml --seconds 0.05
exits 2
err_like '*images are (1, 20000, 1), model flat takes (20000,)*'

# ---- what is chosen is chosen on validation images ----
weft train tiny.yaml --dataset ./images --set training.test_weights=best --validation 0
exits 2
err_like 'weft: test_weights: best is the best epoch on validation, but nothing is set aside for it
      give validation: 0.2, or test_weights: last'

finish
