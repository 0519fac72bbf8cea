"""weft ui: what it answers is what `weft runs` says, who may ask and change, and the event stream."""
import csv
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile

from uiclient import MODEL, WEFT, Counter, Server, Stream, make_images, weft, weft_json

c = Counter()


def answers(server, runs):
    document = server.ask("/api/runs").json
    listed = weft_json("runs", "list", runs=runs)["runs"]
    c.same("/api/runs is weft runs list", [{k: v for k, v in run.items() if k != "live"} for run in document["runs"]],
           listed)
    c.check("no run trains", all(run["live"] is None for run in document["runs"]))
    with sqlite3.connect(runs / "weft.db") as db:
        rows = db.execute("SELECT id, accuracy FROM summary ORDER BY started, id").fetchall()
    c.same("/api/runs is the database's", [(r["id"], r["accuracy"]) for r in document["runs"]], rows)
    for run in ("tiny-1", "ä b-1"):
        shown = weft_json("runs", "show", run, runs=runs)
        del shown["schema_version"]
        got = server.ask("/api/run?id=" + run.replace("ä", "%C3%A4").replace(" ", "%20")).json
        c.same(f"/api/run of {run} is weft runs show", {k: got.get(k) for k in shown}, shown)
    ids = [r["id"] for r in document["runs"]]
    epochs = server.ask("/api/epochs?" + "&".join("id=" + i.replace("ä", "%C3%A4").replace(" ", "%20") for i in ids)).json
    c.same("/api/epochs has those of weft runs show", epochs["runs"],
           [{"id": i, "epochs": weft_json("runs", "show", i, runs=runs)["epochs"]} for i in ids])
    page = server.ask("/")
    c.check("the page", page.status == 200 and page.headers["content-type"].startswith("text/html") and
            page.body.startswith(b"<!doctype html>"))
    c.same("HEAD has no body", server.ask("/", "HEAD").body, b"")
    for target in ("/", "/api/runs", "/nothing"):
        headers = server.ask(target).headers
        c.check(f"guards of {target}", headers.get("x-content-type-options") == "nosniff" and
                headers.get("referrer-policy") == "no-referrer" and headers.get("cache-control") == "no-store" and
                "frame-ancestors 'none'" in headers.get("content-security-policy", ""), headers)


def side_by_side(server, runs):
    compared = weft_json("runs", "compare", "tiny-1", "tiny-2", runs=runs)
    del compared["schema_version"]
    c.same("/api/compare is weft runs compare", server.ask("/api/compare?id=tiny-1&id=tiny-2").json, compared)
    c.same("one run is not compared", server.ask("/api/compare?id=tiny-1").status, 400)
    c.same("nor are 17", server.ask("/api/compare?" + "&".join(["id=tiny-1"] * 17)).status, 400)
    c.same("nor one that is none", server.ask("/api/compare?id=tiny-1&id=../tiny-2").status, 404)
    page = server.ask("/report?run=tiny-1&run=tiny-2", timeout=60)
    c.check("a report is made", page.status == 200 and page.headers["content-type"].startswith("text/html") and
            b'id="weft-report"' in page.body and b"tiny-1" in page.body, page.raw[:600])
    c.same("not of nothing", server.ask("/report").status, 400)
    page = server.ask("/report?run=nothing")
    c.check("nor of what is none", page.status == 404 and page.headers["content-type"].startswith("text/plain"), page.raw)
    c.same("nor for another site", server.ask("/report?run=tiny-1", headers={"Sec-Fetch-Site": "cross-site"}).status, 403)


