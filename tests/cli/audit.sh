#!/bin/bash
# Auditing a folder of PNG files with planted duplicates and planted wrong labels.
. "$(dirname -- "$0")/lib.sh"

# make_photos: photos/{train,test}/{rows,columns,blocks}/NN.png, 8 x 8 grey. Planted: rows/00 is a copy of
# rows/01 in train, columns/02 (train) one of rows/02, blocks/00 (test) one of blocks/03 in train, columns/00
# (test) differs by one grey level in every pixel from columns/04 in train. rows/09 in train and rows/05 in
# test show columns.
make_photos() {
    /usr/bin/python3 - <<'EOF'
import os, random, struct, zlib
draw = random.Random(11)
def png(rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 8, 8, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
def picture(kind):
    phase = draw.randrange(4)
    on = {"rows": lambda y, x: ((y + phase) // 2) % 2, "columns": lambda y, x: ((x + phase) // 2) % 2,
          "blocks": lambda y, x: (x // 4 + y // 4 + phase) % 2}[kind]
    return [[150 * on(y, x) + draw.randrange(100) for x in range(8)] for y in range(8)]
kinds = ("rows", "columns", "blocks")
part = {p: {k: [picture(k) for _ in range(n)] for k in kinds} for p, n in (("train", 30), ("test", 10))}
train, test = part["train"], part["test"]
train["rows"][0] = train["rows"][1]
train["columns"][2] = train["rows"][2]
test["blocks"][0] = train["blocks"][3]
test["columns"][0] = [[v + 1 for v in row] for row in train["columns"][4]]
train["rows"][9], test["rows"][5] = picture("columns"), picture("columns")
for p in part:
    for k in kinds:
        os.makedirs(f"photos/{p}/{k}")
        for i, rows in enumerate(part[p][k]):
            with open(f"photos/{p}/{k}/{i:02}.png", "wb") as out:
                out.write(png(rows))
EOF
}
make_photos
model() { # NAME UNITS
    printf 'name: %s\ninput: [8, 8, 1]\nlayers:\n  - flatten\n  - dense: {units: %s, activation: relu}\n' "$1" "$2"
    printf '  - dense: {units: 3, activation: softmax}\ntraining: {epochs: 30, batch_size: 10, validation: 0}\n'
}
mkdir models
model small 16 >models/small.yaml
model wide 24 >models/wide.yaml

# ---- duplicates ----

# Class by class in alphabetical order: blocks 0 to 29, columns 30 to 59, rows 60 to 89; in test 10 of each.
weft audit photos --near 0.01
exits 0
out_is 'photos: 90 training, 0 validation and 30 test images of 8 x 8 pixels

Duplicates; near: root mean square difference of at most 0.01 of the full range
                exact pairs  other label  images  near  other label  images
within train              2            1       4     0            0       0
within test               0            0       0     0            0       0
train and test            1            0       1     1            0       1

lists and pictures: '"$WEFT_RUNS"'/audit'
same "$(tr -d '\r' <"$WEFT_RUNS/audit/duplicates.csv")" \
    'kind,part_a,index_a,label_a,part_b,index_b,label_b,same_label,distance
exact,train,3,"blocks",test,0,"blocks",yes,0.0
exact,train,32,"columns",train,62,"rows",no,0.0
exact,train,60,"rows",train,61,"rows",yes,0.0
near,train,34,"columns",test,10,"columns",yes,0.00392156862745098'
check 'a sheet of pairs' grep -q '>the same pixels<' "$WEFT_RUNS/audit/duplicates.svg"
same "$(grep -o '<image ' "$WEFT_RUNS/audit/duplicates.svg" | wc -l)" 8
check 'the sheet is XML' /usr/bin/python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
    "$WEFT_RUNS/audit/duplicates.svg"
same "$(ls "$WEFT_RUNS/audit")" 'audit.json
duplicates.csv
duplicates.svg'
# findings FOLDER EXPRESSION: with audit.json as d.
findings() { /usr/bin/python3 -c 'import json, sys; d = json.load(open(sys.argv[1] + "/audit.json")); print(eval(sys.argv[2]))' "$@"; }
same "$(findings "$WEFT_RUNS/audit" 'd["dataset"], len(d["data_hash"]), d["near"], d["duplicate_count"], "label_errors" in d')" \
    "('photos', 64, 0.01, 4, False)"
same "$(findings "$WEFT_RUNS/audit" '[(p["a"]["part"], p["a"]["index"], p["a"]["label"], p["b"]["part"], p["b"]["index"], p["b"]["label"]) for p in d["duplicates"]]')" \
    "[('train', 3, 0, 'test', 0, 0), ('train', 32, 1, 'train', 62, 2), ('train', 60, 2, 'train', 61, 2), ('train', 34, 1, 'test', 10, 1)]"

weft audit photos --near 0 --json -o none -t 3
exits 0
json_is 'd["duplicates"]["near"], [p["near"]["pairs"] for p in d["duplicates"]["parts"]]' '(0.0, [0, 0, 0])'
json_is '[(p["a"], p["b"], p["exact"]) for p in d["duplicates"]["parts"]][2]' \
    "('train', 'test', {'pairs': 1, 'other_label': 0, 'images': 1})"
json_is 'd["folder"], d["label_errors"]' "('none', [])"
weft audit photos --near 2
exits 2
err_like 'weft: --near*2*'
weft audit phots
exits 3
weft audit photos -o models/small.yaml
exits 1
err_like 'weft: *models/small.yaml*'

# ---- labels ----

weft audit photos --run small
exits 2
err_like 'weft: *small*'
weft train small --dataset ./photos -q
weft train wide --dataset ./photos -q
weft audit photos --run small --run wide-1 --json -o two
exits 0
err_like '*small: no cross-validation*weft cv small --dataset photos*'
json_is '[(l["part"], l["flags_from"], l["images"]) for l in d["label_errors"]]' \
    "[('test', ['small-1', 'wide-1'], 30)]"
check 'the wrong test label is the first' grep -q '^test,25,"rows","columns",' <(sed -n 2p two/label_errors.csv)
same "$(findings two 'd["label_error_count"] == len(d["label_errors"]), [d["label_errors"][0][k] for k in ("part", "index", "label", "suggested")]')" \
    "(True, ['test', 25, 2, 1])"
check 'a sheet of test labels' grep -q '>columns? ' two/label_errors_test.svg
weft audit photos --near 0 -q -o two
same "$(ls two)" 'audit.json
duplicates.csv
duplicates.svg' # what no longer holds is gone

# ---- sensitivity ----

weft audit photos --run small --judged wide --near 0.01
exits 0
out_like '*wide-1
Sensitivity only: *
sensitivity only *
all test images *30*
without likely label errors*
without duplicates of training images *28*
without both*'
weft audit photos --run small --run wide --judged wide --json -q
exits 0
json_is 'd["sensitivity_only"]["run"], d["sensitivity_only"]["flags_from"]' "('wide-1', ['small-1'])"
json_is '[r["images"] for r in d["sensitivity_only"]["rows"]][0]' 30
same "$(json 'd["sensitivity_only"]["rows"][0]["accuracy"]')" \
    "$(/usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["accuracy"])' "$WEFT_RUNS/wide-1/test.json")"
weft audit photos --run wide-1 --judged wide
exits 2
err_like '*wide-1: a run of the judged model*weft: --judged wide: no run of another model than wide flags test images*'
weft audit photos --judged wide
exits 2

# ---- folds ----

# fold K PREDICTIONS: a finished fold of two, held out images with these lines of predictions.csv.
fold() {
    local folder=$WEFT_RUNS/cross-$(($1 + 1))
    mkdir "$folder"
    sed "/^precision/i folds: 2\nrepeat: 0\nfold: $1" "$WEFT_RUNS/small-1/config.yaml" >"$folder/config.yaml"
    /usr/bin/python3 - "$WEFT_RUNS/small-1" "$folder" "$1" <<'EOF'
import json, sys
source, folder, fold = sys.argv[1:]
d = json.load(open(source + "/description.json"))
d["name"], d["fold"] = "cross", {"folds": 2, "repeat": 0, "fold": int(fold)}
json.dump(d, open(folder + "/description.json", "w"))
t = json.load(open(source + "/test.json"))
del t["test_set"]
t["held_out"] = "used once, after training"
json.dump(t, open(folder + "/fold.json", "w"))
# sure of the folder's class, but for the planted picture
with open(folder + "/predictions.csv", "w") as out:
    out.write("index,label,predicted,p0,p1,p2\n")
    for i in range(int(fold), 90, 2):
        label, seen = i // 30, 1 if i == 69 else i // 30
        p = [0.95 if k == seen else 0.025 for k in range(3)]
        out.write(f"{i},{label},{seen},{p[0]},{p[1]},{p[2]}\n")
EOF
}
fold 0
weft audit photos --run cross
exits 2
err_like 'weft: cross-validation of small on photos: 1 of 2 folds are not finished, fold 1 is the first
      weft cv small --dataset photos --folds 2 trains them'
fold 1
weft audit photos --run cross --page docs/audit.md -o docs/audit
exits 0
err_is ''
out_like '*Likely label errors, train: 1 of 90 images
by small, 2 folds
label  suggested  flagged  estimated  of the label
rows   columns          1          1        3.33 %

lists and pictures: docs/audit'
same "$(sed -n 2p docs/audit/label_errors.csv | tr -d '\r')" 'train,69,"rows","columns",0.02500000037252903,-0.924999987706542'
check 'the page names its command' grep -q 'weft audit photos --run cross' docs/audit.md
check 'the page shows the pictures' grep -q '](audit/label_errors_train.svg)' docs/audit.md
check 'the page has the pair' grep -q '^| rows | columns | 1 | 1 | 3.33 % |$' docs/audit.md
weft audit photos --run cross-2
exits 2
err_like 'weft: run cross-2 is one fold of a cross-validation*--run cross*'

# A cross-validation as weft cv makes it.
weft cv small --dataset ./photos --folds 3 --no-final -q
exits 0
weft audit photos --run small --json
exits 0
json_is '[(l["part"], l["flags_from"], l["images"]) for l in d["label_errors"]]' \
    "[('train', ['small, 3 folds'], 90), ('test', ['small-1'], 30)]"

# Runs on other data are refused.
mv photos/test/rows/05.png photos/test/blocks/05b.png
weft audit photos --run small
exits 3
err_like '*weft: run small-1: test image * has the label * there, * in data set photos*'

finish
