"""An independent reader of TensorBoard's event files: frames, checksums and protobuf's wire format,
written from their public descriptions; it shares nothing with weft.

    https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
    https://protobuf.dev/programming-guides/encoding
"""
import pathlib
import struct


def remainder(crc):
    """By Castagnoli's polynomial, of eight bits."""
    for _ in range(8):
        crc = (crc >> 1) ^ (0x82F63B78 * (crc & 1))
    return crc


TABLE = [remainder(byte) for byte in range(256)]


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def frame(body):
    size = struct.pack("<Q", len(body))
    return size + struct.pack("<I", masked(size)) + body + struct.pack("<I", masked(body))


def records(data):
    """The records of a file; what is cut off or damaged ends them with an exception."""
    at = 0
    while at < len(data):
        head = data[at:at + 12]
        if len(head) < 12:
            raise ValueError(f"cut off in the head at {at}")
        size, crc = struct.unpack("<QI", head)
        if masked(head[:8]) != crc:
            raise ValueError(f"checksum of the length at {at}")
        body, tail = data[at + 12:at + 12 + size], data[at + 12 + size:at + 16 + size]
        if len(tail) < 4:
            raise ValueError(f"cut off in the body at {at}")
        if masked(body) != struct.unpack("<I", tail)[0]:
            raise ValueError(f"checksum of the body at {at}")
        yield body
        at += 16 + size


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def fields(data):
    """{field number: [values]} of a message: integers, raw 4 or 8 bytes, or bytes."""
    out, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 1:
            value, at = data[at:at + 8], at + 8
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        elif key & 7 == 5:
            value, at = data[at:at + 4], at + 4
        else:
            raise ValueError(f"wire type {key & 7}")
        if at > len(data):
            raise ValueError("a field longer than its message")
        out.setdefault(key >> 3, []).append(value)
    return out


def one(message, number, default=None):
    return message[number][0] if number in message else default


def real(message, number):
    return struct.unpack("<d", one(message, number, bytes(8)))[0]


def doubles(message, number):
    raw = one(message, number, b"")
    return list(struct.unpack(f"<{len(raw) // 8}d", raw))


def text(message, number):
    return one(message, number, b"").decode()


def read_metadata(value):
    meta = fields(one(value, 9, b""))
    plugin = fields(one(meta, 1, b""))
    return {"plugin": text(plugin, 1), "content": one(plugin, 2, b""), "description": text(meta, 3),
            "class": one(meta, 4, 0)}


def read_value(value):
    """(kind, what it holds)"""
    if 2 in value:
        return "scalar", struct.unpack("<f", value[2][0])[0]
    if 4 in value:
        image = fields(value[4][0])
        return "image", {"height": one(image, 1), "width": one(image, 2), "channels": one(image, 3),
                         "png": one(image, 4)}
    if 5 in value:
        histogram = fields(value[5][0])
        names = ("min", "max", "num", "sum", "sum_squares")
        return "histogram", {**{name: real(histogram, i) for i, name in enumerate(names, 1)},
                             "limits": doubles(histogram, 6), "counts": doubles(histogram, 7)}
    tensor = fields(one(value, 8))
    dims = [one(fields(d), 1) for d in fields(one(tensor, 2, b"")).get(2, [])]
    return "tensor", {"dtype": one(tensor, 1), "shape": dims, "strings": tensor.get(8, [])}


def read_file(path):
    """The events of a file: dicts with wall_time, step and one of version, start, values."""
    for record in records(pathlib.Path(path).read_bytes()):
        message = fields(record)
        event = {"wall_time": real(message, 1), "step": one(message, 2, 0)}
        if 3 in message:
            event["version"] = text(message, 3)
            event["writer"] = text(fields(one(message, 10, b"")), 1)
        elif 7 in message:
            event["start"] = one(fields(message[7][0]), 1) == 1
        else:
            event["values"] = []
            for raw in fields(message[5][0])[1]:
                value = fields(raw)
                event["values"].append((text(value, 1), *read_value(value), read_metadata(value)))
        yield event


def files_of(folder):
    return sorted(p for p in pathlib.Path(folder).iterdir() if "tfevents" in p.name)


def read_run(folder):
    """{tag: [(step, wall_time, kind, content, metadata)]} of all files of a folder, as TensorBoard
    has it: a START voids what was read before, from its step on."""
    series = {}
    for path in files_of(folder):
        for event in read_file(path):
            if event.get("start"):
                series = {tag: [point for point in points if point[0] < event["step"]]
                          for tag, points in series.items()}
            for tag, kind, content, metadata in event.get("values", []):
                point = (event["step"], event["wall_time"], kind, content, metadata)
                series.setdefault(tag, []).append(point)
    return {tag: points for tag, points in series.items() if points}


def hparams_of(series):
    """The hyperparameters of a run and its start; TensorBoard looks at the first metadata only."""
    session = fields(one(fields(series["_hparams_/session_start_info"][0][4]["content"]), 3))
    out = {}
    for raw in session.get(1, []):
        entry = fields(raw)
        value = fields(one(entry, 2))
        if 2 in value:
            out[text(entry, 1)] = struct.unpack("<d", value[2][0])[0]
        elif 3 in value:
            out[text(entry, 1)] = text(value, 3)
        else:
            out[text(entry, 1)] = bool(one(value, 4))
    return out, real(session, 5)


def session_end_of(series):
    """(status, time) or None; status 1 is success, 2 failure."""
    if "_hparams_/session_end_info" not in series:
        return None
    end = fields(one(fields(series["_hparams_/session_end_info"][0][4]["content"]), 4))
    return one(end, 1, 0), real(end, 2)
