import { createWriteStream } from "node:fs";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileError } from "../../base/index.ts";
import { type UnpackRequest, unpack as unpackArchive } from "../../fetch/index.ts";
import type { Command, Io } from "../command.ts";
import { undoable } from "../interrupt.ts";
import { readBytes, readCount } from "../numbers.ts";
import { withTemporaryFolder } from "../temporary-folder.ts";

export const unpack: Command = {
  usage: "[--max-bytes N] [--max-entries N] [--json] ARCHIVE FOLDER",
  summary: "Unpack an archive that need not be trusted into a new folder.",
  details:
    "ARCHIVE is tar, plain or with gzip, bzip2, xz or zstd, or zip; - is standard input. Absolute names, names with ..,\n" +
    "what goes through links, devices and names that are there twice are refused; after a failure nothing is left.",
  options: {
    "max-bytes": {
      type: "string",
      value: "N",
      summary: "the most that all files together may have (64G); K, M, G or T may follow the number",
    },
    "max-entries": { type: "string", value: "N", summary: "the most files, folders and links (5000000)" },
    json: { type: "boolean", summary: "print a JSON object with format, compression, entries and bytes" },
  },
  arity: [2, 2],
  run: async (args, io) => {
    const [archive = "", folder = ""] = args.positionals;
    const bytes = readBytes(args, "max-bytes");
    const entries = readCount(args, "max-entries", 0);
    const limits: UnpackRequest["limits"] = {
      ...(bytes === undefined ? {} : { bytes }),
      ...(entries === undefined ? {} : { entries }),
    };
    return await undoable(async (signal) => {
      const done = await withArchive(archive, io, signal, (file, shownAs) =>
        unpackArchive({
          archive: file,
          shownAs,
          destination: resolve(io.cwd, folder),
          limits,
          emit: io.emit,
          signal,
        }),
      );
      if (args.flag("json")) await io.write(`${JSON.stringify(done)}\n`);
      return 0;
    });
  },
};

/** Do work with the file of an archive; standard input becomes one for as long, since zip is not read in order. */
async function withArchive<T>(
  name: string,
  io: Io,
  signal: AbortSignal,
  work: (archive: string, shownAs: string) => Promise<T>,
): Promise<T> {
  if (name !== "-") return await work(resolve(io.cwd, name), name);
  return await withTemporaryFolder(async (folder) => {
    const copy = join(folder, "archive");
    await pipeline(io.stdin, createWriteStream(copy), { signal }).catch((error: unknown) => {
      throw fileError(error, "keep a copy of standard input", copy);
    });
    return await work(copy, "standard input");
  });
}
