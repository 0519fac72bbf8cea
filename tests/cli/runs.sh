#!/bin/bash
# weft runs: lists, comparisons, queries, tags, deleting, collecting, exporting.
. "$(dirname -- "$0")/lib.sh"

make_images images 12 120 30
cat >tiny.yaml <<'END'
name: tiny
input: [12, 12, 1]
layers: [rows, {gru: {units: 6}}, {dense: {units: 3, activation: softmax}}]
training: {epochs: 2, batch_size: 16, validation: 0.2, optimizer: {adam: {learning_rate: 0.01}}}
END
weft train tiny.yaml -d ./images -q
exits 0
weft train tiny.yaml -d ./images -q --seed 1 --set layers.gru.units=5 -e 1
exits 0
weft train tiny.yaml -d ./images -q --name other
exits 0
for n in 1 2; do
    weft train tiny.yaml -d ./images -q --name "it's; DROP TABLE runs --" -e 1
done

# ---- list ----
weft runs
exits 0
out_like 'run *status *tiny-1 *finished *2/2*tiny-2 *1/1*other-1*'
weft runs list tiny --json
json_is '[r["id"] for r in d["runs"]]' "['tiny-1', 'tiny-2', 'other-1', \"it's; DROP TABLE runs ---1\", \"it's; DROP TABLE runs ---2\"]"
weft runs list other --names
out_is other-1
weft runs list --limit 1 --names
out_is "it's; DROP TABLE runs ---2"
weft runs list --model tiny --status finished --sort accuracy --limit 2 --json
json_is '[r["accuracy"] for r in d["runs"]] == sorted((r["accuracy"] for r in d["runs"]), reverse=True)' True
json_is 'len(d["runs"])' 2
weft runs list --status done
exits 2
weft runs list --dataset nothing
out_like 'No runs like that in *'
weft runs list --yes
exits 2
err_like '*weft runs list takes no --yes*'
weft runs lits
exits 2
err_like '*did you mean weft runs list?'
weft runs show
exits 2
err_like '*weft runs show takes RUN*'

# ---- show and compare ----
weft runs show tiny-1 --json
json_is 'd["run"]["judged_on"], len(d["epochs"]), len(d["classes"]), "accuracy" in d["figures"]' "('test', 2, 3, True)"
json_is 'sorted(a["path"] for a in d["artefacts"] if a["kind"] == "weights")' \
    "['weights/best.safetensors', 'weights/last.safetensors']"
weft runs compare tiny-1 tiny-2
exits 0
out_like '*tiny-1 *tiny-2*seed *0 *1*model.layers.1.gru.units *6 *5*model.training.epochs *2 *1*accuracy*macro_f1*'
weft runs compare tiny-1 tiny-2 --json
json_is 'd["runs"], d["configuration"]["model.layers.1.gru.units"], "model.name" in d["configuration"]' \
    "(['tiny-1', 'tiny-2'], ['6', '5'], False)"
json_is 'd["figures"]["accuracy"][0]' "$(/usr/bin/python3 -c 'import json
print(json.load(open("runs/tiny-1/test.json"))["accuracy"])')"
weft runs compare tiny-1
exits 2

