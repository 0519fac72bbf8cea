#!/bin/bash
# weft compare --suite outfits on tiny sets and tiny models: tables, verdict, the Bayes decision, going on, refusing.
. "$(dirname -- "$0")/lib.sh"

# Models of the same names with hardly anything in them; weft looks into ./models first.
mkdir models
trunk='  - average_pool2d: {pool_size: 8}
  - flatten
  - dense: {name: hidden, units: 12, activation: relu}
  - dropout: {rate: 0.1}'
recipe='training: {epochs: 3, batch_size: 16, validation: 0.25, optimizer: {adam: {learning_rate: 0.01}}'
model() { # NAME LAYERS REST
    printf 'name: %s\ninput: [64, 64, 1]\nclasses: 10\nlayers:\n%s\n%s\n%s%s}\n' "$1" "$trunk" "$2" "$recipe" "$3" \
        >"models/$1.yaml"
}
model outfits-sigmoid '  - dense: {units: 10, activation: sigmoid}' ', loss: binary_crossentropy, thresholds: subset'
model outfits-pairs '  - dense: {units: 10}
  - label_sets
  - softmax' ''
model outfits-cnn-rnn '  - dense: {name: image, units: 8}
  - repeat_vector: {name: image_at_each_step, n: 11}
  - label_input: {length: 11, classes: 10}
  - embedding: {name: label_embedding, input_dim: 12, output_dim: 8}
  - add: {inputs: [label_embedding, image_at_each_step]}
  - tied_dense: {to: label_embedding, units: 11, activation: softmax}' ''

study() {
    weft compare --suite outfits --count 120 --test-count 40 --classifier-count 160 --classifier-epochs 2 --epochs 1 \
        --threads 2 --jobs 2 "$@"
}

# ---- the whole ----
study --seeds 2 --results results --page page.md -o out
exits 0
out_like 'The claim that the CNN-RNN gains from what labels say about each other is*
Gains, points of subset accuracy (95% interval)
model            over                      dependence 0 *
outfits-pairs    outfits-sigmoid *
Dependence 0.5, 40 test canvases
model *
bayes * 2 *
written to out: outfits.md, .csv and .json; results: results'
err_like '*composing *runs/outfits/sets/outfits-0-120-40-seed0*outfits-classifier-1: outfits-sigmoid on outfits-0-160-100-seed1*side by side*dependence 0, outfits-sigmoid, seed 1*'
same "$(ls "$WEFT_RUNS/outfits/sets" | tr '\n' ' ')" \
    'outfits-0-120-40-seed0 outfits-0-160-100-seed1 outfits-0.5-120-40-seed0 outfits-1-120-40-seed0 outfits-2-120-40-seed0 '
same "$(ls results | tr '\n' ' ')" 'dependence-0 dependence-0.5 dependence-1 dependence-2 '
same "$(ls results/dependence-0.5 | tr '\n' ' ')" "bayes-seed0.json bayes-seed1.json outfits-cnn-rnn-seed0.json \
outfits-cnn-rnn-seed1.json outfits-cnn-rnn-shuffled-seed0.json outfits-cnn-rnn-shuffled-seed1.json \
outfits-cnn-rnn-zero-seed0.json outfits-cnn-rnn-zero-seed1.json outfits-pairs-seed0.json outfits-pairs-seed1.json \
outfits-sigmoid-seed0.json outfits-sigmoid-seed1.json "
same "$(ls -d "$WEFT_RUNS"/outfits-*-1 | wc -l) $(ls -d "$WEFT_RUNS"/outfits-cnn-rnn-zero-0.5-?)" \
    "21 $WEFT_RUNS/outfits-cnn-rnn-zero-0.5-1
$WEFT_RUNS/outfits-cnn-rnn-zero-0.5-2"
check 'the ablation is one' grep -q 'feedback: zero' "$WEFT_RUNS/outfits-cnn-rnn-zero-2-1/config.yaml"
check 'and the other' grep -q 'feedback: shuffled' "$WEFT_RUNS/outfits-cnn-rnn-shuffled-2-1/config.yaml"
classifiers=$(sha256sum "$WEFT_RUNS"/outfits-classifier-?/weights/last.safetensors | cut -d ' ' -f 1 | sort)
same "$(sed -n 's/^pretrained_sha256: //p' "$WEFT_RUNS"/outfits-*/config.yaml | sort | uniq -c | awk '{ print $1, $2 }')" \
    "$(printf '20 %s\n' $classifiers)"
