"""weft ui: what it answers is what `weft runs` says, who may ask and change, and the event stream."""
import json
import pathlib
import sqlite3
import sys
import tempfile

from uiclient import MODEL, Counter, Server, Stream, make_images, weft, weft_json

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


with tempfile.TemporaryDirectory() as scratch:
    root = pathlib.Path(scratch)
    runs = root / "runs"
    make_images(root / "images")
    (root / "tiny.yaml").write_text(MODEL)
    for more in ((), ("--seed", "1"), ("--name", "ä b")):
        weft("train", root / "tiny.yaml", "-d", root / "images", "-q", "-t", "1", *more, runs=runs)
    server = Server(runs)
    answers(server, runs)
    refusals(server)
    changes(server, runs)
    stream = Stream(server)
    status, seconds = server.stop()
    c.check("Ctrl-C ends it and its streams", status == 0 and seconds < 3, (status, seconds))
    stream.until("never", seconds=2)
    c.check("the stream is over", stream.is_over)

sys.exit(c.finish())
