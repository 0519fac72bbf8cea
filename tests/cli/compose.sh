#!/bin/bash
# Composed sets: the files, what is said, what is refused.
. "$(dirname -- "$0")/lib.sh"

# Fashion-MNIST in small, where weft looks for it: six blurred blots per class and part.
mkdir -p data/fashion-mnist
/usr/bin/python3 -c '
import random, struct
draw = random.Random(3)
for part, count in ("train", 60), ("t10k", 30):
    labels = bytes(i % 10 for i in range(count))
    pixels = b"".join(bytes(max(0, min(255, int(300 - 2 * ((x - 14) ** 2 + (y - 14) ** 2) + draw.randrange(40))))
                            for y in range(28) for x in range(28)) for label in labels)
    open(f"data/fashion-mnist/{part}-images-idx3-ubyte", "wb").write(struct.pack(">4i", 0x803, count, 28, 28) + pixels)
    open(f"data/fashion-mnist/{part}-labels-idx1-ubyte", "wb").write(struct.pack(">2i", 0x801, count) + labels)'
export WEFT_DATA=$work/data

weft compose outfits -n 300 --test-count 40 -o set -q
exits 0
err_is ''
out_like 'set: 300 training and 40 test canvases of fashion-mnist, 64x64 pixels, dependence 1, seed 0
set: 3.04 labels per canvas; entropy 5.157 nats, total correlation 0.839 nats; * s'
same "$(ls set)" 'canvases.png
classes.txt
distribution.json
test-images-idx3-ubyte
test-labels.csv
test-objects.csv
train-images-idx3-ubyte
train-labels.csv
train-objects.csv'
same "$(sed -n '1p;9,$p' set/classes.txt)" 'T-shirt/top
Bag
Ankle boot'
same "$(head -n 1 set/train-labels.csv set/test-objects.csv)" '==> set/train-labels.csv <==
image,labels

==> set/test-objects.csv <==
image,label,x,y,width,height,visible,garment'

# 24 canvases, 8 in a row, twice as large, 2 pixels apart
same "$(od -A n -t x1 -j 1 -N 3 set/canvases.png) $(od -A n -t d1 -j 16 -N 8 set/canvases.png)" \
    ' 50 4e 47     0    0    4   18    0    0    1 -120'

# python FOLDER EXPRESSION: of the images, labels, objects and the distribution there.
python() {
    /usr/bin/python3 -c 'import csv, json, struct, sys
folder = sys.argv[1]
def images(part):
    raw = open(f"{folder}/{part}-images-idx3-ubyte", "rb").read()
    head = struct.unpack(">4i", raw[:16])
    return head, len(raw) - 16
def rows(part, what):
    return list(csv.DictReader(open(f"{folder}/{part}-{what}.csv", newline="")))
def sets(part):
    return [tuple(r["labels"].split("|")) if r["labels"] else () for r in rows(part, "labels")]
try:
    classes = open(f"{folder}/classes.txt").read().splitlines()
    d = json.load(open(f"{folder}/distribution.json"))
    p = d["probabilities"]
    print(eval(sys.argv[2], globals()))
except Exception as error:
    print(type(error).__name__, error)' "$@"
}
same "$(python set '[images(part) for part in ("train", "test")]')" \
    '[((2051, 300, 64, 64), 1228800), ((2051, 40, 64, 64), 163840)]'
same "$(python set '[[int(r["image"]) for r in rows(part, "labels")] == list(range(n)) for part, n in (("train", 300), ("test", 40))]')" \
    '[True, True]'
same "$(python set 'all(set(s) <= set(classes) and 2 <= len(s) <= 5 and list(s) == sorted(s, key=classes.index) for s in sets("train"))')" True
# one object per label, of a garment of that class and of this part
same "$(python set '[[tuple(sorted((o["label"] for o in rows(part, "objects") if int(o["image"]) == i), key=classes.index)) for i in range(40)] == sets(part)[:40] for part in ("train", "test")]')" \
    '[True, True]'
same "$(python set '[all(classes[int(o["garment"]) % 10] == o["label"] and int(o["garment"]) < n for o in rows(part, "objects")) for part, n in (("train", 60), ("test", 30))]')" \
    '[True, True]'
