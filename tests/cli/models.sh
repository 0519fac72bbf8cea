#!/bin/bash
# Models, layers, data sets, doctor: what is listed, and what is said about files that are wrong.
. "$(dirname -- "$0")/lib.sh"

# ---- parameter counts as Keras has them ----
while read -r model params; do
    weft summary "$model" --json
    exits 0
    json_is 'd["total"]["params"]' "$params"
done <<'END'
lstm-186 161830
lstm-186-784 3212866
cnn-2conv-bn 9517034
cnn-1conv 697130
cnn-3conv-leaky 356234
cnn-2conv 121930
cnn-16 20490
cnn-32 50186
lenet-5 61706
bilstm-128 163338
lstm-2x128-relu 216426
END
weft summary gru-128 --json
json_is '[l["params"] for l in d["layers"] if l["type"] == "gru"]' '[60672]'
weft summary lstm-186
out_like '*lstm (lstm)*(None, 186)*159,960*Total params: 161,830 *'
weft summary lstm-186-784
out_like '*Total params: 3,212,866 *'
weft summary cnn-2conv-bn
out_like '*Total params: 9,517,034 *Non-trainable params: 1,408 *'
weft summary gru-128
out_like '*gru (gru)*60,672*'
weft summary lstm-186 --set layers.lstm.units=56
out_like '*(None, 56)*19,040*'
weft summary lstm-186 --set layers.dense.units=3 --json
json_is 'd["layers"][-1]["output_shape"]' '[3]'
weft summary lstm-186 -s layers.lstm.unit=3
exits 2
err_like '*unknown key "unit"*did you mean units?'

# ---- lists ----
weft models
exits 0
for model in cnn-1conv lstm-2x128-relu cnn-2conv-bn cnn-4conv-bn lstm-128 cnn-3conv-leaky gru-128 lstm-186 \
    lstm-186-784 cnn-2conv cnn-16 cnn-32 cnn-16-lstm cnn-32-lstm cnn-16-bilstm cnn-32-bilstm lenet-5 \
    renet sequencer2d bilstm-strong crnn-strong bilstm-128 cnn-16-lstm-1conv cnn-16-lstm-3conv cnn-16-lstm-64; do
    out_like "*$model *"
done
weft models --json
json_is '[m["claim"]["accuracy"] for m in d["models"] if m["name"] == "cnn-2conv-bn"]' '[0.9251]'
weft datasets
exits 0
out_like '*fashion-mnist *60,000 *10,000 *MIT*mnist *kmnist *emnist *'
weft datasets --names
out_is 'fashion-mnist
mnist
kmnist
emnist'
weft doctor
exits 0
out_like '*CPU*kernels*x86-64-v*levels*v2*libraries*jansson*data*fashion-mnist*models*runs*missing*'
weft doctor --isa v2 --json
json_is 'd["kernels"], d["levels"][-1]' "('x86-64-v2', 'v2')"
json_is 'sorted(d["libraries"])' \
    "['jansson', 'libarchive', 'libcurl', 'libfyaml', 'libjpeg', 'libmicrohttpd', 'libpng', 'libwebp', 'nettle', 'protobuf-c', 'sqlite', 'zlib']"

# ---- what is wrong ----
weft summary gru-182
exits 2
err_like 'weft: there is no model "gru-182"*did you mean gru-128?*'
weft summary nowhere.yaml
exits 2
err_like 'weft: *nowhere.yaml*'
printf 'name: x\ninput: [28, 28, 1]\nlayers:\n  - flatten\n  - dense: {unit: 10}\n' >wrong.yaml
weft summary wrong.yaml
exits 2
err_like 'weft: *wrong.yaml:5:*unknown key "unit"*did you mean units?'
printf 'name: x\ninput: [28, 28, 1]\nlayers:\n  - conv3d: {filters: 3}\n' >wrong.yaml
weft summary wrong.yaml --json
exits 2
json_is 'd["error"]["code"]' argument
printf 'name: x\nname: y\n' >wrong.yaml
weft summary wrong.yaml
exits 2
err_like 'weft: *wrong.yaml:2:*'
printf 'input: [28, 28, 1]\nname: x\nlayers:\n  - conv2d: {filters: 3, kernel_size: 31}\n' >wrong.yaml
weft summary wrong.yaml
exits 2
printf 'binary\001\002' >wrong.yaml
weft summary wrong.yaml
exits 2
weft summary "$source_dir/models/gru-128.yaml"
exits 0

weft train gru-128 --dataset mnist
exits 3
err_like 'weft: data set mnist: not found*put train-images*'
weft train gru-128 --dataset mnits
exits 3
err_like 'weft: data set mnits: *mnist*'
weft train gru-128 --dataset ./nowhere
exits 3
mkdir damaged
printf 'no idx file' >damaged/train-images-idx3-ubyte
cp damaged/train-images-idx3-ubyte damaged/train-labels-idx1-ubyte
weft train gru-128 --dataset ./damaged --json
exits 3
json_is 'd["error"]["code"]' data
json_is '"damaged/train-" in d["error"]["message"]' True
check 'no run was made' test ! -e "$WEFT_RUNS"

# ---- a model of one's own: the README's ----
sed -n '/^```yaml$/,/^```$/p' "$source_dir/README.md" | sed '1d;$d' >my-cnn.yaml
check 'the README has a model of ten lines' test "$(wc -l <my-cnn.yaml)" -eq 10
weft summary my-cnn.yaml
exits 0
out_like '*Total params: *'
if [ -d /usr/share/datasets/fashion-mnist ]; then
    weft train my-cnn.yaml --limit 640 --epochs 1
    exits 0
    err_like 'my-cnn-1: my-cnn on fashion-mnist, 640 training and 12000 validation images, seed 0*'
fi

finish
