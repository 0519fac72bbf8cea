"""weft ui under attack: 10,000 malformed requests and 500 slow connections leave it serving. A good client is
answered within a second during and after, memory and descriptors stay, and no run is touched."""
import concurrent.futures
import json
import os
import pathlib
import random
import select
import socket
import sys
import tempfile
import threading
import time

from uiclient import MODEL, Counter, Server, Stream, make_images, weft

QUICK = "WEFT_TEST_QUICK" in os.environ  # under sanitizers
REQUESTS, SLOW, SLOW_S = (2500, 300, 8) if QUICK else (10000, 500, 8)
WORKERS = 6
c = Counter()


class GoodClient(threading.Thread):
    """Asks for the runs all the time, on a connection of its own each time."""

    def __init__(self, server):
        super().__init__()
        self.server, self.is_over, self.seconds, self.wrong = server, False, [], []

    def run(self):
        while not self.is_over:
            began = time.monotonic()
            try:
                status = self.server.ask("/api/runs", timeout=10).status
                if status != 200:
                    self.wrong.append(status)
            except OSError as error:
                self.wrong.append(str(error))
            self.seconds.append(time.monotonic() - began)
            time.sleep(0.02)

    def verdict(self, when):
        self.is_over = True
        self.join()
        c.check(f"a good client is answered within a second {when}",
                max(self.seconds, default=9) < 1 and not self.wrong and len(self.seconds) > 10,
                (max(self.seconds, default=9), len(self.seconds), self.wrong[:5]))


# ---- malformed requests ----

METHODS = [b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"get", b"G ET", b"", b"\x00", b"PRI"]
TARGETS = [b"/", b"/api/runs", b"/api/run?id=tiny-1", b"/api/run?id=%", b"/api/run?id=%zz&&&=&id", b"/api/stop", b"/api/tag",
           b"/api/delete", b"/api/events", b"/api/compare?id=tiny-1&id=tiny-1", b"/report?run=nothing", b"*", b"", b"http://evil/",
           b"/" + b"a" * 40000, b"/?" + b"a=b&" * 9000, b"/../../../etc/passwd", b"/%00", b"/\xff\xfe", b"//", b"/api/run?id=" + b"x" * 9000]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"http/1.1", b"HTTP/1.1.1", b"", b"\x00"]


def headers(r, server):
    """A list of header lines, some of them good."""
    host, token = server.host.encode(), server.token.encode()
    pool = [b"Host: " + host, b"Host: evil.example", b"Host:", b"Host: " + host + b"\r\nHost: " + host, b"Host : x",
            b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: x",
            b"Content-Length: 3\r\nContent-Length: 7", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, x",
            b"Content-Type: application/json", b"Origin: http://" + host, b"Origin: null", b"X-Weft-Token: " + token,
            b"X-Weft-Token: " + b"a" * 20000, b"Cookie: weft-token-" + host.rpartition(b":")[2] + b"=" + b";" * 3000, b"Expect: 100-continue", b"Expect: x",
            b"Connection: keep-alive", b"Connection: close, upgrade", b"Upgrade: websocket", b"Last-Event-ID: " + b"9" * 500,
            b"Sec-Fetch-Site: cross-site", b"nonsense", b": empty", b" folded", b"\tfolded: more", b"A" * 33000 + b": b",
            b"Accept: " + bytes(r.randrange(256) for _ in range(50)), b"Range: bytes=0-,1-,2-"]
    lines = r.sample(pool, r.randrange(0, 9))
    if r.random() < 0.6:
        lines += [b"Host: " + host]
    if r.random() < 0.3:
        lines += [b"Host: " + host, b"Origin: http://" + host, b"Content-Type: application/json", b"X-Weft-Token: " + token]
    if r.random() < 0.05:
        lines += [b"X-%d: y" % i for i in range(2000)]
    return lines


BODIES = [b"", b"{", b"[]", b'{"id": "nothing", "save": true}', b'{"ids": ["nothing", 3, null, {}]}', b"[" * 50000,
          b'{"id": "\\ud800", "name": "x", "value": "\\u0000"}', b'{"id": "../tiny-1", "save": false}', b"\xff" * 300,
          b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\nx", b"-1\r\n", b"zz\r\n", b'{"a": 1' + b"0" * 400 + b"}",
          b'{"ids": [' + b'"nothing",' * 3000 + b'"nothing"]}']


def malformed(r, server):
    kind = r.random()
    if kind < 0.1:
        return bytes(r.randrange(256) for _ in range(r.randrange(1, 400)))
    end = r.choice([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b""])
    line = r.choice([b" ", b" ", b" ", b"  ", b"\t"]).join([r.choice(METHODS), r.choice(TARGETS), r.choice(VERSIONS)])
    body = r.choice(BODIES)
    lines = [line, *headers(r, server)]
    if r.random() < 0.5:
        lines.append(b"Content-Length: %d" % len(body))
    data = end.join([*lines, b"", body])
    if kind < 0.3:  # a good one with some bytes changed
        good = bytearray(f"GET /api/run?id=tiny-1 HTTP/1.1\r\nHost: {server.host}\r\nAccept: */*\r\n\r\n".encode())
        for _ in range(r.randrange(1, 6)):
            good[r.randrange(len(good))] = r.randrange(256)
        data = bytes(good)
    elif kind < 0.4:  # many at once
        data = b"".join(malformed(r, server) if r.random() < 0.1 else data for _ in range(r.randrange(2, 30)))[:200000]
    elif kind < 0.6:  # cut off
        data = data[:r.randrange(len(data) + 1)]
    return data


