#!/bin/bash
# Sweeping: every combination, judged on validation images; what was stopped goes on; the best in full.
. "$(dirname -- "$0")/lib.sh"

make_images images 8 90 30
mkdir models
cat >models/small.yaml <<'END'
name: small
input: [8, 8, 1]
layers:
  - rows
  - lstm: {units: 4}
  - dropout: {rate: 0.25}
  - dense: {units: 3, activation: softmax}
training: {epochs: 3, batch_size: 10, validation: 0.2}
END

sweep=(sweep small --dataset ./images --set layers.lstm.units=2,8 --set training.batch_size=10,20 --epochs 2
       --seeds 2)
weft "${sweep[@]}" --jobs 1
exits 0
out_like '*layers.lstm.units*training.batch_size*Seeds*Val accuracy*Best of 4 settings on the validation images:*'
out_like '*Welch*In full: small-1, small-2, 3 epochs at most, test accuracy 0.*'
same "$(cd "$WEFT_RUNS" && ls -d small-sweep-* | wc -l)" 8
check 'no trial was tested' sh -c '! ls "$WEFT_RUNS"/small-sweep-*/test.json'
check 'no trial has predictions' sh -c '! ls "$WEFT_RUNS"/small-sweep-*/predictions.csv'
check 'the best was tested' test -s "$WEFT_RUNS/small-2/test.json"
check 'trials say what they are' grep -qx 'trial: true' "$WEFT_RUNS/small-sweep-3/config.yaml"
for ending in md csv json; do check "$ending" test -s "$WEFT_RUNS/sweep/small.$ending"; done
same "$(wc -l <"$WEFT_RUNS/sweep/small.csv")" 9

# The figures are those of metrics.csv, the best is the best, and by an independent mean.
/usr/bin/python3 - "$WEFT_RUNS" <<'END'
import csv, glob, json, re, statistics, sys
runs = sys.argv[1]
by = {}
for folder in glob.glob(runs + "/small-sweep-*"):
    config = open(folder + "/config.yaml").read()
    key = re.search(r"units: (\d+)", config)[1], re.search(r"batch_size: (\d+)", config)[1]
    by.setdefault(key, []).append(float(list(csv.DictReader(open(folder + "/metrics.csv")))[-1]["val_accuracy"]))
assert len(by) == 4 and all(len(v) == 2 for v in by.values())
rows = json.load(open(runs + "/sweep/small.json"))["rows"]
means = [row["val_accuracy"]["mean"] for row in rows]
assert means == sorted(means, reverse=True)
for row in rows:
    values = by[row["settings"]["layers.lstm.units"], row["settings"]["training.batch_size"]]
    assert abs(row["val_accuracy"]["mean"] - statistics.mean(values)) < 1e-12
    assert abs(row["val_accuracy"]["sd"] - statistics.stdev(values)) < 1e-12
END
verdict 'the table holds what the runs hold' $?

# Again: everything is there. Two at a time: the same figures.
before=$(cat "$WEFT_RUNS/sweep/small.csv")
weft "${sweep[@]}" --json
exits 0
json_is 'len(d["sweeps"][0]["rows"]), d["sweeps"][0]["monitor"], d["sweeps"][0]["rows"][0]["failed"]' \
    "(4, 'val_accuracy', 0)"
same "$(cd "$WEFT_RUNS" && ls -d small-sweep-* | wc -l)" 8
same "$(cat "$WEFT_RUNS/sweep/small.csv")" "$before"
WEFT_RUNS=$work/other weft "${sweep[@]}" --jobs 2 --no-final -q
exits 0
check 'without the best in full' test ! -e other/small-1
same "$(cut -d , -f 1-7 other/sweep/small.csv)" "$(cut -d , -f 1-7 <<<"$before")"

# Stopped and called again.
long=(sweep small --dataset ./images --set layers.lstm.units=2,4 --epochs 20000 --no-final --jobs 1)
WEFT_RUNS=$work/stopped weft "${long[@]}" --max-time 0.4s
exits 75
epochs=$(wc -l <stopped/small-sweep-1/metrics.csv)
WEFT_RUNS=$work/stopped weft "${long[@]}" --max-time 0.4s
exits 75
check 'the same trial went on' test "$(wc -l <stopped/small-sweep-1/metrics.csv)" -gt "$epochs"

