#!/bin/bash
# Cross-validations in reports: which folds belong together, their figures, what is missing.
. "$(dirname -- "$0")/lib.sh"

make_images images 8 90 30
model() { # NAME UNITS
    printf 'name: %s\ninput: [8, 8, 1]\nlayers:\n  - rows\n  - lstm: {units: %s}\n' "$1" "$2"
    printf '  - dense: {units: 3, activation: softmax}\ntraining: {epochs: 2, batch_size: 10}\n'
}
mkdir models
for name in small wide third; do model $name ${#name} >models/$name.yaml; done
document() { /usr/bin/python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"; }
studies='[([m["model"] for m in c["models"]], c["folds"], c["repeats"], [m["folds"] for m in c["models"]]) for c in d["cross_validations"]]'

weft cv small wide --dataset ./images --folds 3 --repeats 2 --no-final -q
exits 0

# ---- nothing but folds: the report is of the cross-validation ----
weft report --all --format json -o all.json --json
exits 0
json_is 'len(d["runs"]), all("-r" in run for run in d["runs"])' '(12, True)'
same "$(document all.json "$studies")" "[(['small', 'wide'], 3, 2, [6, 6])]"
same "$(document all.json 'd["title"], d["question"]')" \
    "('Cross-validation of 2 models on images', 'Which model is best, judged on training images that were held out?')"
same "$(document all.json 'd["models"], d["comparison"]["models"], d["comparison"]["notes"], d["data"]')" '([], [], [], None)'
same "$(document all.json 'd["made"]["commands"], [c["label"] for c in d["made"]["configurations"]]')" \
    "(['weft cv small wide --dataset ./images --folds 3 --repeats 2 --no-final -q', 'weft report --all --format json -o all.json --json'], ['small, fold 1 of 3', 'wide, fold 1 of 3'])"
check "it has the figures and words of weft cv" /usr/bin/python3 -c '
import json
said, (mine,) = json.load(open("runs/cross-validation/cv.json")), json.load(open("all.json"))["cross_validations"]
said.pop("schema_version", None)
assert {**mine, "folder": said["folder"]} == said'
# And they follow from what the folds store.
cat >check.py <<'END'
import json, math, statistics, sys
document, runs = json.load(open(sys.argv[1])), sys.argv[2]
checked = 0
def near(found, expected):
    global checked
    checked += 1
    assert abs(found - expected) < 1e-9, (found, expected)
for cv in document["cross_validations"]:
    n = cv["folds"] * cv["repeats"]
    values = {}
    for m in cv["models"]:
        judged = [json.load(open(f"{runs}/{run}/fold.json")) if run else None for run in m["runs"]]
        assert len(judged) == n and sum(j is not None for j in judged) == m["folds"]
        for key, figure in (("accuracy", lambda j: j["accuracy"]), ("macro_f1", lambda j: j["macro"]["f1"]),
                            ("macro_auc", lambda j: j["macro"]["auc"])):
            of = values[m["model"], key] = [figure(j) if j else None for j in judged]
            known = [v for v in of if v is not None]
            for a, b in zip(m[key]["values"], of): assert a == b or abs(a - b) < 1e-12
            near(m[key]["mean"], statistics.fmean(known))
            near(m[key]["sd"], statistics.stdev(known))
    for pair in cv["pairs"]:
        for key in ("accuracy", "macro_f1", "macro_auc"):
            both = [x - y for x, y in zip(values[pair["a"], key], values[pair["b"], key]) if None not in (x, y)]
            test = pair[key]
            near(test["difference"], statistics.fmean(both))
            if test["t"] is None: continue
            error = statistics.stdev(both) * math.sqrt(1 / len(both) + cv["held_out"] / cv["trained_on"])
            near(test["t"], test["difference"] / error)
            near(test["df"], len(both) - 1)
            near((test["low"] + test["high"]) / 2, test["difference"])
        known = sorted((p["accuracy"]["p"], i) for i, p in enumerate(cv["pairs"]) if p["accuracy"]["p"] is not None)
        most = 0
        for rank, (p, i) in enumerate(known):
            most = max(most, min(1, (len(known) - rank) * p))
            near(cv["pairs"][i]["accuracy"]["p_holm"], most)
        of = pair["accuracy"]
        shown = of["p"] is not None and of["p_holm"] < .05 and not of["low"] <= 0 <= of["high"]
        assert pair["shown"] == shown and ("is better than" in pair["in_words"]) == shown, pair
print(f"{checked > 20} {len(document['cross_validations'])}")
END
same "$(/usr/bin/python3 check.py all.json "$WEFT_RUNS" 2>&1)" 'True 1'

# ---- a cross-validation by its folder, by a fold, by a model ----
for name in cross-validation "$WEFT_RUNS/cross-validation" small-r1f2-1 "$WEFT_RUNS/wide-r0f0-1" wide; do
    weft report "$name" --format json -o named.json
    exits 0
    same "$(document named.json "$studies")" "[(['small', 'wide'], 3, 2, [6, 6])]"
done
weft report small wide small-r0f0-1 cross-validation --format json -o once.json
exits 0
same "$(document once.json 'len(d["cross_validations"])')" 1
weft report wid
exits 2
err_like '*did you mean wide?*'
mkdir empty
weft report ./empty
exits 2

# ---- the same folds again: by another call with another model, and of another recipe ----
weft cv third --dataset ./images --folds 3 --repeats 2 -q
exits 0
weft cv third small --dataset ./images --folds 3 --epochs 1 --no-final -q
exits 0
weft cv small --dataset ./images --folds 2 --seed 3 --no-final -q -o elsewhere
exits 0
weft report --all --format json -o all.json
exits 0
same "$(document all.json "$studies")" \
    "[(['small', 'wide', 'third'], 3, 2, [6, 6, 6]), (['third', 'small'], 3, 1, [3, 3]), (['small'], 2, 1, [2])]"
same "$(document all.json '[m["test_run"] for c in d["cross_validations"] for m in c["models"] if m["test"]]')" "['third-final-1']"
same "$(document all.json '[m["label"] for m in d["models"]], d["title"]')" "(['third'], 'third on images')"
same "$(/usr/bin/python3 check.py all.json "$WEFT_RUNS" 2>&1)" 'True 3'
weft report ./elsewhere --format json -o one.json
exits 0
same "$(document one.json "$studies")" "[(['small'], 2, 1, [2])]"
weft report third --format json -o run.json
exits 0
same "$(document run.json 'len(d["models"]), d["cross_validations"]')" '(1, [])'

# ---- unfinished, damaged ----
rm -r "$WEFT_RUNS"/wide-r1f[12]-1
printf '{' >"$WEFT_RUNS/small-r0f0-2/fold.json"
weft train small --dataset ./images --epochs 30000 --max-time 0.2s -q
exits 75
weft report --all --format json -o all.json
exits 0
rest="A model's figures are of its own folds, a difference is over those that both models have."
same "$(document all.json '[c["unfinished"] for c in d["cross_validations"]]')" \
    "[\"Not finished: 16 of 18 folds are there. $rest\", \"Not finished: 5 of 6 folds are there. $rest\", None]"
same "$(document all.json 'd["cross_validations"][0]["answer"][0].split()[:2]')" "['So', 'far']"
same "$(document all.json 'd["comparison"]["notes"]')" "['2 runs that are not finished or not tested are left out.']"
same "$(/usr/bin/python3 check.py all.json "$WEFT_RUNS" 2>&1)" 'True 3'

# ---- the other forms ----
weft report --all --format md -o all.md
exits 0
check 'Markdown has a section of each, with its picture and its tables' /usr/bin/python3 -c '
text = open("all.md").read()
assert text.count("\n## Cross-validation of ") == 3 and text.count("\n### All pairs\n") == 2
assert "(all-files/cross-validation.png)" in text and "(all-files/cross-validation-2.png)" in text
assert "Not finished: 16 of 18 folds are there." in text and "| In words |" in text
assert text.index("## Cross-validation") < text.index("## How it was made")'
weft report --all -o all.html
exits 0
check 'the page holds them' /usr/bin/python3 -c '
import json, re
page = open("all.html").read()
text = re.search(r"<script type=\"application/json\" id=\"weft-report\">(.*?)</script>", page, re.S).group(1)
assert len(json.loads(text)["cross_validations"]) == 3'

finish
