import { formatHash, makeHasher } from "../../nix/hash.ts";
import { parseNar } from "../../nix/nar/parser.ts";
import type { Command } from "../command.ts";
import { hashFormatOptions, hashTypeOption, readHashFormat, readHashType } from "../hash-format.ts";
import { placed, readInput } from "../input.ts";

export const narHash: Command = {
  usage: "[--type ALGO] [--base16|--base32|--base64|--sri] [--json] FILE",
  summary: "Print the hash and the size of a NAR file, once it has been read as one to its end.",
  details: "FILE may be - for standard input.",
  options: {
    ...hashTypeOption("; sha256 if absent"),
    ...hashFormatOptions,
    json: { type: "boolean", summary: "print an object with narHash and narSize, as in a narinfo" },
  },
  arity: [1, 1],
  run: async (args, io) => {
    const [file = ""] = args.positionals;
    const format = readHashFormat(args);
    const hasher = makeHasher(readHashType(args) ?? "sha256");
    const size = await placed(file, () =>
      parseNar(hashed(readInput(file, `hashing ${file}`, io), hasher.update), () => {}),
    );
    const hash = formatHash(hasher.finish(), format);
    await io.write(
      args.flag("json") ? `${JSON.stringify({ narHash: hash, narSize: size })}\n` : `${hash} ${size}\n`,
    );
    return 0;
  },
};

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  update: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    update(chunk);
    yield chunk;
  }
}