# A trial that is stopped by itself does not hide the others.
WEFT_RUNS=$work/halted "$program" sweep small --dataset ./images --set training.epochs=1,200000 --no-final --jobs 1 \
    >halted.out 2>halted.err &
sweep=$!
wait_for test -s halted/small-sweep-2/metrics.csv
touch halted/small-sweep-2/stop || kill "$sweep" # it has not begun: the checks below fail
wait "$sweep"
status=$?
call='weft sweep, a trial stopped'
exits 130
check 'the table is there' grep -q '^Best of .* training.epochs=' halted.out
check 'it says which trial stopped' grep -q 'small, training.epochs=200000' halted.err
check 'so is the file' test "$(wc -l <halted/sweep/small.csv)" -eq 2

# Random draws, another measure, a page, a setting of many layers; a single value is no axis.
weft sweep small --dataset ./images --random 3 --set layers.lstm.units=2..9 --set 'layers.dropout*.rate=0' \
    --set training.optimizer.learning_rate=1e-3..1e-1:log --epochs 1 --monitor val_loss --no-final \
    --output there --page docs/sweep.md
exits 0
out_like '*layers.lstm.units*training.optimizer.learning_rate*Seeds*with val_loss *'
check 'a page' grep -q 'made by.*weft sweep small' docs/sweep.md
check 'three trials' test "$(wc -l <there/small.csv)" -eq 4
check 'no dropout' sh -c '! grep -q "rate: 0.25" "$WEFT_RUNS"/small-sweep-9/config.yaml'

# More columns than a word has bits.
axes=()
{
    printf 'name: deep\ninput: [8, 8, 1]\nlayers:\n  - flatten\n'
    for i in $(seq 30); do
        printf '  - dense: {name: d%s, units: 3}\n' "$i"
        axes+=(--set "layers.d$i.units=3,4")
    done
    printf '  - dense: {units: 3, activation: softmax}\ntraining: {epochs: 1, validation: 0.2}\n'
} >models/deep.yaml
weft sweep deep --dataset ./images --random 2 "${axes[@]}" --no-final
exits 0
out_like 'layers.d1.units  layers.d2.units*layers.d30.units  Seeds*Best of 2 settings*'

# A model's name means a tested run, not a trial.
weft evaluate small
out_like 'small-2 on the test images*'

weft sweep small --dataset ./images --set layers.lstm.units=2..9
exits 2
err_like '*layers.lstm.units: a grid cannot hold a range*--random*'
weft sweep small --dataset ./images --set layers.lstm.unit=2,3
exits 2
err_like '*layer lstm: unknown key "unit"*units*'
weft sweep small --dataset ./images --set layers.lstm.units=2,3 --validation 0
exits 2
err_like '*its recipe keeps no validation images*--validation*'
weft sweep small --dataset ./images
exits 2
err_like '*a sweep needs something to vary*'
weft sweep
exits 2
weft sweep small --suite dropout
exits 2
err_like '*a model or a suite, not both*'

if [ -d /usr/share/datasets/fashion-mnist ]; then
    weft sweep --suite dropout --limit 200 --epochs 1 --no-final --page page.md -q
    exits 0
    check 'both of its networks' sh -c 'grep -q cnn-3conv-leaky page.md && grep -q gru-128 page.md'
    check 'what the report says' grep -q 'Report 002 says' page.md
fi
# a model of a path: the files have its file's name
weft sweep models/small.yaml --dataset ./images --set training.batch_size=10,20 --epochs 1 --no-final -q -o by-path
exits 0
same "$(ls by-path)" 'small.csv
small.json
small.md'
# a flag would be set on top of what is tried
weft sweep small --dataset ./images --set training.epochs=1,2 --epochs 2
exits 2
err_like 'weft: --set training.epochs=1,2: --epochs says otherwise*'

finish