same "$(python set 'all(0 <= int(o["x"]) <= 64 - int(o["width"]) and 0 <= int(o["y"]) <= 64 - int(o["height"]) and 0 < float(o["visible"]) <= 1 for o in rows("train", "objects"))')" True

# the distribution gives what it says: marginals, pairs, and the probabilities from fields and interactions
same "$(python set 'd["kind"], d["dependence"], d["seed"], d["train"], d["test"], d["garments"]["dataset"], d["classes"] == classes, len(p)')" \
    "('outfits', 1.0, 0, 300, 40, 'fashion-mnist', True, 1024)"
same "$(python set 'max(abs(sum(q for s, q in enumerate(p) if s >> k & 1) - d["marginals_wanted"][k]) for k in range(10)) < 1e-9')" True
same "$(python set 'max(abs(sum(q for s, q in enumerate(p) if s >> k & 1 and s >> j & 1) - d["pairs"][j][k]) for k in range(10) for j in range(10)) < 1e-12')" True
cat >rebuild.py <<'END'
import json, math, sys
d = json.load(open(sys.argv[1]))
def weight(s):
    x = [k for k in range(10) if s >> k & 1]
    w = 1 if d["labels_least"] <= len(x) <= d["labels_most"] else d["outside"]
    return w * math.exp(sum(d["fields"][k] for k in x) +
                        d["dependence"] * sum(d["interactions"][j][k] for j in x for k in x if j < k))
w = [weight(s) for s in range(1024)]
print(max(abs(a / sum(w) - b) for a, b in zip(w, d["probabilities"])) < 1e-12)
END
same "$(/usr/bin/python3 rebuild.py set/distribution.json)" True

# the same again; another seed; into an empty folder
mkdir empty
weft compose outfits -n 300 --test-count 40 -o empty/ -t 3 -q
exits 0
for file in set/*; do check "${file#set/} is the same" cmp "$file" "empty/${file#set/}"; done
weft compose outfits -n 300 --test-count 40 --seed 1 -o other -q
for file in train-images-idx3-ubyte train-labels.csv test-objects.csv; do
    differ "$(sha "set/$file")" "$(sha "other/$file")"
done

# without dependence: any number of labels, none among them
weft compose outfits --dependence 0 -n 500 --test-count 1 -o deep/er/independent --json -q
exits 0
err_is ''
json_is 'd["folder"], d["kind"], d["train"], d["test"], d["size"], d["dependence"], d["seed"]' \
    "('deep/er/independent', 'outfits', 500, 1, [64, 64], 0.0, 0)"
json_is 'round(d["labels_per_canvas"], 6), d["total_correlation"] < 1e-9, round(d["entropy"], 4)' "(3.04, True, 5.9957)"
same "$(python deep/er/independent 'min(map(len, sets("train"))), max(map(len, sets("train"))) > 5')" '(0, True)'
same "$(/usr/bin/python3 rebuild.py deep/er/independent/distribution.json)" True
weft compose outfits --dependence 0.2 -n 1 --test-count 1 -o fading -q
same "$(/usr/bin/python3 rebuild.py fading/distribution.json)" True

# ---- what is refused ----

weft compose outfits -o set -q
exits 2
err_is 'weft: set: is there already and holds 9 files
      name a new or empty folder'
weft compose outfits
exits 2
err_is 'weft: weft compose needs a folder
      -o DIR'
weft compose inlays -o new
exits 2
err_is 'weft: nothing is composed by the name "inlays"
      there is outfits'
weft compose -o new
exits 2
err_like 'weft: weft compose needs outfits*'
weft compose outfits -o new --dependence 2.5
exits 2
err_is 'weft: --dependence is "2.5", must be a number from 0 to 2'
weft compose outfits -o new --dependence=-1 --json
exits 2
json_is 'd["error"]["code"]' argument
weft compose outfits -o new --count 0
exits 2
err_is 'weft: --count is "0", must be a whole number from 1 to 1000000'
weft compose outfits -o new --test-count 1000001
exits 2
weft compose outfits -o .
exits 2
err_like '*name a new folder'
touch file
weft compose outfits -o file -q
exits 2
err_is 'weft: file: is there already and is no folder'
weft compose outfits -o file/new
exits 1
check 'nothing half-made is left' test -z "$(find . -name '*.tmp')"
check 'nothing is there that was refused' test ! -e new

finish
