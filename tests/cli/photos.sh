#!/bin/bash
# Photos in a folder: of several sizes, some grey, none set aside for a test, and gone once a model is trained.
. "$(dirname -- "$0")/lib.sh"

# photos/{A,a,b}/NN.png: 24 each, of 10 x 12 or 12 x 10 pixels, every third one grey; A is dark, b bright.
/usr/bin/python3 - <<'EOS'
import os, random, struct, zlib
draw = random.Random(3)
def png(width, height, channels, level):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    row = lambda: b"\0" + bytes(min(255, level + draw.randrange(60)) for _ in range(width * channels))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, channels - 1, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"".join(row() for _ in range(height)))) + chunk(b"IEND", b""))
for kind, level in (("A", 20), ("a", 90), ("b", 160)):
    os.makedirs(f"photos/{kind}")
    for i in range(24):
        with open(f"photos/{kind}/{i:02}.png", "wb") as out:
            out.write(png(*((12, 10) if i % 2 else (10, 12)), 1 if i % 3 == 2 else 3, level))
EOS

# ---- looked at as they are ----
weft datasets photos
exits 0
out_like '*12 x 10 pixels of 3 channel(s), 3 classes*A *24 *a *24 *b *24 *'
err_like '*train: 24 grey image(s) converted to three equal channels*36 image(s) resized from 10x12 to 12x10*'
weft audit photos -o audit --near 0
exits 0
out_like 'photos: 72 training, 0 validation and 0 test images of 12 x 10 pixels*'

