#!/bin/bash
# Features of a layer, the projector's files, the map.
. "$(dirname -- "$0")/lib.sh"

make_images images 8 60 45
cat >tiny.yaml <<'END'
name: tiny
input: [8, 8, 1]
layers:
  - conv2d: {filters: 2, kernel_size: 3, activation: relu}
  - flatten
  - dense: {units: 5, activation: relu}
  - dropout: {rate: 0.5}
  - dense: {units: 3, activation: softmax}
training: {epochs: 2, batch_size: 16, validation: 0.2, normalization: standardize}
END
weft train tiny.yaml --dataset ./images -q
exits 0

# ---- features ----

# python EXPRESSION: with numpy as np, the folder's features as f, lines of its CSV and TSV files.
python() {
    /usr/bin/python3 -c 'import sys, json, numpy as np
try:
    f = np.load(sys.argv[1] + "/features.npy")
    lines = lambda name: open(sys.argv[1] + "/" + name).read().splitlines()
    print(eval(sys.argv[2]))
except Exception as error:
    print(type(error).__name__, error)' "$@"
}

weft embed tiny
exits 0
err_is ''
out_is 'tiny-1: 45 images of images, 5 features each, the outputs of layer dropout
tiny-1-embedding: features.npy, projector_config.pbtxt and what it names'
same "$(ls tiny-1-embedding)" 'features.npy
metadata.tsv
projector_config.json
projector_config.pbtxt
sprite.png
tensors.tsv'
same "$(python tiny-1-embedding 'f.shape, str(f.dtype), bool((f >= 0).all()), bool(f.std() > 0)')" \
    "((45, 5), 'float32', True, True)"
same "$(python tiny-1-embedding 'bool(np.allclose(np.loadtxt(lines("tensors.tsv"), delimiter="\t"), f, rtol=1e-5))')" True
same "$(python tiny-1-embedding 'lines("metadata.tsv")[0], len(lines("metadata.tsv")), lines("metadata.tsv")[2].split("\t")[:2]')" \
    "('index\tlabel\tpredicted', 46, ['1', '1'])"
same "$(python tiny-1-embedding 'json.load(open("tiny-1-embedding/projector_config.json"))["embeddings"][0]')" \
    "{'tensorName': 'tiny-1 dropout', 'tensorShape': [45, 5], 'tensorPath': 'tensors.tsv', 'metadataPath': 'metadata.tsv', 'sprite': {'imagePath': 'sprite.png', 'singleImageDim': [8, 8]}}"
same "$(cat tiny-1-embedding/projector_config.pbtxt)" 'embeddings {
  tensor_name: "tiny-1 dropout"
  tensor_path: "tensors.tsv"
  metadata_path: "metadata.tsv"
  sprite {
    image_path: "sprite.png"
    single_image_dim: 8
    single_image_dim: 8
  }
}'
# 45 images in 7 rows of 7, the first at the top left
same "$(od -A n -t x1 -j 1 -N 3 tiny-1-embedding/sprite.png) $(od -A n -t x1 -j 16 -N 8 tiny-1-embedding/sprite.png)" \
    ' 50 4e 47  00 00 00 38 00 00 00 38'

# The features times the last layer's weights are what the model predicts.
same "$(/usr/bin/python3 -c '
import json, numpy as np
raw = open("runs/tiny-1/weights/last.safetensors", "rb").read()
size = int.from_bytes(raw[:8], "little")
head = json.loads(raw[8:8 + size])
def tensor(name):
    a, b = head[name]["data_offsets"]
    return np.frombuffer(raw[8 + size + a:8 + size + b], "<f4").reshape(head[name]["shape"])
f = np.load("tiny-1-embedding/features.npy")
said = np.loadtxt("runs/tiny-1/predictions.csv", delimiter=",", skiprows=1)
logits = f @ tensor("dense_1/kernel") + tensor("dense_1/bias")
p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
print(len(said), bool(np.allclose(p, said[:, 3:], atol=1e-5)))')" '45 True'

weft embed tiny --layer conv2d --part all --limit 20 --seed 3 -o conv --json
exits 0
json_is 'd["layer"], d["part"], d["images"], d["features"], d["folder"]' "('conv2d', 'all', 20, 72, 'conv')"
same "$(python conv 'f.shape')" '(20, 72)'
index='[int(line.split("\t")[0]) for line in lines("metadata.tsv")[1:]]'
same "$(python conv "(lambda i: (i == sorted(set(i)), max(i) < 105))($index)")" '(True, True)'
weft embed tiny --layer conv2d --part all --limit 20 --seed 4 -o other -q
differ "$(python conv "$index")" "$(python other "$index")"
weft embed tiny --layer input --part train --limit 1 -o one
exits 0
same "$(python one 'f.shape')" '(1, 64)'

# ---- the map ----

weft embed tiny --tsne --perplexity 5 --iterations 100 -o map --threads 1
exits 0
err_is ''
out_like 'tiny-1: 45 images of images, 5 features each, the outputs of layer dropout
map: features.npy, projector_config.pbtxt and what it names
t-SNE, perplexity 5, 100 iterations: KL divergence *, * s
10 nearest neighbours of the same class: 0.* on the map, 0.* of the features
map: tsne.csv, tsne.svg'
same "$(python map 'lines("tsne.csv")[0], len(lines("tsne.csv")), lines("tsne.csv")[3].split(",")[:2]')" \
    "('index,label,predicted,x,y', 46, ['2', '2'])"
check 'the picture is XML' /usr/bin/python3 -c 'import xml.dom.minidom as x; x.parse("map/tsne.svg")'
weft embed tiny --tsne --perplexity 5 --iterations 100 -o map3 --threads 3 --json
exits 0
check 'threads do not change the map' cmp map/tsne.csv map3/tsne.csv
json_is 'd["tsne"]["perplexity"], d["tsne"]["iterations"], d["tsne"]["init"], d["tsne"]["pca"]' "(5.0, 100, 'pca', 0)"
json_is 'd["tsne"]["kl"] > 0, 0 <= d["tsne"]["agreement"] <= 1, d["tsne"]["neighbours"]' '(True, True, 10)'
weft embed tiny --tsne --perplexity 5 --iterations 20 --layer conv2d --pca 3 -o pca --json
json_is 'd["tsne"]["pca"]' 3
weft embed tiny --tsne --perplexity 5 --iterations 20 --init random -o a -q
weft embed tiny --tsne --perplexity 5 --iterations 20 --init random --seed 1 -o b -q
exits 0
differ "$(sha a/tsne.csv)" "$(sha b/tsne.csv)"

# ---- what is refused ----

weft embed tiny --layer dense_7
exits 2
err_is 'weft: model tiny has no layer "dense_7"
      its layers are input, conv2d, flatten, dense, dropout, dense_1'
weft embed tiny --tsne -o small
exits 2
err_like '*perplexity 30 needs 91 rows of features, there are 45*a perplexity of 14 is possible*'
check 'the features are there all the same' test -f small/features.npy
weft embed nothing
exits 2
weft embed tiny --part some
exits 2
touch file
weft embed tiny -o file
exits 1

# ---- classes are numbers to a model ----
/usr/bin/python3 - runs <<'END'
import json, sys
path = "runs/tiny-1/description.json"
d = json.load(open(path))
d["class_names"] = ["1", "0", "2"]
json.dump(d, open(path, "w"))
END
weft evaluate tiny
exits 3
err_like 'weft: data set images has the classes of run tiny-1 in another order: class 0 is "0", there "1"*the same order'
weft embed tiny
exits 3

finish
