const TYPES = {u8: Uint8Array, u16: Uint16Array, f32: Float32Array};

/** The numbers of {type, count, base64}, little endian, as every machine with a browser has them; null stays null. */
export function unpack(packed) {
    if (!packed) return null;
    const bytes = Uint8Array.from(atob(packed.base64), letter => letter.charCodeAt(0));
    const numbers = new TYPES[packed.type](bytes.buffer);
    if (numbers.length !== packed.count)
        throw new Error(`${numbers.length} packed numbers, and ${packed.count} were said`);
    return numbers;
}
