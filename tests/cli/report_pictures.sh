#!/bin/bash
# What of a report needs images or weights: data, sprite, maps, mistakes, evidence; what is kept, and what
# is said of what is missing.
. "$(dirname -- "$0")/lib.sh"

checker=$source_dir/tests/cli/report_pictures_check.py
# look DOCUMENT EXPRESSION: with the document as d and the helpers of the checker.
look() { /usr/bin/python3 "$checker" "$@" 2>&1; }

# ---- grey images, one model of each kind ----

make_images images 12 150 120
model() { # NAME FAMILY LAYER...
    printf 'name: %s\nfamily: %s\ninput: [12, 12, 1]\nlayers:\n' "$1" "$2"
    printf '  - %s\n' "${@:3}"
    printf '  - dense: {units: 3, activation: softmax}\ntraining: {epochs: 1, batch_size: 16, validation: 0.2}\n'
}
mkdir models
model cnn cnn 'conv2d: {filters: 3, kernel_size: 3, activation: relu}' flatten >models/cnn.yaml
model rnn rnn rows 'lstm: {units: 4}' >models/rnn.yaml
model both hybrid 'conv2d: {filters: 3, kernel_size: 3, activation: relu}' max_pool2d rows 'lstm: {units: 4}' \
    >models/both.yaml
model flat other flatten 'dense: {units: 5, activation: relu}' >models/flat.yaml
for name in cnn rnn both flat; do
    weft train "$name" --dataset ./images -q
    exits 0
done
check 'a run has the report of its own, with its images' grep -q 'id="weft-sprite"' "$WEFT_RUNS/cnn-1/report.html"
check 'but no map yet' test ! -e "$WEFT_RUNS/cnn-1/report"

weft report cnn rnn flat -f json -o first.json
exits 0
same "$(sed 's/, [^,]*$//' .err | sort)" 'cnn-1: t-SNE of 120 test images
flat-1: t-SNE of 120 test images
rnn-1: t-SNE of 120 test images'
same "$(look first.json 'd["data"]["image"], d["data"]["sprite"]["tile"], d["data"]["sprite"]["count"], d["data"]["test_tiles"]')" \
    "({'height': 12, 'width': 12, 'channels': 1}, {'height': 12, 'width': 12}, 160, None)"
same "$(look first.json 'parts()')" "{'train': (120, [40, 40, 40]), 'validation': (30, [10, 10, 10]), 'test': (120, [40, 40, 40])}"
# image i of make_images is of class i % 3; training samples are none that the run validated on
same "$(look first.json '[len(d["data"]["samples"][part]) for part in ("train", "test")]')" '[40, 40]'
same "$(look first.json 'all(s["label"] == s["index"] % 3 for part in d["data"]["samples"].values() for s in part)')" True
same "$(look first.json 'all(in_split("cnn-1", s["index"]) == "train" for s in d["data"]["samples"]["train"])')" True
same "$(look first.json 'all(s["tile"] == s["index"] for s in d["data"]["samples"]["test"])')" True
same "$(look first.json 'sorted(s["tile"] for s in d["data"]["samples"]["train"]) == list(range(120, 160))')" True
same "$(look first.json 'd["data"]["audit"]')" None

# the mistakes, worked out again from predictions.csv; what speaks for the wrong class, from weft explain
same "$(look first.json 'check_mistakes()')" '3 models'
same "$(look first.json 'kinds()')" "{'cnn': ['gradcam'], 'flat': [None], 'rnn': ['rows']}"
weft report both -f json -o both.json --maps none
same "$(look both.json 'kinds()')" "{'both': ['gradcam rows']}"
same "$(look both.json '[(way["layer"], way["image_lines"], len(way["rows"]), len(way["progress"])) for one in d["models"][0]["mistakes"][:8] for way in one["evidence"][1:]] == 8 * [("max_pool2d", 12, 5, 5)]')" True
read -r index class < <(look both.json "worst('both')")
weft explain both "test:$index" --class "$class" -o explain-both --json
same "$(look both.json 'same_heat("both", "explain-both/explain.json"), same_rows("both", "explain-both/explain.json")')" \
    '(True, True)'
