// The smallest PNG writer: 8 bits of grey.
import {deflateSync} from "node:zlib";

/** The checksum of PNG; zlib.crc32 is in Node.js from 20 on. */
function crc32(bytes) {
    let crc = ~0;
    for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
}

function chunk(type, data) {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]),
        ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A data: URL of width x height grey pixels. */
export function png(width, height, grey) {
    const header = Buffer.alloc(13),
        lines = Buffer.alloc(height * (width + 1));
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header[8] = 8; // bits
    for (let y = 0; y < height; y++) lines.set(grey.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
    const file = Buffer.concat([
        Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
        chunk("IHDR", header),
        chunk("IDAT", deflateSync(lines, {level: 1})),
        chunk("IEND", Buffer.alloc(0)),
    ]);
    return `data:image/png;base64,${file.toString("base64")}`;
}