check 'a section of the page' grep -q '^# Outfits: what a network gains' page.md
check 'what made it' grep -q -- '--suite outfits --count 120' page.md
check 'a table of each dependence' test "$(grep -c '^## Dependence ' page.md)" -eq 4

# Every figure again, from the results alone.
cat >again.py <<'EOF'
import csv, json, pathlib, sys
results, out = map(pathlib.Path, sys.argv[1:3])
study = json.loads((out / "outfits.json").read_text())
rows = {(r["model"], float(r["dependence"]), int(r["seed"])): r for r in csv.DictReader(open(out / "outfits.csv"))}
right = {}
for path in results.glob("*/*.json"):
    d = json.loads(path.read_text())
    o, test = d["outfits"], d["test"]
    bits = [int(b) for digit in o["right"] for b in f"{int(digit, 16):04b}"][:o["images"]]
    where = o["model"], o["dependence"], o["seed"]
    assert path.name == f"{o['model']}-seed{o['seed']}.json" and path.parent.name == f"dependence-{o['dependence']:g}"
    assert abs(sum(bits) / len(bits) - test["subset_accuracy"]) < 1e-12 and len(bits) == 40
    row = rows[where]
    for key, value in (("subset_accuracy", test["subset_accuracy"]), ("c_f1", test["macro"]["f1"]),
                       ("o_p", test["micro"]["precision"]), ("map", test["macro"]["average_precision"]),
                       ("set_log_likelihood", test["set_log_likelihood"])):
        assert abs(float(row[key]) - value) < 1e-12, (where, key)
    assert float(row["small_object_recall"]) >= 0 and float(row["decoding_ms"]) > 0
    right[where] = bits
seeds = sorted({s for _, _, s in right})
assert len(rows) == len(right) == 24 * len(seeds)
assert study["verdict"]["supported"] in (True, False, None) and len(study["verdict"]["conditions"]) == 5
for g in study["gains"]:
    gains = [sum(right[g["model"], g["dependence"], s]) - sum(right[g["over"], g["dependence"], s]) for s in seeds]
    assert abs(sum(gains) / len(seeds) / 40 - g["gain"]["value"]) < 1e-12
    assert g["gain"]["low"] <= g["gain"]["value"] <= g["gain"]["high"]
for table in study["tables"]:
    for row in table["rows"]:
        mean = sum(sum(right[row["model"], table["dependence"], s]) for s in seeds) / 40 / len(seeds)
        assert abs(row["figures"]["subset_accuracy"]["mean"] - mean) < 1e-12 and row["seeds"] == len(seeds)
print("all of it", len(right))
EOF
same "$(/usr/bin/python3 again.py results out 2>&1)" 'all of it 48'

# what the pairwise model has learned of labels, out of its weights
cat >interactions.py <<'EOF'
import json, pathlib, struct, sys
runs = pathlib.Path(sys.argv[1])
names = (runs / "outfits/sets/outfits-0-120-40-seed0/classes.txt").read_text().split("\n")[:10]
pairs = [f"{a}|{b}" for i, a in enumerate(names) for b in names[i + 1:]]
of = {}
for run in runs.glob("outfits-pairs-*"):
    raw = (run / "weights/last.safetensors").read_bytes()
    size, = struct.unpack("<Q", raw[:8])
    first, end = json.loads(raw[8:8 + size])["label_sets/interactions"]["data_offsets"]
    config = (run / "config.yaml").read_text()
    where = run.name.split("-")[2], config.split("seed: ")[1].split()[0]
    of[where] = dict(zip(pairs, struct.unpack("<45f", raw[8 + size + first:8 + size + end])))
for (dependence, seed), values in of.items():
    kept = json.load(open(f"results/dependence-{dependence}/outfits-pairs-seed{seed}.json"))["outfits"]["interactions"]
    assert kept.keys() == values.keys() and all(abs(kept[k] - values[k]) < 1e-6 for k in kept)
means = {k: [sum(of[d, s][k] for s in "01") / 2 for d in ("0", "0.5", "1", "2")] for k in pairs}
told = json.load(open("out/outfits.json"))["look_alikes"]
assert [one["labels"] for one in told] == sorted(pairs, key=lambda k: means[k][0])[:8]
assert all(abs(a - b) < 1e-6 for one in told for a, b in zip(one["interactions"], means[one["labels"]]))
first, second = told[0]["labels"].split("|")
assert f"| {first}, {second} | {told[0]['interactions'][0]:.2f} |" in pathlib.Path("page.md").read_text()
print("all of them", len(of))
EOF
same "$(/usr/bin/python3 interactions.py "$WEFT_RUNS" 2>&1)" 'all of them 8'

