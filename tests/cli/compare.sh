#!/bin/bash
# Comparing: what is trained already is not trained again, what was stopped goes on.
. "$(dirname -- "$0")/lib.sh"

make_images images 8 90 30
model() { # NAME UNITS
    printf 'name: %s\ninput: [8, 8, 1]\nlayers:\n  - rows\n  - lstm: {units: %s}\n' "$1" "$2"
    printf '  - dense: {units: 3, activation: softmax}\ntraining: {epochs: 2, batch_size: 10}\n'
}
mkdir models
model small 4 >models/small.yaml
model wide 9 >models/wide.yaml

compare=(compare small wide --dataset ./images --seeds 2)
weft "${compare[@]}"
exits 0
out_like '*small*wide*Which differences are real?*\(seed 0\)*speaks for seed 0 only*Welch*speaks for seed noise only*report: */runs/comparison/comparison.html'
for file in comparison.md comparison.csv comparison-pairs.csv comparison.json comparison.html; do
    check "$file was written" test -s "$WEFT_RUNS/comparison/$file"
done
same "$(cd "$WEFT_RUNS" && echo *-[0-9])" 'small-1 small-2 wide-1 wide-2'

weft "${compare[@]}" --json --output there
exits 0
err_is 'small-1: trained already
small-2: trained already
wide-1: trained already
wide-2: trained already'
json_is 'd["schema_version"], d["html"]' "(1, 'there/comparison.html')"
same "$(cd "$WEFT_RUNS" && echo *-[0-9])" 'small-1 small-2 wide-1 wide-2'

# Side by side: the same weights; which of two seeds makes its folder first is left to chance.
weft "${compare[@]}" --runs together --jobs 2 --threads 2
exits 0
err_like '2 side by side, with 1 of 2 threads each
*4 of 4*'
for model in small wide; do
    same "$(sha256sum together/$model-?/weights/last.safetensors | cut -c 1-64 | sort)" \
        "$(sha256sum "$WEFT_RUNS"/$model-?/weights/last.safetensors | cut -c 1-64 | sort)"
done

# What only describes a model makes no other run; another configuration does, and so do other data.
sed -i '1a source: a book\nclaim: {text: accuracy .5, accuracy: 0.5, note: it may be more}' models/small.yaml
weft compare small --dataset ./images --page page.md
exits 0
err_is 'small-1: trained already'
check 'the page has the note' grep -q '^- small: it may be more$' page.md
weft compare small --dataset ./images -e 1 -q
check 'other epochs' test -d "$WEFT_RUNS/small-3"
weft compare small --dataset ./images --limit 30 -q
check 'other limit' test -d "$WEFT_RUNS/small-4"
make_images images 8 96 30
weft compare small --dataset ./images -q
check 'other data' test -d "$WEFT_RUNS/small-5"

# Stopped and called again.
weft compare small --dataset ./images --epochs 30000 --max-time 0.3s
exits 75
check 'a run was begun' test -s "$WEFT_RUNS/small-6/checkpoint/last.ckpt"
epochs=$(wc -l <"$WEFT_RUNS/small-6/metrics.csv")
weft compare small --dataset ./images --epochs 30000 --max-time 0.3s
exits 75
check 'the same run went on' test "$(wc -l <"$WEFT_RUNS/small-6/metrics.csv")" -gt "$epochs"
check 'no other was begun' test ! -e "$WEFT_RUNS/small-7"

# Runs by id and folder, forms, results and page.
weft compare small-1 "$WEFT_RUNS/wide-1" --format csv --results results --page docs/results.md
exits 0
out_like '*small*wide*'
same "$(ls results)" 'small-seed0.json
wide-seed0.json'
check 'the page names its command' grep -q 'weft compare small-1 .*--page docs/results.md' docs/results.md
check 'the page has both' sh -c 'grep -q small docs/results.md && grep -q wide docs/results.md'

# Each command has its own section of a page; a second call replaces it where it stands.
printf 'Own words.\n\n# Results of old\n\nStay.\n' >page-of-many.md
weft compare small-1 wide-1 --page page-of-many.md
exits 0
printf '\n# Last\n\nStays, too.\n' >>page-of-many.md
weft compare small-1 --page page-of-many.md
exits 0
same "$(grep '^# ' page-of-many.md)" '# Results of old
# Results
# Last'
same "$(grep -c 'made by' page-of-many.md)" 1
check 'the section is the second one' grep -q 'weft compare small-1 --page' page-of-many.md
check 'the section of before is gone' sh -c '! grep -q wide page-of-many.md'
same "$(head -n 5 page-of-many.md)" 'Own words.

# Results of old

Stay.'
same "$(tail -n 4 page-of-many.md)" '
# Last

