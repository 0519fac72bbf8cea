#!/bin/bash
# What a model looks at: what is said, the files, and what is refused. Whether the figures are right is
# for tests/golden.
. "$(dirname -- "$0")/lib.sh"

make_images images 8 120 12
recipe='training: {epochs: 1, batch_size: 16, validation: 0.2}'
head='input: [8, 8, 1]
layers:'
end='  - dense: {units: 3, activation: softmax}'
printf '%s\n' 'name: cnn' "$head" '  - conv2d: {filters: 4, kernel_size: 3, activation: relu}' \
    '  - dropout: {rate: 0.2}' '  - flatten' "$end" "$recipe" >cnn.yaml
printf '%s\n' 'name: rnn' "$head" '  - rows' '  - gru: {units: 6}' "$end" "$recipe" >rnn.yaml
printf '%s\n' 'name: both' "$head" '  - conv2d: {filters: 4, kernel_size: 3, padding: same}' \
    '  - batch_normalization' '  - max_pool2d' '  - columns' '  - bidirectional: {layer: {lstm: {units: 5}}}' \
    "$end" "$recipe" >both.yaml
printf '%s\n' 'name: columns' "$head" '  - columns' '  - simple_rnn: {units: 6}' "$end" \
    'training: {epochs: 1, batch_size: 16, validation: 0.2, normalization: standardize}' >columns.yaml
printf '%s\n' 'name: plain' "$head" '  - flatten' "$end" "$recipe" >plain.yaml
printf '%s\n' 'name: states' "$head" '  - rows' '  - gru: {units: 4, return_sequences: true}' '  - flatten' "$end" \
    "$recipe" >states.yaml
for model in cnn rnn both columns states plain; do
    weft train $model.yaml --dataset ./images -q
    exits 0
done

# files FOLDER: the names in it
files() { printf '%s ' $(ls "$1"); }
# adds_up: the parts of the document on standard output fit together
adds_up() {
    json_is 'abs(d["integrated_gradients"]["sum"] - d["score"] + d["baseline_score"]
        - d["integrated_gradients"]["error"]) < 1e-9' True
    json_is 'abs(sum(d["integrated_gradients"]["rows"]) - d["integrated_gradients"]["sum"]) < 1e-9' True
    json_is 'abs(d["integrated_gradients"]["error"]) < 0.01' True
    json_is 'all(abs(sum(p["lines"]) - p["sum"]) < 1e-9 and abs(p["sum"] - d["score"] + d["baseline_score"] - p["error"])
        < 1e-9 and abs(p["error"]) < 0.01 for p in [d.get("progression")] if p)' True
}
# png FILE: width, height, bits and kind of a PNG file, after its check sums
png() {
    /usr/bin/python3 -c 'import struct, sys, zlib
data, at = open(sys.argv[1], "rb").read(), 8
while at < len(data):
    n, = struct.unpack(">I", data[at:at + 4])
    assert zlib.crc32(data[at + 4:at + 8 + n]) == struct.unpack(">I", data[at + 8 + n:at + 12 + n])[0]
    at += 12 + n
print(*struct.unpack(">IIBB", data[16:26]))' "$1"
}

# ---- a convolution: where ----
weft explain cnn test:4
exits 0
err_is ''
out_like 'cnn-1: test image 4 of images, labelled 1
predicted  * 0.*, * 0.*, * 0.*
explained  ?: score *, of a black image *

Grad-CAM of layer conv2d, 6 x 6*
  |????????|
  |????????|
  |????????|
  |????????|

Integrated gradients of 64 steps from a black image add up to *; the score'\''s difference is *.
Pictures and figures are in *runs/cnn-1/explain/test-4'
folder=$WEFT_RUNS/cnn-1/explain/test-4
same "$(files "$folder")" 'attributions.npy explain.json gradcam.npy heatmap.png '
same "$(png "$folder/heatmap.png")" '680 228 8 2'
weft explain cnn test:4 --json -o out
exits 0
adds_up
json_is 'd["run"], d["image"], d["label"], d["folder"]' "('cnn-1', 'test image 4 of images', 1, 'out')"
json_is 'd["class"] == d["predictions"][0]["class"], len(d["predictions"])' '(True, 3)'
json_is 'd["grad_cam"]["layer"], len(d["grad_cam"]["map"]), min(map(min, d["grad_cam"]["map"])) >= 0' \
    "('conv2d', 6, True)"
json_is '"progression" in d' False
check 'the same arguments make the same picture' cmp out/heatmap.png "$folder/heatmap.png"
check 'and the same array' cmp out/attributions.npy "$folder/attributions.npy"
weft explain cnn test:4 --threads 3 -o three -q
check 'with any number of threads' cmp three/attributions.npy out/attributions.npy
weft explain cnn test:4 --layer dropout --json
json_is 'd["grad_cam"]["layer"], d["grad_cam"]["height"]' "('dropout', 6)"

# ---- recurrent: when ----
weft explain rnn train:7 --class 2
exits 0
out_like 'rnn-1: train image 7 of images, labelled 1
predicted *
explained  2: score *, of a black image *

row  p(2) * most probable  speaks for 2
  1  0.* *
  8  0.* *
p(2): of the rows up to that one, read alone
Integrated *'
same "$(files "$WEFT_RUNS/rnn-1/explain/train-7")" \
    'attributions.npy explain.json heatmap.png progression.svg '