# ---- the Bayes decision ----
sets=$WEFT_RUNS/outfits/sets
set=$sets/outfits-1-120-40-seed0
weft evaluate outfits-classifier-1 -d "$set" --prior "$set/distribution.json" --json
exits 0
bayes=$(/usr/bin/python3 -c 'import json; t = json.load(open("results/dependence-1/bayes-seed0.json"))["test"]
print(t["subset_accuracy"], t["set_log_likelihood"])')
json_is '" ".join(str(d["evaluation"][k]) for k in ("subset_accuracy", "set_log_likelihood"))' "$bayes"
# where labels are independent, it takes each from one half on
weft evaluate outfits-classifier-2 -d "$sets/outfits-0-120-40-seed0" --json
exits 0
json_is '[(lambda b, e: (b["subset_accuracy"] == e["subset_accuracy_at_half"],
    abs(b["set_log_likelihood"] - e["set_log_likelihood"]) < 1e-5))(
    __import__("json").load(open("results/dependence-0/bayes-seed1.json"))["test"], d["evaluation"])]' '[(True, True)]'
weft evaluate outfits-sigmoid-1-1 --prior "$set/distribution.json"
exits 2
err_is 'weft: --prior: run outfits-sigmoid-1-1 was trained on labels of dependence 1, must be 0
      what one label says about another would count twice'
weft evaluate outfits-pairs-0-1 --prior "$set/distribution.json"
exits 2
err_like 'weft: model outfits-pairs tells sets of labels as a whole, a distribution of sets is for*'
weft evaluate outfits-sigmoid-0-1 --prior none.json
differ "$status" 0
err_like 'weft: *none.json*'

# ---- going on ----
cp out/outfits.csv before.csv
rm -r "$WEFT_RUNS"
study --seeds 2 --results results -o out
exits 0
check 'results are enough: no run' test "$(ls "$WEFT_RUNS")" = outfits
check 'and the same figures' cmp out/outfits.csv before.csv
rm results/dependence-1/outfits-pairs-seed1.json
study --seeds 2 --results results -o out --json
exits 0
same "$(ls -d "$WEFT_RUNS"/outfits-*-1)" "$WEFT_RUNS/outfits-classifier-1
$WEFT_RUNS/outfits-pairs-1-1"
json_is 'len(d["tables"]), d["tables"][2]["rows"][1]["model"], d["tables"][2]["rows"][1]["seeds"]' \
    "(4, 'outfits-pairs', 2)"
times() { /usr/bin/python3 -c 'import csv, sys
for r in csv.DictReader(open(sys.argv[1])): print([v for k, v in r.items() if k not in ("training_s", "decoding_ms")])' "$1"; }
same "$(times out/outfits.csv)" "$(times before.csv)"
# without the classifier's weights the decision is made by training it again
rm results/dependence-2/bayes-seed0.json
study --seeds 2 --results results -o out
exits 0
same "$(ls -d "$WEFT_RUNS"/*-1 | wc -l)" 2
same "$(times out/outfits.csv)" "$(times before.csv)"
study --seeds 1 --results results -o one --format csv
exits 0
same "$(printf '%s\n' "$out" | wc -l)" 25
# a result of an older weft, which did not know a key, is still one
sed -i 's/\\n    test_time_augmentation: none//' results/dependence-0/outfits-sigmoid-seed0.json
check 'the key is gone' sh -c '! grep -q test_time_augmentation: results/dependence-0/outfits-sigmoid-seed0.json'
study --seeds 1 --results results -o one
exits 0
err_is ''
# what is of another configuration counts for nothing
study --seeds 1 --results results --batch-size 8 --max-time 0.001 -o never
exits 75
err_like '*results/dependence-0/outfits-sigmoid-seed0.json is of another configuration or other data*the same call goes on*'
check 'nothing is told before its end' test ! -e never

# ---- bad use ----
weft compare --suite outfits outfits-sigmoid
exits 2
err_like 'weft: --suite outfits has its own models, outfits-sigmoid is one more*'
weft compare outfits-sigmoid --count 100
exits 2
err_like 'weft: --count, --test-count, --classifier-count and --classifier-epochs are of --suite outfits*'
echo '{' >results/dependence-0/bayes-seed0.json
study --seeds 1 --results results
exits 3
err_like 'weft: *bayes-seed0.json*'

finish