def elsewhere(runs):
    """Listening for other machines: every request must know the token."""
    code, _ = weft("ui", "--host", "0.0.0.0", "--port", "0", runs=runs)
    c.same("no token, no server", code, 2)
    c.same("a name is no address", weft("ui", "--host", "localhost", "--token", "a" * 16, runs=runs)[0], 2)
    c.same("nor one of another machine", weft("ui", "--host", "192.0.2.1", "--token", "a" * 16, runs=runs)[0], 2)
    c.same("a short token", weft("ui", "--token", "a" * 15, "--port", "0", runs=runs)[0], 2)
    own = Server(runs, "--token", "b" * 16)
    c.same("a token holds on this machine, too", [own.ask(t).status for t in ("/", "/api/runs")], [403, 403])
    c.same("whoever knows it comes in", own.ask("/?token=" + "b" * 16).status, 303)
    own.stop()
    token = "secret-token-0123456789"
    server = Server(runs, "--host", "0.0.0.0", "--token", token)
    c.check("the address has the token", server.url.endswith(f":{server.port}/?token={token}"), server.url)
    for target in ("/", "/api/runs", "/api/events", "/report?run=tiny-1", "/?token=wrong"):
        c.same(f"{target} without token", server.ask(target).status, 403)
    answer = server.ask(f"/?token={token}")
    cookie = answer.headers.get("set-cookie", "")
    c.check("the link gives a cookie", answer.status == 303 and answer.headers["location"] == "/" and
            "HttpOnly" in cookie and "SameSite=Strict" in cookie, answer.raw)
    known = {"Cookie": cookie.split(";")[0]}
    c.same("with which the page is seen", server.ask("/", headers=known).status, 200)
    c.same("and under this machine's address", server.ask("/api/runs", headers={**known, "Host": "192.168.0.7:1"}).status, 200)
    c.same("but no other name", server.ask("/api/runs", headers={**known, "Host": "evil.example"}).status, 421)
    c.same("what is posted needs the header, too", server.ask("/api/tag", "POST", {
        **known, "Content-Type": "application/json", "Origin": f"http://{server.host}"}, b"{}").status, 403)
    busy = subprocess.run([WEFT, "ui", "--port", str(server.port)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    c.check("a port in use is said", busy.returncode == 1 and f"port {server.port} of 127.0.0.1 is in use" in busy.stderr,
            busy.stderr)
    server.stop()


def beside_training(root, runs):
    """weft train --ui: the page of a training, as long as it runs where nobody sits at a terminal."""
    process = subprocess.Popen([WEFT, "train", root / "tiny.yaml", "-d", root / "many", "-t", "1", "-n", "be side", "-e", "9000",
                                "--ui=0"], env={**os.environ, "WEFT_RUNS": str(runs), "WEFT_OFFLINE": "1"},
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = next((line for line in process.stdout if line.startswith("page: ")), "")
    c.check("it says where", line.strip().endswith("/#run=be%20side-1"), line)
    server = Server.at(line.split()[1], process)
    stream = Stream(server)
    told = stream.until("live")
    c.check("the page is served meanwhile", told and told["id"] == "be side-1", told)
    c.same("and may stop it", server.post("/api/stop", {"id": "be side-1", "save": True}).status, 200)
    rest = process.stderr.read()
    c.same("it ends with the training", process.wait(20), 130)
    c.check("and says why", "stopped by weft ui in epoch" in rest and "weft train --resume" in rest, rest[-400:])
    stream.until("never", seconds=2)
    c.check("the stream is over", stream.is_over)
    c.same("--ui=x is no port", weft("train", root / "tiny.yaml", "--ui=x", runs=runs)[0], 2)


def at_a_terminal(root, runs):
    """Where somebody sits at a terminal, the page stays until Ctrl-C."""
    outer, inner = os.openpty()
    process = subprocess.Popen([WEFT, "train", root / "tiny.yaml", "-d", root / "images", "-t", "1", "--ui=0"], stdin=inner,
                               env={**{k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")},
                                    "WEFT_RUNS": str(runs), "WEFT_OFFLINE": "1", "TERM": "xterm"},
                               stdout=inner, stderr=inner)
    os.close(inner)
    said = b""
    while b"stays until Ctrl-C" not in said and (part := os.read(outer, 4096)):
        said += part
    address = re.search(rb"page: (\S+)", said)
    c.check("the page stays after the training", address and process.poll() is None, said)
    server = Server.at(address[1].decode(), process)
    run = address[1].decode().rpartition("=")[2]
    c.same("with the finished run", server.ask(f"/api/run?id={run}").json["run"]["status"], "finished")
    process.send_signal(signal.SIGINT)
    c.same("until Ctrl-C", process.wait(10), 0)
    os.close(outer)


def many(root, runs):
    """One of several trainings is stopped from the page: the others go on."""
    server = Server(runs)
    stream = Stream(server)
    process = subprocess.Popen([WEFT, "compare", "tiny.yaml", "--seeds", "2", "-e", "200", "-d", root / "many", "-j", "1", "-q",
                                "-t", "1", "--runs", runs], cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, env={**os.environ, "WEFT_OFFLINE": "1"})
    first = stream.until("live")
    server.post("/api/stop", {"id": first["id"], "save": True})
    told = stream.until("runs", lambda data: any(r["id"] == first["id"] and r["status"] == "interrupted" for r in data["changed"]))
    c.check("one is stopped", told, told)
    second = stream.until("live", lambda data: data["id"] != first["id"])
    c.check("the next one begins", second, second)
    server.post("/api/stop", {"id": second["id"], "save": True})
    errors = process.stderr.read()
    c.check("the call says which were stopped", process.wait(30) == 130 and "stopped by weft ui" in errors and
            "1 more failed" in errors, errors)
    server.stop()


def refusals(server):
    status = lambda *a, **k: server.ask(*a, **k).status
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", "[::2]", "localhost@x", "", None):
        c.check(f"Host {host} is refused", status("/api/runs", headers={"Host": host}) in (400, 421))
    for host in (f"localhost:{server.port}", "127.0.0.1", "[::1]:80", "LOCALHOST"):
        c.same(f"Host {host} is this machine", status("/api/runs", headers={"Host": host}), 200)
    c.same("another site's Origin", status("/api/runs", headers={"Origin": "http://evil.example"}), 403)
    c.same("another site's request", status("/api/runs", headers={"Sec-Fetch-Site": "cross-site"}), 403)
    c.same("a link from elsewhere", status("/", headers={"Sec-Fetch-Site": "cross-site"}), 200)
    c.same("unknown method", status("/api/runs", "DELETE"), 405)
    c.same("GET of what is posted", status("/api/delete"), 405)
    c.same("unknown page", status("/api/run/tiny-1"), 404)
    for run in ("../runs/tiny-1", "%2e%2e/runs/tiny-1", "tiny", ".", "..%2f..%2fetc%2fpasswd", "tiny-1%00", "", "tiny-1/",
                "/etc/passwd", "weft.db"):
        answer = server.ask(f"/api/run?id={run}")
        c.check(f"no run {run!r}", answer.status == 404 and answer.json["error"]["code"] == "not-found" or
                run == "tiny-1%00", answer.raw[:300])
    c.same("no id", status("/api/run"), 400)
    for path in ("/../../etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/%2e%2e/"):
        c.same(f"no path {path}", status(path), 404)

    tag = {"id": "tiny-1", "name": "best", "value": "yes"}
    c.same("without token", server.post("/api/tag", tag, {"X-Weft-Token": None}).status, 403)
    c.same("with a wrong token", server.post("/api/tag", tag, {"X-Weft-Token": "0" * 32}).status, 403)
    c.same("without Origin", server.post("/api/tag", tag, {"Origin": None}).status, 403)
    c.same("of another Origin", server.post("/api/tag", tag, {"Origin": "http://localhost:1"}).status, 403)
    c.same("Origin null", server.post("/api/tag", tag, {"Origin": "null"}).status, 403)
    c.same("as a form", server.post("/api/tag", tag, {"Content-Type": "text/plain"}).status, 415)
    c.same("without type", server.post("/api/tag", tag, {"Content-Type": None}).status, 415)
    c.same("long", server.post("/api/tag", {**tag, "value": "x" * 70000}).status, 413)
    chunked = server.post("/api/tag", b"11171\r\n" + b"x" * 0x11171 + b"\r\n0\r\n\r\n",
                          {"Transfer-Encoding": "chunked", "Content-Length": None})
    c.same("long, in chunks", chunked.status, 413)
    for body in (b"", b"{", b"[]", b"null", b'{"id": 3}', b'{"id": "tiny-1", "id": "tiny-1"}', b"[" * 60000, b"\xff\xfe{}",
                 json.dumps({**tag, "name": "a=b"}).encode(), json.dumps({**tag, "value": 7}).encode(),
                 json.dumps({**tag, "name": "\0"}).encode()):
        answer = server.post("/api/tag", body)
        c.check(f"body {body[:30]} is refused", answer.status == 400 and answer.json["error"]["message"], answer.raw)
    c.same("no such run", server.post("/api/tag", {**tag, "id": "tiny-9"}).status, 404)


def changes(server, runs):
    stream = Stream(server)
    c.same("the stream begins with hello", stream.next()[0], "hello")
    c.same("a tag is set", server.post("/api/tag", {"id": "tiny-1", "name": "note", "value": "ä <b>"}).json, {"ok": True})
    told = stream.until("runs")
    c.check("pages hear of it", told and [r["id"] for r in told["changed"]] == ["tiny-1"] and
            told["changed"][0]["tags"] == {"note": "ä <b>"}, told)
    c.same("weft runs sees it", weft_json("runs", "show", "tiny-1", runs=runs)["run"]["tags"], {"note": "ä <b>"})
    weft("runs", "tag", "ä b-1", "seen", runs=runs)
    told = stream.until("runs")
    c.check("pages hear of others' tags", told and told["changed"][0]["tags"] == {"seen": ""}, told)
    c.same("a tag is taken away", server.post("/api/tag", {"id": "tiny-1", "name": "note", "value": None}).status, 200)
    c.same("a second time there is none", server.post("/api/tag", {"id": "tiny-1", "name": "note", "value": None}).status,
           404)
    stream.until("runs")
    place = stream.last
    stream.close()
    answer = server.post("/api/delete", {"ids": ["tiny-2", "nothing"]}).json
    c.check("a run is deleted, what is none is said", answer["deleted"] == ["tiny-2"] and
            answer["failed"][0]["id"] == "nothing" and answer["failed"][0]["error"]["code"] == "not-found", answer)
    c.check("it is gone", not (runs / "tiny-2").exists() and
            "tiny-2" not in [r["id"] for r in weft_json("runs", "list", runs=runs)["runs"]])
    again = Stream(server, last=place)
    told = again.until("runs")
    c.check("a page that comes back hears of it", told and told["removed"] == ["tiny-2"], told)
    again.close()
    for last in ("nonsense", "0-1", place.split("-")[0] + "-99999", place.split("-")[0] + "--1"):
        anew = Stream(server, last=last)
        c.same(f"after {last} it begins anew", anew.next()[0], "hello")
        anew.close()


def train(root, runs, *arguments):
    return subprocess.Popen([WEFT, "train", "-q", "-t", "1", *map(str, arguments)], stdin=subprocess.DEVNULL,
                            env={**os.environ, "WEFT_RUNS": str(runs), "WEFT_OFFLINE": "1"}, stderr=subprocess.DEVNULL)


def read_csv(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def training(server, root, runs):
    """A run as it trains, is stopped, goes on, is stopped without saving."""
    make_images(root / "many", counts=(4000, 15))
    stream = Stream(server)
    process = train(root, runs, root / "tiny.yaml", "-d", root / "many", "-n", "long", "-e", "5000")
    told = stream.until("runs", lambda data: data["changed"] and data["changed"][0]["id"] == "long-1")
    c.check("a new run appears", told and told["changed"][0]["status"] == "running", told)
    told = stream.until("live")
    c.check("its first lines come", told and told["id"] == "long-1" and told["reset"] and
            told["live"]["step"][0] == 1 and len(set(map(len, told["live"].values()))) == 1, told)
    last = told["live"]["step"][-1]
    told = stream.until("live")
    c.check("then those that are new", told and not told["reset"] and told["live"]["step"][0] > last, told)
    epoch = stream.until("epoch")
    stored = epoch and read_csv(runs / "long-1" / "metrics.csv")[epoch["record"]["epoch"] - 1]
    c.check("epochs come", epoch and epoch["id"] == "long-1" and stored and
            all(float(stored[key]) == value for key, value in epoch["record"].items()), (epoch, stored))
    norms = stream.until("norms")
    c.check("norms come", norms and norms["norms"]["parameters"][0] == "gru/kernel" and
            all(w > 0 for w in norms["norms"]["weights"][0]), norms)
    run = [r for r in server.ask("/api/runs").json["runs"] if r["id"] == "long-1"][0]
    c.check("the list has its last line", run["live"] and run["live"]["steps"] == 400 and
            run["live"]["memory_bytes"] > 1e6 and run["live"]["images_per_s"] > 0, run)
    answer = server.post("/api/delete", {"ids": ["long-1"]}).json
    c.check("it is not deleted", answer["deleted"] == [] and "writing it" in answer["failed"][0]["error"]["message"],
            answer)
    c.same("it may be tagged", server.post("/api/tag", {"id": "long-1", "name": "live", "value": ""}).status, 200)
    c.same("a stop says how", server.post("/api/stop", {"id": "long-1"}).status, 400)
    c.same("a stop is asked for", server.post("/api/stop", {"id": "long-1", "save": True}).json, {"ok": True})
    c.same("it saves and stops", process.wait(20), 130)
    told = stream.until("runs", lambda data: data["changed"] and data["changed"][0]["status"] != "running")
    ended = told and told["changed"][0]
    c.check("pages hear who stopped it", ended and ended["status"] == "interrupted" and ended["live"] is None and
            ended["reason"].startswith("stopped by weft ui in epoch"), told)
    checkpoint = runs / "long-1" / "checkpoint" / "last.ckpt"
    c.check("a checkpoint is there", checkpoint.exists() and not (runs / "long-1" / "stop").exists())
    answer = server.post("/api/stop", {"id": "long-1", "save": True})
    c.check("what does not train cannot be stopped", answer.status == 400 and
            "no process" in answer.json["error"]["message"], answer.raw)
    written = read_csv(runs / "long-1" / "live.csv")
    shown = server.ask("/api/run?id=long-1").json
    c.same("all lines are shown", [shown["live"]["loss"], shown["live"]["time"]],
           [[float(r["loss"]) for r in written], [float(r["time"]) for r in written]])
    c.same("and all norms", shown["norms"]["weights"], [[float(v) for k, v in r.items() if k.startswith("weights/")]
                                                        for r in read_csv(runs / "long-1" / "norms.csv")])

    process = train(root, runs, "--resume", runs / "long-1")
    told = stream.until("live", lambda data: data["reset"] or data["live"]["step"][0] > int(written[-1]["step"]))
    c.check("it goes on behind its lines", told and not told["reset"], told)
    stream.until("live", lambda data: data["live"]["step"][-1] > told["live"]["step"][-1] + 400)
    server.post("/api/stop", {"id": "long-1", "save": True})
    process.wait(20)
    before = checkpoint.read_bytes()
    steps = int(read_csv(runs / "long-1" / "live.csv")[-1]["step"])
    process = train(root, runs, "--resume", runs / "long-1")
    stream.until("live", lambda data: data["live"]["step"][-1] > steps)
    c.same("a stop without saving", server.post("/api/stop", {"id": "long-1", "save": False}).json, {"ok": True})
    c.same("it stops", process.wait(20), 130)
    now = weft_json("runs", "show", "long-1", runs=runs)["run"]
    c.check("and says so", now["status"] == "interrupted" and "by weft ui" in now["reason"] and
            now["reason"].endswith("without saving"), now)
    # an epoch that ended meanwhile wrote its own checkpoint
    c.check("nothing of now is saved", checkpoint.read_bytes() == before or now["epochs"] > shown["run"]["epochs"])
    process = train(root, runs, "--resume", runs / "long-1", "--max-time", "2s")
    process.wait(20)
    rows = [int(r["step"]) for r in read_csv(runs / "long-1" / "live.csv")]
    c.check("what was lost is forgotten", rows == sorted(set(rows)), rows)
    stream.close()
    return server.ask("/api/run?id=long-1").json


with tempfile.TemporaryDirectory() as scratch:
    root = pathlib.Path(scratch)
    runs = root / "runs"
    make_images(root / "images")
    (root / "tiny.yaml").write_text(MODEL)
    for more in ((), ("--seed", "1"), ("--name", "ä b")):
        weft("train", root / "tiny.yaml", "-d", root / "images", "-q", "-t", "1", *more, runs=runs)
    server = Server(runs)
    answers(server, runs)
    side_by_side(server, runs)
    refusals(server)
    changes(server, runs)
    known = training(server, root, runs)
    stream = Stream(server)
    status, seconds = server.stop()
    c.check("Ctrl-C ends it and its streams", status == 0 and seconds < 3, (status, seconds))
    stream.until("never", seconds=2)
    c.check("the stream is over", stream.is_over)
    server = Server(runs)
    c.same("a server that starts again knows all", server.ask("/api/run?id=long-1").json, known)
    again = Stream(server, last=stream.last)
    c.same("and its pages begin anew", again.next()[0], "hello")
    c.check("SIGTERM ends it too", server.stop(signal.SIGTERM)[0] == 0)
    beside_training(root, runs)
    at_a_terminal(root, runs)
    many(root, runs)
    elsewhere(runs)

sys.exit(c.finish())
