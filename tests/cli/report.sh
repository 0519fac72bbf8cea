#!/bin/bash
# Reports of stored runs: which runs, what is in the document, the forms.
. "$(dirname -- "$0")/lib.sh"

checker=$source_dir/tests/cli/report_check.py
make_images images 8 90 60
make_images others 8 96 30
model() { # NAME FAMILY LAYER
    printf 'name: %s\nfamily: %s\ninput: [8, 8, 1]\nlayers:\n' "$1" "$2"
    printf '  - %s\n' "${@:3}"
    printf '  - dense: {units: 3, activation: softmax}\ntraining: {epochs: 2, batch_size: 10, validation: 0.2}\n'
}
mkdir models
model small-rnn rnn rows 'lstm: {units: 4}' >models/small-rnn.yaml
model small-cnn cnn 'conv2d: {filters: 3, kernel_size: 3, activation: relu}' flatten >models/small-cnn.yaml

weft compare small-rnn small-cnn --dataset ./images --seeds 2 -q
exits 0
check 'compare writes the report as its page' grep -q 'id="weft-report"' "$WEFT_RUNS/comparison/comparison.html"
check 'a training writes the report of its run' grep -q 'id="weft-report"' "$WEFT_RUNS/small-cnn-1/report.html"

# A name is the latest run and the other seeds of its recipe, an id or a folder is one run.
weft report small-rnn small-cnn --format json
exits 0
out_is 'report: report.json'
checked=$(/usr/bin/python3 "$checker" report.json "$WEFT_RUNS" 2>&1)
same "$checked" '2 models and 1 pairs are as stored'
document() { /usr/bin/python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"; }
same "$(document report.json '[len(m["epochs"]) for m in d["models"]]')" '[2, 2]'
same "$(document report.json 'd["models"][0]["layers"][0]["output"], d["models"][0]["layers"][-1]["settings"]["units"]')" \
    "([8, 8, 1], '3')"
same "$(document report.json 'len(d["answer"]), d["question"]')" \
    "(3, 'Convolutional or recurrent network on images, and at what cost? 2 models, trained and tested on the same images.')"
same "$(document report.json 'd["made"]["commands"]')" \
    "['weft compare small-rnn small-cnn --dataset ./images --seeds 2 -q', 'weft report small-rnn small-cnn --format json']"

weft report small-rnn-2 "$WEFT_RUNS/small-cnn-1" --format json -o two.json --json
exits 0
json_is 'd["schema_version"], d["report"], d["runs"]' "(1, 'two.json', ['small-cnn-1', 'small-rnn-2'])"
same "$(document two.json 'sorted(m["run"] for m in d["models"])')" "['small-cnn-1', 'small-rnn-2']"
same "$(/usr/bin/python3 "$checker" two.json "$WEFT_RUNS" 2>&1)" '2 models and 1 pairs are as stored'

weft report small-cnn --title 'Mine & <yours>'
exits 0
out_is 'report: report.html'
check 'the page has the title, which ends no element' grep -q 'Mine & \\u003cyours>' report.html
check 'the page fetches nothing' /usr/bin/python3 -c '
import re
page = open("report.html").read()
assert "default-src '\''none'\''" in page
assert not re.search(r"<(link|iframe|script)[^>]*(src|href)=", page)'

# Markdown has its pictures beside it.
weft report small-rnn small-cnn --format md -o 'my report.md'
exits 0
out_is 'report: my report.md'
check 'every picture that is linked is a PNG file, and no other is there' /usr/bin/python3 -c '
import pathlib, re, urllib.parse
links = re.findall(r"\]\(([^)]*)\)", open("my report.md").read())
paths = [urllib.parse.unquote(link) for link in links]
assert len(paths) > 8 and all(path.startswith("my report-files/") for path in paths), paths
assert all(open(path, "rb").read(8) == b"\x89PNG\r\n\x1a\n" for path in paths)
assert sorted(paths) == sorted(map(str, pathlib.Path("my report-files").iterdir()))'
same "$(PATH=/nowhere "$program" report small-rnn --format md 2>&1)" \
    "weft: there is no rsvg-convert, which makes the pictures of a report in Markdown
      install Debian's package librsvg2-bin, or write --format html"
check 'and nothing was written' test ! -e report.md

# --all leaves out what was not tested, and says so.
weft cv small-cnn --dataset ./images --folds 2 -q
exits 0
weft train small-cnn --dataset ./images --epochs 30000 --max-time 0.2s -q
exits 75
weft report --all --format json -o all.json
exits 0
same "$(document all.json 'sorted((len(m["epochs"]), m["label"][:20]) for m in d["models"])')" \
    "[(1, 'small-cnn (90 images'), (2, 'small-cnn (72 images'), (2, 'small-rnn')]"
same "$(document all.json 'd["comparison"]["notes"][-1]')" \
    '1 run that is not finished or not tested is left out.'
same "$(document all.json '[(m["model"], m["folds"]) for c in d["cross_validations"] for m in c["models"]]')" "[('small-cnn', 2)]"

# Runs on different data stand side by side, no more.
weft train small-cnn --dataset ./others -q
weft report small-rnn-1 small-cnn-4 -o apart.json
exits 0
same "$(document apart.json 'd["comparison"]["comparable"], len(d["disagreements"]), d["answer"][0]')" \
    "(False, 0, 'No model is called the best here, since the runs were not all tested on the same images.')"

# The suite: what there is of it; none is an error.
weft report --suite reports
exits 2
err_like 'weft: no run in */runs to report: No finished run is stored of these models of the suite: cnn-1conv, *, bilstm-128. weft compare --suite reports trains them.*'
model lenet-5 cnn 'conv2d: {filters: 2, kernel_size: 3, activation: relu}' flatten >models/lenet-5.yaml
weft train lenet-5 --dataset ./images -q
weft report --suite reports --format json
exits 0
same "$(document report.json '[m["label"] for m in d["models"]], d["comparison"]["notes"][0][:80]')" \
    "(['lenet-5'], 'No finished run is stored of these models of the suite: cnn-1conv, lstm-2x128-re')"

# A run without its predictions or its configuration is told as far as it goes.
rm "$WEFT_RUNS/small-cnn-1/predictions.csv" "$WEFT_RUNS/small-cnn-1/config.yaml"
weft report small-cnn-1 --format json
exits 0
err_like '*small-cnn-1: *config.yaml*its layers are left out*'
same "$(document report.json '[d["models"][0][key] for key in ("layers", "roc", "reliability", "predictions")]')" \
    '[[], [], [], None]'

weft report
exits 2
err_like 'weft: weft report needs runs, --suite reports or --all*weft runs list shows them*'
weft report small-cn
exits 2
err_like '*did you mean small-cnn?*'
weft report small-rnn -o nowhere/report.html
exits 2
err_like '*nowhere/report.html*'

finish