rm -r "$WEFT_RUNS/both-1"
for name in cnn rnn; do
    read -r index class < <(look first.json "worst('$name')")
    weft explain "$name" "test:$index" --class "$class" -o "explain-$name" --json
    exits 0
done
same "$(look first.json 'same_heat("cnn", "explain-cnn/explain.json")')" True
same "$(look first.json 'same_rows("rnn", "explain-rnn/explain.json")')" True

# the map is the one of weft embed
weft embed cnn --tsne -o embedding -q
exits 0
same "$(look first.json 'same_map("cnn", "embedding/tsne.csv")')" True
same "$(look first.json 'model("cnn")["map"]["layer"], model("cnn")["map"]["perplexity"], model("cnn")["map"]["index"]')" \
    "('flatten', 30.0, None)"

# ---- what is kept ----

stamp() { stat -c '%n %Y %i %s' "$WEFT_RUNS"/*/report/*; }
same "$(cd "$WEFT_RUNS" && echo */report/*)" \
    'cnn-1/report/evidence.json cnn-1/report/map-120.json flat-1/report/evidence.json flat-1/report/map-120.json rnn-1/report/evidence.json rnn-1/report/map-120.json'
before=$(stamp)
weft report cnn rnn flat -f json -o second.json
exits 0
err_is ''
same "$(stamp)" "$before"
same "$(look second.json 'equal_but_for_the_time("first.json")')" True
weft runs show cnn-1 --json
json_is '[a["kind"] for a in d["artefacts"] if a["path"].startswith("report/")]' "['report', 'report']"

# weights and images may be away then
mkdir away
for run in cnn-1 rnn-1 flat-1; do mv "$WEFT_RUNS/$run/weights" "away/$run"; done
weft report cnn rnn flat -f json -o third.json
exits 0
err_is ''
same "$(look third.json 'equal_but_for_the_time("first.json")')" True
mv images away
weft report cnn rnn flat -f json -o fourth.json
exits 0
err_is "images: no images: data set $PWD/images: there is no such name, file or folder; --dataset says where they are now"
same "$(look fourth.json 'd["comparison"]["notes"] == ["images: no images: data set " + cwd + "/images: there is no such name, file or folder; --dataset says where they are now"]')" True
same "$(look fourth.json 'd["data"]["sprite"], d["data"]["samples"], parts()')" \
    "(None, None, {'train': (120, None), 'validation': (30, None), 'test': (120, [40, 40, 40])})"
same "$(look fourth.json 'model("cnn")["map"] == other("first.json", "cnn")["map"], model("rnn")["mistakes"][0]["evidence"][0]["kind"], model("rnn")["mistakes"][0]["tile"]')" \
    "(True, 'rows', None)"
weft report cnn -o fourth.html
exits 0
check 'a page without images has no sprite' grep -vq 'id="weft-sprite"' fourth.html
weft report cnn rnn flat -f json -o fifth.json --dataset away/images
exits 0
err_is ''
same "$(look fifth.json 'd["data"] == json.load(open("first.json"))["data"]')" True
mv away/images images

# weights that are away before anything is kept: the rest of the report is there
rm -r "$WEFT_RUNS/cnn-1/report"
weft report cnn rnn -f json -o sixth.json
exits 0
err_like 'cnn-1: no map and no evidence of its mistakes: */cnn-1/weights/*: cannot open*'
same "$(look sixth.json 'model("cnn")["map"], model("cnn")["mistakes"][0]["evidence"], model("cnn")["mistakes"][0]["tile"] is not None, model("rnn")["map"] is not None')" \
    '(None, None, True, True)'
for run in cnn-1 rnn-1 flat-1; do mv "away/$run" "$WEFT_RUNS/$run/weights"; done

# what is kept and damaged is made again; where it cannot be kept, it is made each time
mkdir "$WEFT_RUNS/cnn-1/report"
echo '{"schema_version": 1, "x"' >"$WEFT_RUNS/cnn-1/report/map-120.json"
echo '{"schema_version": 99}' >"$WEFT_RUNS/cnn-1/report/evidence.json"
weft report cnn -f json -o seventh.json
exits 0
err_like 'cnn-1: t-SNE of 120 test images, *'
same "$(look seventh.json 'model("cnn")["map"] == other("first.json", "cnn")["map"], model("cnn")["mistakes"] == other("first.json", "cnn")["mistakes"]')" '(True, True)'
rm -r "$WEFT_RUNS/cnn-1/report"
touch "$WEFT_RUNS/cnn-1/report"
weft report cnn -f json -o eighth.json
exits 0
err_like '*cnn-1/report*; it is made again for the next report*'
same "$(look eighth.json 'model("cnn")["map"] == other("first.json", "cnn")["map"]')" True
rm "$WEFT_RUNS/cnn-1/report"

# ---- other images than the run was trained on ----

make_images other 12 150 90
weft report cnn rnn -f json -o ninth.json --dataset other
exits 0
err_like '*cnn-1: no images: other holds other images than those that it was trained on; --dataset says where they are*rnn-1: no images: *'
same "$(grep -c 'cnn-1: no images' .err)" 1
same "$(look ninth.json 'd["data"]["sprite"]')" None

# ---- maps ----

weft report cnn -f json -o none.json --maps none
exits 0
err_is ''
same "$(look none.json 'model("cnn")["map"], d["comparison"]["notes"]')" \
    "(None, ['Maps of the test images are left out, as --maps none says.'])"

# of many images a sample, the same for all models that are not the best of their family
make_images many 6 60 2100
model() {
    printf 'name: %s\nfamily: cnn\ninput: [6, 6, 1]\nlayers:\n  - conv2d: {filters: %s, kernel_size: 3}\n' "$1" "$2"
    printf '  - flatten\n  - dense: {units: 3, activation: softmax}\ntraining: {epochs: 1, batch_size: 10, validation: 0}\n'
}
model small 1 >models/small.yaml
model large 6 >models/large.yaml
weft train small --dataset ./many -q
weft train large --dataset ./many -q
weft report small large -f json -o sampled.json
exits 0
lesser=$(look sampled.json 'd["models"][1]["label"]')
same "$(look sampled.json '[m["map"]["x"]["count"] for m in d["models"]], d["models"][0]["map"]["index"]')" '([2100, 2000], None)'
same "$(look sampled.json 'd["comparison"]["notes"][-1]')" \
    'Maps show a sample of the test images, up to 2,000, or 10,000 for the best model of each family; --maps all shows up to 10,000 for all.'
weft embed "$lesser" --tsne --limit 2000 -o sample -q
same "$(look sampled.json "same_map('$lesser', 'sample/tsne.csv')")" True
weft report small large -f json -o all.json --maps all
same "$(look all.json '[m["map"]["index"] for m in d["models"]], d["comparison"]["notes"]')" '([None, None], [])'

# ---- models that want the same images in other sizes ----

sed 's/name: flat/name: wide/; s/12, 12/16, 16/' models/flat.yaml >models/wide.yaml
weft train wide --dataset ./images -q
weft report flat wide -f json -o sizes.json --maps none
exits 0
same "$(look sizes.json '[m["mistakes"][0]["tile"] == m["mistakes"][0]["index"] for m in d["models"]]')" '[True, True]'
weft report flat small -f json -o unlike.json --maps none
same "$(look unlike.json '[m["mistakes"][0]["tile"] is None for m in d["models"]]')" '[False, True]'
same "$(look unlike.json '[m["has_images"] for m in d["models"]]')" '[True, False]'

# ---- more test images than a page holds ----

make_images crowd 4 60 10500
printf 'name: tiny\ninput: [4, 4, 1]\nlayers:\n  - flatten\n  - dense: {units: 3, activation: softmax}\n' >models/tiny.yaml
printf 'training: {epochs: 1, batch_size: 10, validation: 0}\n' >>models/tiny.yaml
weft train tiny --dataset ./crowd -q
weft report tiny -f json -o crowd.json --maps none
exits 0
same "$(look crowd.json 'tiles_of_tests()')" True

# ---- the page of a training ----

weft train tiny --dataset ./images --set input='[12, 12, 1]' --name mapped --maps all -q
exits 0
same "$(cd "$WEFT_RUNS" && echo mapped-1/report/*)" 'mapped-1/report/evidence.json mapped-1/report/map-120.json'
weft report mapped -f json -o mapped.json
err_is ''
check 'its page has the map that a report has' /usr/bin/python3 -c 'import json, sys
page, report = open(sys.argv[1]).read(), json.load(open("mapped.json"))
own = page.split("id=\"weft-report\">")[1].split("</script>")[0]
assert json.loads(own)["models"][0]["map"] == report["models"][0]["map"] != None' "$WEFT_RUNS/mapped-1/report.html"
# Who does not wait for the map has a run that is finished, and its page.
"$program" train tiny --dataset ./crowd --name hasty --maps all >hasty.out 2>hasty.err &
hasty=$!
for _ in $(seq 1000); do
    [ -s "$WEFT_RUNS/hasty-1/test.json" ] && break
    sleep 0.01
done
kill -INT "$hasty"
wait "$hasty"
status=$?
call='weft train, interrupted while the map is made'
exits 0
check 'the page is there' grep -q 'A map of the test images and what the model looks at' "$WEFT_RUNS/hasty-1/report.html"
check 'the map is not' test ! -e "$WEFT_RUNS/hasty-1/report/map-10000.json"
weft runs show hasty-1 --json
json_is 'd["run"]["status"]' finished

# ---- the audit ----

weft audit images --run rnn-1 --run flat-1 --near 0.01 -q
exits 0
weft report rnn -f json -o audited.json
exits 0
same "$(look audited.json 'd["data"]["audit"]["near"], d["data"]["audit"]["label_error_count"] >= len(d["data"]["audit"]["label_errors"]) > 0')" '(0.01, True)'
same "$(look audited.json 'all(e["tile"] == e["index"] and e["label"] == e["index"] % 3 != e["suggested"] for e in d["data"]["audit"]["label_errors"])')" True
weft audit images --near 0 -q
weft report rnn -f json -o duplicates.json
same "$(look duplicates.json '[d["data"]["audit"][k] for k in ("near", "label_errors", "label_error_count", "duplicates", "duplicate_count")]')" \
    '[0.0, None, None, [], 0]'
weft audit other -q
weft report rnn -f json -o unaudited.json
same "$(look unaudited.json 'd["data"]["audit"]')" None

# ---- photographs in folders, with names from elsewhere ----

/usr/bin/python3 "$checker" make-photos photos
cat >models/photo.yaml <<'END'
name: photo
family: cnn
input: [48, 64, 3]
layers:
  - conv2d: {filters: 4, kernel_size: 3, activation: relu}
  - max_pool2d: {pool_size: 4}
  - flatten
  - dense: {units: 3, activation: softmax}
training: {epochs: 2, batch_size: 10, validation: 0.2, normalization: standardize}
END
weft train photo --dataset ./photos -q
exits 0
weft report photo -f json -o photo.json
exits 0
same "$(look photo.json 'd["data"]["classes"]')" "['<img src=x onerror=alert(1)>', \"=cmd|'x' <!-- \", 'Kühe 牛 🐄 & \"co\"']"
same "$(look photo.json 'd["data"]["image"], d["data"]["sprite"]["tile"], d["data"]["sprite"]["count"]')" \
    "({'height': 48, 'width': 64, 'channels': 3}, {'height': 48, 'width': 64}, 76)"
weft report photo -o photo.html
exits 0
check 'names end no element' /usr/bin/python3 -c '
page = open("photo.html", encoding="utf-8").read()
assert page.count("\\u003cimg src=x onerror") > 0 and "<img src=x" not in page and page.count("<!-- \"") == 0
image = page.split("<img id=\"weft-sprite\"")[1].split(">")[0]
assert "src=\"data:image/webp;base64,UklGR" in image and " hidden" in image'

finish