same "$(png "$WEFT_RUNS/rnn-1/explain/train-7/heatmap.png")" '454 228 8 2'
check 'the chart is well-formed' /usr/bin/python3 -c 'import sys, xml.dom.minidom
text = open(sys.argv[1]).read()
xml.dom.minidom.parseString(text)
assert "Probability after each row" in text and text.count("<path") >= 1 and text.count("<rect") == 9' \
    "$WEFT_RUNS/rnn-1/explain/train-7/progression.svg"
weft explain rnn train:7 --json --steps 200
adds_up
json_is 'd["progression"]["reading"], d["progression"]["layer"], len(d["progression"]["outputs"])' "('rows', None, 8)"
json_is 'max(abs(d["progression"]["outputs"][-1][p["class"]] - p["probability"]) < 1e-6
    for p in d["predictions"])' True
json_is 'd["integrated_gradients"]["steps"]' 200

# ---- both, columns, neither ----
weft explain both test:0 --baseline white
exits 0
out_like '*of a white image*Grad-CAM of layer conv2d, 8 x 8*
step  columns  p(?) * most probable  speaks for ?
   1  1-2      0.* *
   2  3-4      0.* *
   3  5-6      0.* *
   4  7-8      0.* *
p(?): of the steps up to that one, read alone. A step is a column of layer max_pool2d'\''s map and sees
somewhat more of the image than the columns that are named.
*from a white image add up to *, those of the map to *'
check 'the chart says what a step is' \
    grep -q ">step: a column of max_pool2d's map, about 2 columns of the image<" \
    "$WEFT_RUNS/both-1/explain/test-0/progression.svg"
same "$(files "$WEFT_RUNS/both-1/explain/test-0")" \
    'attributions.npy explain.json gradcam.npy heatmap.png progression.svg '
weft explain both test:0 --json
adds_up
json_is 'd["progression"]["reading"], d["progression"]["layer"], d["progression"]["image_lines"], "grad_cam" in d' \
    "('columns', 'max_pool2d', 8, True)"
json_is 'len(d["progression"]["outputs"]), len(d["progression"]["lines"])' '(4, 4)'
json_is 'max(abs(d["progression"]["outputs"][-1][p["class"]] - p["probability"]) < 1e-6
    for p in d["predictions"])' True
weft explain states test:0
exits 0
out_like '*row  p(?)*p(?): of the image whose rows below that one are black
*'
weft explain states test:0 --json
adds_up
json_is 'd["progression"]["reading"], d["progression"]["layer"], len(d["progression"]["lines"])' "('filled', None, 8)"
weft explain columns test:0
exits 0
out_like '*column  p(?)*of the columns up to that one, read alone*'
weft explain columns test:0 --json
adds_up
json_is 'd["progression"]["reading"]' columns
weft explain plain test:0
exits 0
out_like '*
row  speaks for ?
  1  [+-]0.* *'
same "$(files "$WEFT_RUNS/plain-1/explain/test-0")" 'attributions.npy explain.json heatmap.png '
weft explain plain test:0 --json
adds_up
json_is '"progression" in d, "grad_cam" in d' '(False, False)'

# ---- files ----
/usr/bin/python3 -c 'import struct, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\0" + bytes(20 * (x + y) % 256 for x in range(10)) for y in range(12))
open("photo.png", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 12, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))'
weft explain cnn photo.png
exits 0
err_like 'photo.png: 1 image(s) resized from 12x10 to 8x8*'
out_like 'cnn-1: photo.png
predicted *'
check 'the folder is named after the file' test -f "$WEFT_RUNS/cnn-1/explain/photo/heatmap.png"
weft explain cnn images/t10k-images-idx3-ubyte --index 4 --json -o idx
exits 0
json_is 'd["image"]' 'images/t10k-images-idx3-ubyte[4]'
check 'the same image from its file' cmp idx/attributions.npy out/attributions.npy

# ---- what is refused ----
weft explain cnn
exits 2
weft explain cnn test:12
exits 2
err_is 'weft: image 12 of test: there are 12
      they are numbered from 0'
weft explain cnn validation:0
exits 3
err_like 'weft: data set images has no validation images of its own*splits.csv'
weft explain cnn photo.png --index 1
exits 2
weft explain cnn nothing.png
exits 3
err_like 'weft: *nothing.png*'
weft explain cnn test:0 --class 3
exits 2
err_is 'weft: class "3" is unknown
      give a name of a class or a number from 0 to 2'
sed -i 's/"class_names": *\[[^]]*\]/"class_names": ["Ankle boot", "Bag", "Coat"]/' \
    "$WEFT_RUNS/cnn-1/description.json"
weft explain cnn test:0 --class bag --json
json_is 'd["class"], d["name"]' "(1, 'Bag')"
weft explain cnn test:0 --class Coet
exits 2
err_is 'images: other classes than cnn-1 was trained on: class 0 is "0", there "Ankle boot"
weft: class "Coet" is unknown
      did you mean "Coat"?'
weft explain cnn test:0 --layer conv2
exits 2
err_like '*weft: model cnn has no layer "conv2"*conv2d*'
weft explain rnn test:0 --layer gru
exits 2
err_like 'weft: layer gru: the output is (6,), Grad-CAM needs height, width and channels*'
weft explain cnn test:0 -o photo.png --json
exits 1
json_is 'd["error"]["code"]' io

finish
