#!/bin/bash
# Cross-validation: folds, figures, what is stopped goes on, side by side gives the same.
. "$(dirname -- "$0")/lib.sh"

make_images images 8 91 30
model() { # NAME UNITS [MORE]
    printf 'name: %s\ninput: [8, 8, 1]\nlayers:\n  - rows\n  - lstm: {units: %s}\n' "$1" "$2"
    printf '  - dense: {units: 3, activation: softmax}\ntraining: {epochs: 2, batch_size: 10%s}\n' "${3:-}"
}
mkdir models
model small 4 >models/small.yaml
model wide 9 ', validation: 0.2' >models/wide.yaml

cv=(cv small wide --dataset ./images --folds 3 --repeats 2 --seed 5)
weft "${cv[@]}" --jobs 1
exits 0
out_like 'Model *Folds *Accuracy*95% interval*small *6 of 6 *wide *6 of 6 *small against wide*written to *'
err_like 'small, repeat 0, fold 0: accuracy 0.* in * - 1 of 12, * left
wide, repeat 0, fold 0: *14 of 14'
cd "$WEFT_RUNS" || exit 1
same "$(echo small*)" 'small-final-1 small-r0f0-1 small-r0f1-1 small-r0f2-1 small-r1f0-1 small-r1f1-1 small-r1f2-1'
same "$(echo ./*/test.json)" './small-final-1/test.json ./wide-final-1/test.json'
same "$(ls cross-validation)" 'cv.csv
cv.html
cv.json
cv.md
folds-3-seed5-limit0-repeat0.csv
folds-3-seed5-limit0-repeat1.csv
folds.csv'
# The runs hold out what the file of folds says, and train on the rest; a recipe that chooses nothing by
# validation images needs none.
/usr/bin/python3 - <<'END'
import csv, json
rows = lambda name: list(csv.DictReader(open(name)))
for repeat in 0, 1:
    fold_of = {r["index"]: r["fold"] for r in rows(f"cross-validation/folds-3-seed5-limit0-repeat{repeat}.csv")}
    assert len(fold_of) == 91
    for model in "small", "wide":
        for fold in "0", "1", "2":
            run = f"{model}-r{repeat}f{fold}-1/"
            parts = {r["index"]: r["part"] for r in rows(run + "splits.csv")}
            held_out = [i for i in fold_of if fold_of[i] == fold]
            assert parts == {i: "held_out" if f == fold else "train" for i, f in fold_of.items()}
            predictions = rows(run + "predictions.csv")
            assert sorted(r["index"] for r in predictions) == sorted(held_out)
            right = sum(r["label"] == r["predicted"] for r in predictions)
            judged = json.load(open(run + "fold.json"))
            assert judged["count"] == len(held_out) and judged["accuracy"] == right / len(held_out)
            assert judged["held_out"] == "used once, after training"
            assert json.load(open(run + "description.json"))["fold"] == {
                "folds": 3, "repeat": repeat, "fold": int(fold)}
END
verdict 'runs and folds belong together' $?
check 'the last training uses all images' test "$(grep -c ',train$' small-final-1/splits.csv)" = 91
check 'and none for validation' test "$(grep -c ',train$' wide-final-1/splits.csv)" = 91
cd "$work" || exit 1
weft evaluate small-r0f1-1 --json
exits 0
weft train --resume small-r0f1-1
exits 2
err_like 'weft: run small-r0f1-1: is finished*'

weft "${cv[@]}" --json --page docs/cv.md
exits 0
err_is '12 of 12 are trained already
2 of 14 are trained already'
json_is 'd["folds"], d["repeats"], [m["folds"] for m in d["models"]], len(d["pairs"])' '(3, 2, [6, 6], 1)'
json_is 'all(abs(m["accuracy"]["mean"] - sum(m["accuracy"]["values"]) / 6) < 1e-12 for m in d["models"])' True
check 'the page names its command' grep -q 'weft cv small wide .*--page docs/cv.md' docs/cv.md
figures='[[m[k]["values"] for k in ("accuracy", "macro_f1", "macro_auc")] + [m["test"]] for m in d["models"]]'
alone=$(json "$figures")
differ "$alone" ''

# ---- side by side ----
weft "${cv[@]}" --json --runs together --jobs 2 --threads 2
exits 0
err_like '2 side by side, with 1 of 2 threads each
*'
json_is "$figures" "$alone"
same "$(cat together/{small,wide}-r?f?-1/weights/last.safetensors | sha256sum)" \
    "$(cat "$WEFT_RUNS"/{small,wide}-r?f?-1/weights/last.safetensors | sha256sum)"

# ---- stopped, and called again: as if it had not been stopped ----
long=(cv small wide --dataset ./images --folds 3 --no-final --epochs 40 -q)
weft "${long[@]}" --runs whole
exits 0
weft "${long[@]}" --runs stopped --jobs 2 --threads 2 --max-time 0.05s
exits 75
err_like 'weft: the time is over, * of 6 trainings are not done
      the same call goes on'
