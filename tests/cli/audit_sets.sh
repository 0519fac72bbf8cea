#!/bin/bash
# Auditing images of any number of labels: planted wrong labels and duplicates, and confident learning in numpy.
. "$(dirname -- "$0")/lib.sh"

# 8 x 8 images with bright quarters. Planted: train 30 lacks "top left", test 7 has "right" that is not there; train 5
# is a copy of train 4 with other labels, test 3 of train 9 with the same.
mkdir sets && /usr/bin/python3 - <<'END'
import random, struct
names = ["top left", "top right", "left", "right"]
draw = random.Random(3)
open("sets/classes.txt", "w").write("\n".join(names) + "\n")
def picture(has):
    return [110 * has[2 * (y // 4) + x // 4] + draw.randrange(140) for y in range(8) for x in range(8)]
sets = {part: [[draw.random() < 0.4 for _ in names] for _ in range(n)] for part, n in (("train", 300), ("test", 80))}
sets["train"][30][0], sets["test"][7][3], sets["test"][3] = True, False, list(sets["train"][9])
pixels = {part: [picture(has) for has in rows] for part, rows in sets.items()}
pixels["train"][5], pixels["test"][3] = pixels["train"][4], pixels["train"][9]
sets["train"][5] = [not has for has in sets["train"][4]]
sets["train"][30][0], sets["test"][7][3] = False, True
for part, rows in sets.items():
    with open(f"sets/{part}-images-idx3-ubyte", "wb") as out:
        out.write(struct.pack(">4i", 0x803, len(rows), 8, 8) + bytes(sum(pixels[part], [])))
    with open(f"sets/{part}-labels.csv", "w") as out:
        out.write("image,labels\n")
        out.writelines(f"{i},{'|'.join(n for n, h in zip(names, has) if h)}\n" for i, has in enumerate(rows))
END
for name in each other; do
    cat >$name.yaml <<END
name: $name
input: [8, 8, 1]
layers:
  - flatten
  - dense: {units: $([ $name = each ] && echo 24 || echo 16), activation: relu}
  - dense: {units: 4, activation: sigmoid}
training: {epochs: 20, batch_size: 16, validation: 0, loss: binary_crossentropy, optimizer: {adam: {learning_rate: 0.01}}}
END
done

weft audit sets --near 0
exits 0
out_like '*within train * 1 * 1 * 2 *train and test * 1 * 0 * 1 *'
same "$(cut -d, -f1-3,5,6,8 "$WEFT_RUNS/audit/duplicates.csv" | tr -d '\r')" 'kind,part_a,index_a,part_b,index_b,same_label
exact,train,4,train,5,no
exact,train,9,test,3,yes'
check 'a sheet of pairs' grep -q '>train 4<' "$WEFT_RUNS/audit/duplicates.svg"

weft cv each.yaml --dataset ./sets --folds 3 --no-final -q
exits 0
weft train each.yaml --dataset ./sets -q
weft train other.yaml --dataset ./sets -q
weft audit sets --run each --judged other-1 --page page.md -o audit --near 0
exits 0
out_like '*Likely label errors, train: * labels of 300 images
by each, 3 folds
label * suggested  flagged  estimated  of the label
*(none)*Likely label errors, test: * labels of 80 images
by each-1
*other-1
Sensitivity only: *
sensitivity only * images  right  subset accuracy
all test images * 80 *'
same "$(/usr/bin/python3 -c 'import json, sys; print("%.4f" % json.load(open(sys.argv[1]))["subset_accuracy"])' "$WEFT_RUNS/other-1/test.json")" \
    "$(grep '^| all test images' page.md | sed 's/.*| \(.*\) |/\1/')"
check 'the page says what (none) is' grep -qF 'Labels are asked about one by one: *(none)* is suggested' page.md
check 'the planted training label' grep -q '^train,30,"","top left",' audit/label_errors.csv
check 'the planted test label' grep -q '^test,7,"right","",' audit/label_errors.csv
check 'a label that is missing' grep -q '>top left is missing? 0' audit/label_errors_train.svg

# the same labels in the same order as in numpy, from the folds' and the run's own predictions
cat >oracle.py <<'END'
import csv, glob, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from confident_learning import of_sets
names = open("sets/classes.txt").read().split("\n")[:-1] + [""]
def read(paths):
    rows = [row for path in paths for row in csv.DictReader(open(path))]
    rows.sort(key=lambda row: int(row["index"]))
    sets = np.array([[str(k) in row["labels"].split("|") for k in range(4)] for row in rows])
    return sets, np.array([[float(row[f"p{k}"]) for k in range(4)] for row in rows], np.float32)
want = []
for part, pattern in (("train", "each-r0f*-1"), ("test", "each-1")):
    found = of_sets(*read(glob.glob(f"{sys.argv[2]}/{pattern}/predictions.csv")))
    want += [(part, image, names[label], names[suggested]) for image, label, suggested in
             zip(found["image"], found["label"], found["suggested"])]
got = [(row["part"], int(row["index"]), row["label"], row["suggested"]) for row in
       csv.DictReader(open("audit/label_errors.csv"))]
assert len(got) >= 4 and got == want, (got, want)
print("equal")
END
same "$(/usr/bin/python3 oracle.py "$(dirname -- "$0")/../golden" "$WEFT_RUNS" 2>&1)" equal

# what a report shows of it
weft audit sets --run each --json -q
exits 0
json_is '[(l["part"], l["images"]) for l in d["label_errors"]]' "[('train', 300), ('test', 80)]"
json_is '{None in (p["label"], p["suggested"]) for l in d["label_errors"] for p in l["pairs"]}' '{True}'
weft report each-1 --format json -o report.json -q
same "$(/usr/bin/python3 -c '
import json
audit = json.load(open("report.json"))["data"]["audit"]
print({-1 in (e["label"], e["suggested"]) for e in audit["label_errors"]}, audit["duplicate_count"])')" '{True} 2'
weft report each-1 --format md -o report.md -q
exits 0
check 'a sheet of labels' test -s report-files/data-labels.png

# runs on other labels are refused
sed -i '2s/.*/0,right/;3s/.*/1,left/' sets/test-labels.csv
weft audit sets --run each-1
exits 3
err_like '*weft: run each-1: test image * has other labels there than in data set sets*it was judged on other data*'

finish