# The parts behind the training part take its form.
mkdir -p parted/train parted/test
cp -r photos/* parted/train
for kind in A a b; do
    mkdir "parted/test/$kind"
    cp "photos/$kind/01.png" "parted/test/$kind"
done
weft datasets parted
exits 0
out_like '*12 x 10 pixels of 3 channel(s)*'
err_like '*test: 3 image(s) resized from 10x12 to 12x10*'

# ---- no test part: predictions come from the weights that the recipe hands over ----
model() { # NAME MORE
    printf 'name: %s\ninput: [8, 8, 3]\nlayers:\n  - flatten\n  - dense: {units: 3}\n  - softmax\n' "$1"
    printf 'training: {epochs: 9, batch_size: 4, validation: 0.25, %s}\n' "$2"
}
worse='schedule: {step: {every: 1, gamma: 6}}, optimizer: {sgd: {learning_rate: 0.003}}'
model best "test_weights: best, $worse" >best.yaml
model last "$worse" >last.yaml
for name in best last; do
    weft train $name.yaml -d ./photos -q
    exits 0
    check 'nothing was tested' test ! -e "$WEFT_RUNS/$name-1/test.json"
done
differ "$(sha "$WEFT_RUNS/best-1/weights/best.safetensors")" "$(sha "$WEFT_RUNS/best-1/weights/last.safetensors")"
# Beside the run a copy whose two files are both what should be asked: it says the same.
told() { # RUN FILE
    cp -r "$WEFT_RUNS/$1-1" "$work/asked"
    for to in best last; do cp "$WEFT_RUNS/$1-1/weights/$2.safetensors" "$work/asked/weights/$to.safetensors"; done
    weft predict "$work/asked" photos/A/00.png photos/b/01.png --json
    rm -r "$work/asked"
    json '[p["classes"] for p in d["predictions"]]'
}
for name in best last; do
    wanted=$(told $name $name)
    weft predict $name-1 photos/A/00.png photos/b/01.png --json
    exits 0
    json_is '[p["classes"] for p in d["predictions"]]' "$wanted"
done
differ "$(told best best)" "$(told best last)"
weft train best.yaml -d ./photos -q --pretrained best-1 --name after -e 1
exits 0
check 'so do those that another run begins with' grep -q 'best-1/weights/best.safetensors' "$WEFT_RUNS/after-1/config.yaml"
weft explain best-1 photos/a/00.png --class a -o explained --json
json_is 'd["name"]' a

# ---- the photos are moved, or others are in their place ----
model standard 'normalization: standardize' >standard.yaml
weft train standard.yaml -d ./photos -q
exits 0
json_of() { /usr/bin/python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"; }
same "$(json_of "$WEFT_RUNS/standard-1/description.json" \
    '[(len(v), all(-10 < x < 10 for x in v)) for v in d["normalization"].values()]')" '[(3, True), (3, True)]'
cp photos/A/00.png photos/b/01.png .
weft predict standard-1 00.png 01.png --json
before=$(json '[p["classes"] for p in d["predictions"]]')
mv photos elsewhere
weft predict standard-1 00.png 01.png --json
exits 0
json_is '[p["classes"] for p in d["predictions"]]' "$before"
weft export standard-1 -o standard.onnx
exits 0

# A run of a version that did not keep the statistics measures the images again, and no others.
old=$WEFT_RUNS/standard-1/description.json
/usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1])); del d["normalization"]; json.dump(d, open(sys.argv[1], "w"))' "$old"
weft predict standard-1 00.png
exits 3
mv elsewhere photos
weft predict standard-1 00.png 01.png --json
exits 0
json_is '[p["classes"] for p in d["predictions"]]' "$before"
cp photos/b/02.png photos/A/02.png
weft predict standard-1 00.png
exits 3
err_like '*run standard-1: standardizes by the images it was trained on, and *photos holds others now*'

# ---- names that are not UTF-8, and a slash at the end ----
cp -r photos/b "photos/$(printf 'gr\374n')"
weft datasets photos --json
exits 0
json_is '[c["name"] for c in d["classes"]] == ["A", "a", "b", "gr\ufffdn"]' True
cp 00.png "$(printf 'caf\351.png')"
weft predict best-1 "$(printf 'caf\351.png')" 01.png --json
exits 0
json_is '[p["file"] for p in d["predictions"]] == ["caf\ufffd.png", "01.png"]' True
cp -r photos "$(printf 'f\351te')"
weft train best.yaml -d "./$(printf 'f\351te')"
exits 2
err_like '*this path is not UTF-8*'
rm -r photos/gr*
make_images fashion-mnist 8 30 30
weft datasets ./fashion-mnist/ --json
with=$(json '[c["name"] for c in d["classes"]]')
weft datasets ./fashion-mnist --json
json_is '[c["name"] for c in d["classes"]]' "$with"

# ---- the data of a competition ----
mkdir digits
row() { printf '%s' "$1"; seq -s, 0 15 | sed 's/^/,/'; }
{
    echo "label,$(seq -s, -f 'pixel%g' 0 15)"
    for i in 0 1 0 1 0 1; do row $i; done
} >digits/train.csv
cp digits/train.csv digits/._train.csv
weft datasets digits
exits 0
cut -d , -f 2- digits/train.csv >digits/test.csv
weft datasets digits
exits 3
err_like '*test.csv: found 16 columns, which are the pixels of an image, and no label*weft predict*'

# ---- what is said of mistakes ----
weft train best.yaml -d ./photos --set 'layers.dense.units=2'
exits 2
err_like '*model best has 2 outputs, data set photos has 3 classes*--set layers.dense.units=3 does'
for wrong in 'optimizer={adam: 0.01}' 'schedule={step: 5}' 'augmentation=[{random_erase: 0.3}]'; do
    weft summary best.yaml --set "training.$wrong"
    exits 2
    err_like '*training: * must be *'
done
weft summary best.yaml --set layers.dense.units=2000000000
exits 2
err_like '*units is 2000000000, must be 1 to *'
weft summary best.yaml --set training.epochs=0
exits 2
err_like '*epochs is 0, must be at least 1*'
weft summary best.yaml --set 'training.augmentation=[{random_shift: {height: 6}}]' --set 'input=[4, 4, 3]'
exits 2
err_like '*random_shift*'

finish