"$program" "${long[@]}" --runs stopped --jobs 2 --threads 2 >.out 2>.err &
for _ in {1..200}; do
    [ -s stopped/small-r0f1-1/metrics.csv ] && break
    sleep 0.02
done
kill -INT $!
wait $!
status=$?
call='weft cv, interrupted' err=$(cat .err)
exits 130
err_like 'weft: stopped, * of 6 trainings are not done
      the same call goes on'
weft "${long[@]}" --runs stopped --jobs 2 --threads 2
exits 0
same "$(cat stopped/{small,wide}-r0f?-1/weights/last.safetensors | sha256sum)" \
    "$(cat whole/{small,wide}-r0f?-1/weights/last.safetensors | sha256sum)"
check 'no run was begun twice' test ! -e stopped/small-r0f0-2

# ---- a process that is killed, a model that diverges: the others go on ----
"$program" cv small --dataset ./images --folds 2 --no-final --epochs 100000 --runs killed --jobs 2 --threads 2 \
    >.out 2>.err &
for _ in {1..200}; do
    read -r child other <"/proc/$!/task/$!/children"
    [ -n "${other:-}" ] && [ -s "killed/small-r0f0-1/metrics.csv" ] && break
    sleep 0.02
done
kill -KILL "$child"
for _ in {1..200}; do
    grep -q killed .err && break
    sleep 0.02
done
kill -TERM $!
wait $!
status=$?
call='weft cv, one process killed' err=$(cat .err)
exits 130
err_like '*weft: small, fold *: its process was killed by signal 9 (Killed)*weft: stopped, 1 of 2 trainings*'

# The process that began them is killed: they save and end, and the same call goes on.
endless=(cv small --dataset ./images --folds 2 --no-final --epochs 100000 --runs orphans --jobs 2 --threads 2)
"$program" "${endless[@]}" >.out 2>.err &
for _ in {1..200}; do
    [ -s orphans/small-r0f0-1/checkpoint/last.ckpt ] && [ -s orphans/small-r0f1-1/checkpoint/last.ckpt ] && break
    sleep 0.02
done
kill -KILL $!
wait $! 2>/dev/null
for _ in {1..200}; do
    [ "$(grep -l '"status": "interrupted"' orphans/*/description.json | wc -l)" = 2 ] && break
    sleep 0.05
done
check 'orphans have saved and ended' test "$(grep -l '"status": "interrupted"' orphans/*/description.json | wc -l)" = 2
weft "${endless[@]}" --max-time 0.5s
exits 75
same "$(echo orphans/small*)" 'orphans/small-r0f0-1 orphans/small-r0f1-1'

diverging=(cv small wide --dataset ./images --folds 2 --runs diverged --jobs 1 --set training.optimizer=sgd
           --set training.optimizer.learning_rate=1000 --set training.loss=mean_squared_error
           --set layers.dense.activation=linear)
for _ in 1 2; do # the second time they are known
    weft "${diverging[@]}"
    exits 1
    err_like '*weft: small, fold 0: *weft: wide, fold 1: *weft: small, fold 0: *is not finite (and 3 more failed)*'
    same "$(ls -d diverged/*-r0f* | wc -l) $(grep -l '"error": "diverged"' diverged/*/description.json | wc -l)" '4 4'
done

# ---- validation where the recipe needs it: from the other folds ----
model stops 4 ', validation: 0.25, early_stopping: {patience: 1}' >models/stops.yaml
weft cv stops --dataset ./images --folds 3 --no-final --json
exits 0
json_is '[m["test"] for m in d["models"]]' '[None]'
for fold in 0 1 2; do
    splits=$WEFT_RUNS/stops-r0f$fold-1/splits.csv
    same "$(grep -c held_out "$splits") $(grep -c ,validation "$splits")" \
        "$([ $fold = 0 ] && echo 31 15 || echo 30 15)"
done

# ---- wrong calls ----
weft cv
exits 2
err_like 'weft: weft cv needs models or --suite cnn-lstm*'
weft cv small --folds 1
exits 2
weft cv small small --dataset ./images
exits 2
err_like 'weft: small and small are both named small*'
weft cv small --dataset ./images --folds 40
exits 2
err_like 'weft: 40 folds, but class 0 has 31 images, must be 40 or more*'
weft cv small --suite cnn
exits 2

# ---- the suite of report 004, on the real data if they are here ----
if [ -d /usr/share/datasets/fashion-mnist ]; then
    weft cv --suite cnn-lstm --limit 60 --folds 3 --epochs 1 --no-final --page suite.md -q
    exits 0
    out_like '*More filters? cnn-32 against cnn-16: accuracy *points (95% interval *), d = *, p *, after Holm *'
    same "$(grep -c '^- .*? cnn-.* against cnn-' suite.md)" 10
    check "the report's names for recall and precision" grep -q 'recall and precision, and those are used' suite.md
    same "$(echo "$WEFT_RUNS"/cnn-16*-r0f0-1 | wc -w)" 6
fi

finish
