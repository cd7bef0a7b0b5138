import { pipeline, Readable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { decodeBzip2 } from "./bzip2.ts";
import { malformed } from "./malformed.ts";
import { makeReader, type Reader } from "./reader.ts";
import { decodeXz } from "./xz.ts";

/** How a tar archive is compressed. */
export type Compression = "none" | "gzip" | "bzip2" | "xz" | "zstd";

/** Tell by its first bytes (10 are enough) how data is compressed. A plain archive begins with a name, such as `BZh9`. */
function compressionOf(start: Buffer): Compression {
  const hex = start.toString("hex", 0, 10);
  if (hex.startsWith("1f8b")) return "gzip";
  if (hex.startsWith("fd377a585a00")) return "xz";
  if (/^425a683[1-9](314159265359|177245385090)/.test(hex)) return "bzip2";
  if (hex.startsWith("28b52ffd") || /^5.2a4d18/.test(hex)) return "zstd";
  return "none";
}

/**
 * Decompress what a reader reads. Throws `archive-malformed` where it is damaged, cut off, has a wrong checksum, or
 * something else than zeros follows.
 */
function decompress(reader: Reader, compression: Compression): AsyncIterable<Uint8Array> {
  switch (compression) {
    case "none":
      return rest(reader, () => {});
    case "gzip":
      return through(reader, createGunzip(), "gzip");
    case "zstd":
      return through(reader, createZstdDecompress(), "zstd");
    case "bzip2":
      return decodeBzip2(reader);
    case "xz":
      return decodeXz(reader);
  }
}

async function* rest(reader: Reader, look: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for (;;) {
    const chunk = await reader.some(2 ** 18);
    if (chunk.length === 0) return;
    look(chunk);
    yield chunk;
  }
}

/** Run one of Node's decoders, which pass over what follows the last member without a word. */
async function* through(
  reader: Reader,
  decoder: Transform & { readonly bytesWritten: number },
  name: string,
): AsyncGenerator<Uint8Array> {
  let lastNonZero = 0;
  const source = rest(reader, (chunk) => {
    for (let at = chunk.length; at > 0; at -= 1)
      if (chunk[at - 1] !== 0) {
        lastNonZero = reader.offset() - chunk.length + at;
        break;
      }
  });
  // Errors come out of the decoder, which is read to its end.
  pipeline(Readable.from(source), decoder, () => {});
  try {
    yield* decoder;
  } catch (error) {
    if (
      !(error instanceof Error) ||
      !("code" in error) ||
      !/^(Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(`${error.code}`)
    )
      throw error;
    throw malformed(
      error.message === "unexpected end of file"
        ? `the archive ends in the middle of the ${name} data`
        : `the ${name} data is damaged: ${error.message}`,
    );
  } finally {
    decoder.destroy();
  }
  if (lastNonZero > decoder.bytesWritten)
    throw malformed(`something follows the ${name} data`, decoder.bytesWritten);
}

/** Read what a tar archive holds, whatever its compression. */
export async function openTar(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ reader: Reader; compression: Compression }> {
  const raw = makeReader(chunks);
  const compression = compressionOf(await raw.look(10));
  return { reader: compression === "none" ? raw : makeReader(decompress(raw, compression)), compression };
}
