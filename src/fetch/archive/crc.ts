/** Checksums that Node's zlib does not have. */

/** A checksum of bytes that arrive in chunks. */
export type Checksum = {
  readonly update: (bytes: Uint8Array) => void;
  /** Give the checksum as bytes in the order in which its format stores them. */
  readonly digest: () => Buffer;
};

// CRC-64 of ECMA-182, reflected, in two halves, for 4 bytes at a time.
const low64 = new Uint32Array(4 * 256);
const high64 = new Uint32Array(4 * 256);
for (let byte = 0; byte < 256; byte += 1) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    const odd = low & 1;
    low = ((low >>> 1) | (high << 31)) ^ (odd === 1 ? 0xd7870f42 : 0);
    high = (high >>> 1) ^ (odd === 1 ? 0xc96c5795 : 0);
  }
  low64[byte] = low;
  high64[byte] = high;
}
for (let at = 256; at < 4 * 256; at += 1) {
  const low = low64[at - 256] ?? 0;
  const high = high64[at - 256] ?? 0;
  low64[at] = ((low >>> 8) | (high << 24)) ^ (low64[low & 255] ?? 0);
  high64[at] = (high >>> 8) ^ (high64[low & 255] ?? 0);
}

/** Start a CRC-64, little-endian, as .xz files have it. */
export function makeCrc64(): Checksum {
  let low = -1;
  let high = -1;
  return {
    update: (bytes) => {
      let at = 0;
      for (const whole = bytes.length - 3; at < whole; at += 4) {
        const mixed =
          low ^
          ((bytes[at] ?? 0) |
            ((bytes[at + 1] ?? 0) << 8) |
            ((bytes[at + 2] ?? 0) << 16) |
            ((bytes[at + 3] ?? 0) << 24));
        const a = 768 + (mixed & 255);
        const b = 512 + ((mixed >>> 8) & 255);
        const c = 256 + ((mixed >>> 16) & 255);
        const d = mixed >>> 24;
        low = high ^ (low64[a] ?? 0) ^ (low64[b] ?? 0) ^ (low64[c] ?? 0) ^ (low64[d] ?? 0);
        high = (high64[a] ?? 0) ^ (high64[b] ?? 0) ^ (high64[c] ?? 0) ^ (high64[d] ?? 0);
      }
      for (; at < bytes.length; at += 1) {
        const index = (low ^ (bytes[at] ?? 0)) & 255;
        low = ((low >>> 8) | (high << 24)) ^ (low64[index] ?? 0);
        high = (high >>> 8) ^ (high64[index] ?? 0);
      }
    },
    digest: () => {
      const digest = Buffer.alloc(8);
      digest.writeInt32LE(~low, 0);
      digest.writeInt32LE(~high, 4);
      return digest;
    },
  };
}

/** The table of bzip2's CRC-32: most significant bit first. */
export const bzip2Crc: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc >>> 0;
});