def attack(server, seed, count):
    r = random.Random(seed)
    answered = 0
    for _ in range(count):
        data = malformed(r, server)
        try:
            with server.connect(5) as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closes with a reset
                try:
                    s.sendall(data)
                    if r.random() < 0.7:
                        s.shutdown(socket.SHUT_WR)
                        s.settimeout(0.05)  # who says half a request is not answered
                        answered += bool(s.recv(4096))
                except OSError:
                    pass  # the server closed first
        except OSError:
            pass
    return answered


def attack_all(server, seed, count):
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        jobs = [pool.submit(attack, server, seed + i, count // WORKERS + 1) for i in range(WORKERS)]
        return sum(job.result() for job in jobs)


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def settles(holds, seconds=15):
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.1)
    return holds()


# ---- slow connections ----

def slow(server):
    """How many of the slow connections the server ended. Some send a header byte by byte, some a body, some take no
    answer, some nothing at all."""
    head = f"Host: {server.host}\r\nOrigin: http://{server.host}\r\nX-Weft-Token: {server.token}\r\n"
    texts = [b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500, b"",
             f"POST /api/tag HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n".encode() +
             b"{" * 60000,
             (f"GET / HTTP/1.1\r\n{head}\r\n" * 60).encode()]
    sockets = []
    for i in range(SLOW):
        s = server.connect()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.setblocking(False)
        sockets.append([s, texts[i % 4], 0])
    ended = set()
    end = time.monotonic() + SLOW_S
    while time.monotonic() < end:
        for index, item in enumerate(sockets):
            if index in ended:
                continue
            s, text, sent = item
            try:
                size = len(text) if index % 4 == 3 else 1
                item[2] += s.send(text[sent:sent + size]) if text[sent:] else 0
                if index % 4 != 3 and select.select([s], [], [], 0)[0] and not s.recv(4096):
                    ended.add(index)
            except BlockingIOError:
                pass
            except OSError:
                ended.add(index)
        time.sleep(0.3)
    for s, _, _ in sockets:
        s.close()
    return len([i for i in ended if i % 4 != 3])


def readers(server):
    """Connections that ask for much and take nothing, all at once."""
    text = f"GET / HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode() * 60
    sockets = []
    for _ in range(SLOW):
        s = server.connect()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        try:
            s.sendall(text)
        except OSError:
            pass  # ended already
        sockets.append(s)
    time.sleep(3)
    for s in sockets:
        s.close()


with tempfile.TemporaryDirectory() as scratch:
    root = pathlib.Path(scratch)
    runs = root / "runs"
    make_images(root / "images")
    (root / "tiny.yaml").write_text(MODEL)
    weft("train", root / "tiny.yaml", "-d", root / "images", "-q", "-t", "1", runs=runs)
    log = open(root / "log", "w+")
    server = Server(runs, log=log)
    before = server.ask("/api/runs").json
    watching = Stream(server)
    attack_all(server, 1, REQUESTS // 10)
    settled = descriptors(server)
    memory = server.resident_bytes()

    good = GoodClient(server)
    good.start()
    answered = attack_all(server, 100, REQUESTS)
    good.verdict(f"during {REQUESTS} malformed requests")
    c.check("they were answered, not passed over", answered > REQUESTS // 4, answered)

    good = GoodClient(server)
    good.start()
    ended = slow(server)
    good.verdict(f"during {SLOW} slow connections")
    c.same("all that send slowly were ended", ended, len([i for i in range(SLOW) if i % 4 != 3]))

    good = GoodClient(server)
    good.start()
    readers(server)
    good.verdict(f"during {SLOW} connections that take no answer")

    c.check("no descriptor is left", settles(lambda: descriptors(server) <= settled), (settled, descriptors(server)))
    grown = server.resident_bytes() - memory
    c.check("memory does not grow", QUICK or grown < 8 << 20, f"{grown} bytes")
    began = time.monotonic()
    c.same("it serves as before", server.ask("/api/runs").json, before)
    c.check("at once", time.monotonic() - began < 1)
    server.post("/api/tag", {"id": "tiny-1", "name": "alive", "value": ""})
    told = watching.until("runs")
    c.check("a page that watched all the time still hears", told and told["changed"][0]["tags"] == {"alive": ""}, told)
    watching.close()
    status, seconds = server.stop(timeout=60)
    log.seek(0)
    c.check("it ends well", status == 0, (status, seconds, log.read()[-3000:]))

sys.exit(c.finish())