# ---- query ----
weft runs query "SELECT id, epochs FROM summary WHERE model = 'tiny' ORDER BY id LIMIT 2" --format csv
same "$(tr -d '\r' <.out)" "id,epochs
it's; DROP TABLE runs ---1,1
it's; DROP TABLE runs ---2,1"
weft runs query "SELECT 'a \"b\", c' AS x, NULL AS y, 1.5 AS z" -f csv
same "$(tr -d '\r' <.out)" 'x,y,z
"a ""b"", c",,1.5'
weft runs query "SELECT run, count(*) AS n FROM epochs WHERE run LIKE 'tiny%' GROUP BY run"
out_is 'run     n
tiny-1  2
tiny-2  1'
weft runs query "SELECT run, epoch FROM epochs WHERE run = 'tiny-2'" -f json
json_is d "[{'run': 'tiny-2', 'epoch': 1}]"
weft runs query "SELECT x'00ff' AS b, 1e999 AS i" --json
json_is 'd["columns"], d["rows"]' "(['b', 'i'], [[\"X'00ff'\", None]])"
weft runs query 'SELECT * FROM summary WHERE id = "tiny-1"'
out_like 'id *tiny-1*status *finished*'
weft runs query "SELECT key FROM json_each('{\"a\": 1}')" -f csv
out_like 'key*a*'
weft runs query 'PRAGMA table_info(folds)' -f csv
out_like '*folds,INTEGER*'
before=$(sha runs/weft.db)
for sql in 'DELETE FROM runs' 'UPDATE runs SET model = 1' 'DROP TABLE tags' 'PRAGMA user_version = 7' \
    "ATTACH 'other.db' AS o" "VACUUM INTO 'copy.db'" 'CREATE TEMP TABLE t(x)' 'BEGIN' \
    "SELECT load_extension('x')" 'SELECT 1; DELETE FROM runs' '' '-- nothing' 'SELECT nothing FROM runs' \
    'UPDATE sqlite_master SET sql = 1' 'PRAGMA journal_mode = DELETE' 'REINDEX'; do
    weft runs query "$sql"
    exits 2
    out_is ''
done
check 'no file was made' test ! -e other.db -a ! -e copy.db
same "$(sha runs/weft.db)" "$before"
weft runs query 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c' --max-time 0.2s
exits 3
err_like '*the query took more than 0.2 s*'
weft runs query 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c'
exits 3
err_like '*more than 4000000 rows*LIMIT*'

# The examples of the guide run, and answer something.
weft runs tag tiny-1 best=yes
exits 0
mkdir folds && weft train tiny.yaml -d ./images -q -e 1 -n fold >/dev/null 2>&1
/usr/bin/python3 - "$source_dir/docs/guide/database.md" <<'END'
import re, sys
for i, sql in enumerate(re.findall(r"```sql\n(.*?)```", open(sys.argv[1]).read(), re.S)):
    open(f"folds/example-{i}.sql", "w").write(sql)
END
check 'the guide has examples' test "$(find folds -name '*.sql' | wc -l)" -ge 6
for file in folds/*.sql; do
    weft runs query "$(cat "$file")" --json
    exits 0
    grep -q 'FROM folds' "$file" || json_is 'len(d["rows"]) > 0' True
done
weft runs query "$(sed -n 's/^weft runs query "\(.*\)"$/\1/p' "$source_dir/docs/guide/database.md" | head -n 1)"
exits 0

# ---- tags ----
weft runs tag tiny-2 'note=it'\''s "odd"; DROP TABLE tags' plain --json
exits 0
json_is 'd["tags"]["note"], d["tags"]["plain"]' "('it\\'s \"odd\"; DROP TABLE tags', '')"
weft runs list --tag plain --names
out_is tiny-2
weft runs list --tag best=yes --names
out_is tiny-1
weft runs list --tag best=no
out_like 'No runs like that in *'
weft runs tag tiny-2 plain --remove
exits 0
weft runs tag tiny-2 plain --remove
exits 2
err_like '*has no tag*plain*'
weft runs tag tiny-2 ''
exits 2
weft runs tag nothing x
exits 2
cp -r runs kept
rm runs/weft.db*
weft runs list --tag best --names
out_is tiny-1

# ---- rebuild, damage, a newer store ----
weft runs rebuild
exits 0
out_like '*runs/weft.db was made again from * run folders'
head -c 3000 /dev/urandom >runs/weft.db
rm -f runs/weft.db-wal
weft runs list --tag best --names
exits 0
out_is tiny-1
err_like 'weft: note: */weft.db was damaged (file is not a database): it is kept as *weft.db.damaged-*'
/usr/bin/python3 -c 'import sqlite3
db = sqlite3.connect("runs/weft.db"); db.execute("PRAGMA user_version = 99"); db.commit()'
weft runs --json
exits 1
json_is 'd["error"]["code"]' unsupported
err_is ''
weft runs
err_like '*weft.db: is a store of version 99*use the newer weft*'
weft train tiny.yaml -d ./images -e 1 -q --name late
exits 0
/usr/bin/python3 -c 'import sqlite3
db = sqlite3.connect("runs/weft.db"); db.execute("PRAGMA user_version = 3"); db.commit()'
weft runs list late --names
out_is late-1

