#!/bin/bash
# Data sets in one file: zip and tar archives, well made and malformed.
. "$(dirname -- "$0")/lib.sh"

cat >make.py <<'END'
import io, struct, sys, tarfile, zipfile, zlib

def png(level, side=8):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes((level + 7 * x + 3 * y) % 256 for x in range(side)) for y in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", side, side, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

classes = {f"{part}/{name}/{i}.png": png(100 * k + i) for part, n in (("train", 12), ("test", 4))
           for k, name in enumerate(("cat", "dog")) for i in range(n)}
table = "image,labels,split\n" + "".join(
    f'{i}.png,{("a", "b|c", "", "a|d")[i % 4]},{"train" if i < 12 else "test"}\n' for i in range(16))
sets = {"labels.csv": table.encode(), **{f"{i}.png": png(15 * i) for i in range(16)}}

def write_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(name, data)

def write_tar(path, members, mode="w", more=()):
    with tarfile.open(path, mode) as out:
        for name, data in [*members.items(), *more]:
            info = data if isinstance(data, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = 0 if isinstance(data, tarfile.TarInfo) else len(data)
            out.addfile(info, None if isinstance(data, tarfile.TarInfo) else io.BytesIO(data))

def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return name, info

def below(folder, members):
    return {f"{folder}/{name}": data for name, data in members.items()}

write_zip("classes.zip", classes)
write_tar("classes.tar", below("./photos/all of them", classes))
write_tar("classes.tar.gz", classes, "w:gz")
write_zip("sets.zip", {**below("sets", sets), "__MACOSX/sets/._0.png": b"x", "sets/.DS_Store": b"y"})
write_tar("sets.tgz", sets, "w:gz")
for path, members in (("classes", classes), ("sets", sets)):
    import os
    for name, data in members.items():
        os.makedirs(os.path.dirname(f"{path}/{name}") or path, exist_ok=True)
        open(f"{path}/{name}", "wb").write(data)

# malformed
write_zip("up.zip", {**classes, "train/cat/../../../../evil.png": png(1)})
write_tar("absolute.tar", {**classes, "/tmp/evil.png": png(1)})
write_tar("symbolic.tar", classes, more=[link("train/cat/link.png", "/etc/passwd")])
write_tar("hard.tar", classes, more=[link("train/cat/hard.png", "train/cat/0.png", tarfile.LNKTYPE)])
write_tar("device.tar", classes, more=[link("train/cat/null", "", tarfile.CHRTYPE)])
write_tar("twice.tar", classes, more=[("train/cat/0.png", png(2))])
write_tar("file-as-folder.tar", classes, more=[("train/cat/0.png/1.png", png(2))])
write_zip("bomb.zip", {**classes, "train/cat/zeros.png": bytes(50 << 20)})
write_tar("bomb.tar.gz", {**classes, "train/cat/zeros.png": bytes(50 << 20)}, "w:gz")
write_tar("deep.tar", {"a/" * 20 + "0.png": png(1)})
write_tar("name.tar", {"train/cat/" + "n" * 2000 + ".png": png(1)})
write_tar("control.tar", {**classes, "train/cat/a\nb.png": png(1)})
write_tar("broken-image.tar", {**classes, "train/dog/broken.png": png(3)[:60]})
write_zip("other.zip", {"readme.txt": b"nothing"})
write_zip("empty.zip", {})
data = open("classes.zip", "rb").read()
at = data.index(b"train/dog/3.png") + 40
open("damaged.zip", "wb").write(data[:at] + bytes([data[at] ^ 255]) + data[at + 1:])
open("cut.tar", "wb").write(open("classes.tar", "rb").read()[:9000])
open("cut.tar.gz", "wb").write(open("classes.tar.gz", "rb").read()[:-600])
open("text.zip", "w").write("no archive at all\n" * 100)
locked = bytearray(data)
for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
    at = -1
    while (at := locked.find(mark, at + 1)) >= 0:
        locked[at + offset] |= 1
open("locked.zip", "wb").write(locked)
END
/usr/bin/python3 make.py

# ---- the same data as the folder ----
hash_of() {
    weft datasets "$1" --json
    json 'd["hash"]' 2>/dev/null
}
cached() { find "$XDG_CACHE_HOME" -type f 2>/dev/null | wc -l; }
classes=$(hash_of ./classes)
sets=$(hash_of ./sets)
same "${#classes} ${#sets}" '64 64'
for file in classes.zip classes.tar classes.tar.gz; do same "$(hash_of $file)" "$classes"; done
for file in sets.zip sets.tgz; do same "$(hash_of $file)" "$sets"; done
weft datasets sets.zip
err_like '*sets.zip: 2 hidden file(s) left out*'
out_like '*8 x 8 pixels*4 classes, any number of labels per image*'
same "$(cached)" 0

# ---- trained on, and gone on with ----
cat >tiny.yaml <<'END'
name: tiny
input: [8, 8, 1]
layers:
  - flatten
  - dense: {units: 2, activation: softmax}
training: {epochs: 2, batch_size: 8, validation: 0.25}
END
weft train tiny.yaml --dataset classes.zip -q
exits 0
weft train tiny.yaml --dataset ./classes -q --name folder
same "$(sha "$WEFT_RUNS/tiny-1/weights/last.safetensors")" "$(sha "$WEFT_RUNS/folder-1/weights/last.safetensors")"
weft evaluate tiny-1 --json
exits 0
json_is 'd["evaluation"]["count"]' 8

# ---- malformed ones: exit status 3, the archive and the member are named, nothing stays behind ----
refused() { # FILE PATTERN
    weft datasets "$1"
    exits 3
    err_like "$2"
    same "$(cached)" 0
}
refused up.zip '*up.zip: member train/cat/../../../../evil.png: the name leads out of the archive*'
refused absolute.tar '*absolute.tar: member /tmp/evil.png: the name begins with /*'
refused symbolic.tar '*symbolic.tar: member train/cat/link.png: it is a link or a device*'
refused hard.tar '*hard.tar: member train/cat/hard.png: it is a link or a device*'
refused device.tar '*device.tar: member train/cat/null: it is a link or a device*'
refused twice.tar '*twice.tar: member train/cat/0.png: it is there twice*'
refused file-as-folder.tar '*file-as-folder.tar/train/cat/0.png: *'
refused bomb.zip '*bomb.zip: member train/cat/zeros.png: more than * bytes have come out of the archive*200 times*'
refused bomb.tar.gz '*bomb.tar.gz: member train/cat/zeros.png: more than * bytes*'
refused deep.tar '*deep.tar: member a/a/*: more than 16 folders deep*'
refused name.tar '*name.tar: member train/cat/nnn*...: the name has more than 1023 bytes*'
refused control.tar '*control.tar: member *: the name holds a control character or a backslash*'
refused damaged.zip '*damaged.zip: *'
refused cut.tar '*cut.tar: *runcated*'
refused cut.tar.gz '*cut.tar.gz: *runcated*'
refused text.zip '*text.zip: *'
refused empty.zip '*empty.zip: *'
refused locked.zip '*locked.zip: member train/cat/0.png: it is encrypted*'
refused broken-image.tar '*broken-image.tar/train/dog/broken.png: *'
refused other.zip '*other.zip: found 0 class folders, expected 2 to 4096, or IDX files*'
refused missing.zip '*missing.zip*'
# ---- what a killed process left goes, what another one reads stays ----
cache=$XDG_CACHE_HOME/weft
mkdir -p "$cache/unpacked-1/train" "$cache/unpacked-4" "$cache/unpackedness"
flock "$cache/unpacked-4" "$WEFT" datasets classes.zip -q >/dev/null
same "$(ls "$cache" | tr '\n' ' ')" 'unpacked-4 unpackedness '
rmdir "$cache/unpackedness"
weft datasets classes.zip -q
same "$(cached)" 0

check 'nothing was written elsewhere' test ! -e evil.png -a ! -e ../evil.png -a ! -e /tmp/evil.png

finish