Stays, too.'
for name in bilstm-strong renet sequencer2d crnn-strong; do model "$name" 3 >"models/$name.yaml"; done
weft compare --suite strong --dataset ./images --page page-of-many.md
exits 0
same "$(grep '^# ' page-of-many.md)" '# Results of old
# Results
# Last
# Strong recurrent models'
/usr/bin/python3 -c 'import json; d = json.load(open("results/wide-seed0.json"))
assert len(d["epochs"]) == 2 and d["description"]["model"] == "wide" and d["test"]["count"] == 30'
verdict 'a result has description, epochs and test' $?
weft compare small-1 wide-1 --format markdown
out_like '*|*small*|*'
weft compare smal
exits 2
err_like 'weft: there is no model "smal"*small*'
weft compare
exits 2
weft compare --suite report
exits 2

# A suite that was stopped at once on the real data, if they are here.
if [ -d /usr/share/datasets/fashion-mnist ]; then
    weft compare --suite reports --max-time 0.01s --limit 64 -e 1
    exits 75
    weft train cnn-16 --limit 320 -e 1 --set training.batch_size=64
    exits 0
    err_like 'cnn-16-*: cnn-16 on fashion-mnist, 320 training and 12000 validation images, seed 0*'
    out_like 'test: accuracy 0.*report: *'
fi

# Times of runs with other numbers of threads do not compare, and it says so.
weft train small --dataset ./images --threads 1 --name one -q
weft train wide --dataset ./images --threads 2 --name two -q
weft compare one-1 two-1
out_like '*were trained with 1 to 2 threads: their times do not compare the models*'
weft compare one-1 --threads 2 --page share.md
check 'a page says what share of the threads a run had' \
    grep -qx 'No run had more than 1 of the 2 threads: times are those of such a share.' share.md
weft compare two-1 --threads 2 --page whole.md
check 'or nothing, where it had all' sh -c '! grep -q "a share" whole.md'

# Elsewhere, from the results alone: the same table, the same results, a report, nothing trained.
weft compare small wide --dataset ./images --seeds 2 --results kept --format csv
exits 0
table=$out
cp -r kept before
weft compare small wide --dataset ./images --seeds 2 --results kept --format csv --runs elsewhere
exits 0
same "$out" "$table"
err_like 'small-1: trained already
small-2: trained already
wide-1: trained already
wide-2: trained already
*small-1: no mistakes: run small-1: has no predictions.csv*'
check 'results stay as they were' diff -r before kept
check 'there is a report' test -s elsewhere/comparison/comparison.html
weft compare small wide --dataset ./images --seeds 2 --results kept --runs elsewhere -q
same "$(cd elsewhere && echo *-[0-9])" 'small-1 small-2 wide-1 wide-2'
weft evaluate small-1 --runs elsewhere
check 'weights are gone' test "$status" != 0
err_like '*weights*'
# another recipe's result is none, and has a file of its own; a damaged file is an error
weft compare small --dataset ./images -e 1 --results kept --runs elsewhere -q
exits 0
epochs_of() { /usr/bin/python3 -c 'import json, sys; print(*(len(json.load(open(f))["epochs"]) for f in sys.argv[1:]))' "$@"; }
same "$(epochs_of kept/small-seed0.json kept/small-????????-seed0.json)" '2 1'
rm -r elsewhere
weft compare small --dataset ./images -e 1 --results kept --runs elsewhere
exits 0
err_like '*small-1: trained already*'
# where the data lie does not matter, as long as they are the same
cp -r images moved
weft compare small --dataset ./moved -e 1 --results kept --runs fourth
exits 0
err_like '*small-1: trained already*'
# a model that is named twice is trained once
weft compare wide wide --dataset ./moved --results kept --runs fifth --format csv
exits 0
same "$(cd fifth && echo *-[0-9])" wide-1
# a failure keeps the page and the comparison of those that could be trained
weft compare small --dataset ./images -e 1 --results kept --runs elsewhere --page page.md -q
exits 0
cp page.md before.md
weft compare small wide --dataset ./images -e 1 --runs elsewhere --page page.md -q \
    --set 'training.early_stopping={monitor: val_loss}' --validation 0
exits 2
check 'the page stays' cmp page.md before.md
/usr/bin/python3 -c 'import json
d = json.load(open("kept/wide-seed0.json")); d["test"] = {}; json.dump(d, open("kept/wide-seed0.json", "w"))'
weft compare wide --dataset ./images --results kept --runs third -q
exits 3
err_like '*kept/wide-seed0.json: "test": *remove the file*'
check 'nothing is left of it' test ! -e third/wide-1
/usr/bin/python3 -c 'import json
d = json.load(open("kept/wide-seed0.json")); del d["test"]; json.dump(d, open("kept/wide-seed0.json", "w"))'
weft compare wide --dataset ./images --results kept --runs third -q
exits 3
err_like '*kept/wide-seed0.json: a result must have*'
echo '{' >kept/wide-seed0.json
weft compare wide --dataset ./images --results kept --runs third -q
exits 3
err_like '*kept/wide-seed0.json*'

finish
