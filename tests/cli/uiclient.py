"""A server under test (`weft ui`), asked through plain sockets: what a test sends is what it says."""
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import time

WEFT = os.environ["WEFT"]


class Counter:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, holds, figures=""):
        self.passed += bool(holds)
        self.failed += not holds
        print(f"ok {name}" if holds else f"FAILED {name}: {figures}", flush=True)
        return bool(holds)

    def same(self, name, got, wanted):
        return self.check(name, got == wanted, f"{got!r} is not {wanted!r}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


class Answer:
    def __init__(self, raw):
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.[01] (\d+) .*", lines[0])
        self.status = int(match[1]) if match else 0
        self.headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    def __init__(self, runs, *arguments, command=("ui", "--port", "0"), env=None, log=None):
        self.log = log or subprocess.DEVNULL
        self.process = subprocess.Popen(
            [WEFT, *command, "--runs", str(runs), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.log, env={**os.environ, "WEFT_OFFLINE": "1", **(env or {})}, text=True)
        self._find(self.process.stdout.readline().strip())

    @classmethod
    def at(cls, url, process):
        """One that another command began."""
        server = cls.__new__(cls)
        server.process = process
        server._find(url)
        return server

    def _find(self, url):
        self.url = url
        self.port = int(re.search(r":(\d+)/", url)[1]) if url else 0
        self.host = f"127.0.0.1:{self.port}"
        self._token = None

    def connect(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def raw(self, data, timeout=10):
        """All that comes back until the server closes."""
        got = b""
        with self.connect(timeout) as s:
            s.sendall(data)
            while part := s.recv(1 << 16):
                got += part
        return got

    def ask(self, target, method="GET", headers=(), body=b"", timeout=10):
        """One request on a connection of its own. A header of None is left out."""
        all_headers = {"Host": self.host, "Connection": "close", **dict(headers)}
        if body:
            all_headers.setdefault("Content-Length", len(body))
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(
            f"{k}: {v}\r\n" for k, v in all_headers.items() if v is not None)
        return Answer(self.raw(head.encode("latin-1") + b"\r\n" + body, timeout))

    @property
    def token(self):
        if self._token is None:
            page = self.ask("/").body.decode()
            self._token = json.loads(re.search(r'id="weft-ui">(.*?)</script>', page)[1])["token"]
        return self._token

    def post(self, target, document, headers=()):
        own = {"Content-Type": "application/json", "Origin": f"http://{self.host}", "X-Weft-Token": self.token}
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.ask(target, "POST", {**own, **dict(headers)}, body)

    def cpu_s(self):
        """Processor time of its threads, in user and system."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) * 1e-9

    def resident_bytes(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self, number=signal.SIGINT, timeout=10):
        """The exit status, and how long it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(timeout)
        self.process.stdout.close()
        return status, time.monotonic() - began


class Stream:
    """A page that listens: events are (name, id, data)."""

    def __init__(self, server, last=None, timeout=10):
        self.socket = server.connect(timeout)
        again = f"Last-Event-ID: {last}\r\n" if last else ""
        self.socket.sendall(f"GET /api/events HTTP/1.1\r\nHost: {server.host}\r\n{again}\r\n".encode())
        self.buffer = b""
        self.text = ""
        self.is_over = False
        while b"\r\n\r\n" not in self.buffer:
            self._receive()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.status = int(head.split()[1])
        self.last = last

    def _receive(self):
        part = self.socket.recv(1 << 16)
        if not part:
            self.is_over = True
            raise EOFError("the stream ended")
        self.buffer += part

    def _chunk(self):
        while b"\r\n" not in self.buffer:
            self._receive()
        size, _, rest = self.buffer.partition(b"\r\n")
        length = int(size, 16)
        while len(rest) < length + 2:
            self._receive()
            rest = self.buffer.partition(b"\r\n")[2]
        self.buffer = rest[length + 2:]
        if not length:
            self.is_over = True
            raise EOFError("the stream ended")
        self.text += rest[:length].decode()

    def next(self):
        while "\n\n" not in self.text:
            self._chunk()
        block, _, self.text = self.text.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if "event" not in fields:
            return self.next()
        self.last = fields["id"]
        return fields["event"], fields["id"], json.loads(fields["data"])

    def until(self, name, holds=lambda data: True, seconds=15):
        """The first event of that name for which `holds`, or None; the others are passed over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                event, _, data = self.next()
            except (TimeoutError, EOFError):
                return None
            if event == name and holds(data):
                return data
        return None

    def close(self):
        self.socket.close()


def make_images(folder, counts=(60, 15), size=8, classes=3):
    folder.mkdir()
    for part, count in zip(("train", "t10k"), counts):
        labels = bytes(i % classes for i in range(count))
        pixels = bytes((80 * label + 7 * y * x) % 256 for label in labels for y in range(size) for x in range(size))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 0x803, count, size, size) + pixels)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 0x801, count) + labels)


MODEL = """name: tiny
input: [8, 8, 1]
layers: [rows, {gru: {units: 4}}, {dense: {units: 3, activation: softmax}}]
training: {epochs: 3, batch_size: 8, validation: 0.2}
"""


def weft(*arguments, runs=None, **more):
    """(exit status, standard output)"""
    env = {**os.environ, "WEFT_OFFLINE": "1", **({"WEFT_RUNS": str(runs)} if runs else {})}
    done = subprocess.run([WEFT, *map(str, arguments)], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **more)
    return done.returncode, done.stdout


def weft_json(*arguments, runs=None):
    return json.loads(weft(*arguments, "--json", runs=runs)[1])
