import { resolve } from "node:path";
import { CleaveError, quote } from "../../base/index.ts";
import { type UnpackRequest, unpack as unpackArchive } from "../../fetch/index.ts";
import type { Arguments, Command } from "../command.ts";
import { undoable } from "../interrupt.ts";

const usage = "[--max-bytes N] [--max-entries N] [--json] ARCHIVE FOLDER";

export const unpack: Command = {
  usage,
  summary: "Unpack an archive that need not be trusted into a new folder.",
  details:
    "ARCHIVE is tar, plain or with gzip, bzip2, xz or zstd, or zip. Absolute names, names with .., what goes through\n" +
    "links, devices and names that are there twice are refused; after a failure nothing is left.",
  options: {
    "max-bytes": {
      type: "string",
      value: "N",
      summary: "the most that all files together may have (64 GiB)",
    },
    "max-entries": { type: "string", value: "N", summary: "the most files, folders and links (5000000)" },
    json: { type: "boolean", summary: "print a JSON object with format, compression, entries and bytes" },
  },
  arity: [2, 2],
  run: async (args, { cwd, emit, write }) => {
    const [archive = "", folder = ""] = args.positionals;
    const bytes = count(args, "max-bytes");
    const entries = count(args, "max-entries");
    const limits: UnpackRequest["limits"] = {
      ...(bytes === undefined ? {} : { bytes }),
      ...(entries === undefined ? {} : { entries }),
    };
    return await undoable(async (signal) => {
      const done = await unpackArchive({
        archive: resolve(cwd, archive),
        destination: resolve(cwd, folder),
        limits,
        emit,
        signal,
      });
      if (args.flag("json")) await write(`${JSON.stringify(done)}\n`);
      return 0;
    });
  },
};

function count(args: Arguments, option: string): number | undefined {
  const text = args.value(option);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new CleaveError({
    code: "cli-usage",
    message: `--${option} takes a whole number, not ${quote(text)}`,
    hint: `usage: cleave unpack ${usage}`,
  });
}