# control characters in a name, a run's own and a folder's
weft train tiny.yaml -d ./images -e 1 -q --name $'a\xc2\x85b'
exits 2
err_like 'weft: run name *: has a control character*'
cp -r runs/late-1 $'runs/a\tb-1'
weft runs list late --names
exits 0
out_is late-1
err_like '*not UTF-8, or has control characters; the run is left out*'
weft runs rebuild -q
exits 0
rm -r $'runs/a\tb-1'

# ---- export, read by a reader that knows MLflow's layout only ----
weft runs export tiny-1
exits 2
err_like '*-o DIR'
weft runs export tiny-1 -o exported --json
exits 0
json_is 'd["run"]' tiny-1
weft runs export tiny-1 -o exported
exits 2
err_like '*exported: is there already*'
call='the reader of exported runs'
/usr/bin/python3 "$source_dir/tests/cli/mlflow_reader.py" exported runs/tiny-1 >.out 2>.err
status=$?
out=$(cat .out)
exits 0
out_is 'ok'
same "$(find . -maxdepth 1 -name '*.tmp')" ''

# ---- gc ----
bytes=$(stat -c %s runs/*/checkpoint/last.ckpt | awk '{ n += $1 } END { print n }')
damaged=$(stat -c %s runs/weft.db.damaged-* | awk '{ n += $1 } END { print n }')
mkdir -p runs/.deleted-x-1 runs/empty-1 runs/fresh-1 runs/gone-1
touch -d '1 hour ago' runs/empty-1
echo 12345 >runs/.deleted-x-1/description.json
echo '{"status": "running", "name": "gone"}' >runs/gone-1/description.json
weft runs gc --dry-run --json
exits 0
json_is 'd["bytes"]' $((bytes + damaged + 6 + 38))
json_is 'd["dry_run"], sorted(set(i["reason"] for i in d["items"]))' "(True, ['abandoned before its first epoch', 'checkpoint of a finished run', 'damaged database, made again since', 'empty folder', 'left of a deletion'])"
check 'nothing is gone' test -e runs/tiny-1/checkpoint/last.ckpt -a -e runs/empty-1
weft runs gc
exits 0
out_like '*checkpoint of a finished run*freed'
same "$(ls -A runs | grep -c 'empty\|deleted\|gone\|damaged')" 0
check 'fresh folders stay' test -d runs/fresh-1
same "$(find runs -name last.ckpt)" ''
weft evaluate tiny-1 -q
exits 0
weft runs gc --json
json_is 'd["bytes"], d["items"]' '(0, [])'

# ---- delete ----
weft runs delete tiny-2
exits 2
err_like '*needs a yes*--yes says it'
weft runs delete tiny --yes
exits 2
err_like '*is the name of runs*did you mean *'
weft runs delete kept/tiny-1 --yes
exits 2
err_like '*is not in the folder*'
(flock 9 && exec "$program" runs delete tiny-2 --yes) 9<runs/tiny-2 >.out 2>.err
status=$?
exits 2
err=$(cat .err)
err_like '*tiny-2: another process is writing it*'
call='weft runs delete on a terminal, no and yes'
/usr/bin/python3 - "$program" >.out 2>.err <<'END'
import os, pty, sys
def delete(answer):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], [sys.argv[1], "runs", "delete", "late-1"])
    os.write(terminal, answer)
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), os.path.exists("runs/late-1")
print(delete(b"n\n"), delete(b"y\n"))
END
out=$(cat .out)
out_is '(0, True) (0, False)'
weft runs delete tiny-2 runs/other-1/ "it's; DROP TABLE runs ---1" --yes --json
exits 0
json_is 'd["deleted"]' "['tiny-2', 'other-1', \"it's; DROP TABLE runs ---1\"]"
check 'the folders are gone' test ! -e runs/tiny-2 -a ! -e runs/other-1
weft runs query "SELECT count(*) AS n FROM epochs WHERE run IN ('tiny-2', 'other-1')" -f csv
same "$(tr -d '\r' <.out)" 'n
0'
same "$(ls -A runs | grep -c '^\.')" 0

finish
