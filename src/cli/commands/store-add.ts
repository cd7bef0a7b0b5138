import { basename, resolve } from "node:path";
import { addAbortSignal, Readable } from "node:stream";
import { CleaveError } from "../../base/index.ts";
import {
  type Derivation,
  isStorePath,
  namePart,
  parseDerivation,
  parseHashAlgorithm,
  type StorePath,
  storeFolder,
} from "../../nix/index.ts";
import type { LocalStore } from "../../store/index.ts";
import type { Arguments, Command, Io } from "../command.ts";
import { readInput } from "../input.ts";
import { undoable } from "../interrupt.ts";
import { findStorePaths, jsonOption, withStore, writePaths } from "../local-store.ts";

export const storeAdd: Command = {
  usage: "[--name NAME] [--flat | --text | --nar | --derivation] [--json] FILE...",
  summary: "Copy files and trees into the store; print their store paths.",
  details:
    "A path follows from name and content, as with nix-store --add: of the whole tree, or with --flat of the bytes of\n" +
    "one file, as for what is downloaded. - is standard input, for --text, --nar and --derivation.",
  options: {
    name: { type: "string", value: "NAME", summary: "the name in the store path, else that of the file" },
    flat: { type: "boolean", summary: "hash only the bytes of a file, not whether it is executable" },
    text: { type: "boolean", summary: "add a text, as builtins.toFile does" },
    nar: { type: "boolean", summary: "FILE is a NAR; add the tree that it holds" },
    derivation: { type: "boolean", summary: "FILE is a .drv; what it needs is valid or among the files" },
    algorithm: {
      type: "string",
      value: "NAME",
      summary: "md5, sha1, sha256 (the default) or sha512",
    },
    reference: {
      type: "string",
      multiple: true,
      value: "PATH",
      summary: "with --text: a store path that the text refers to",
    },
    ...jsonOption,
  },
  arity: [1, Infinity],
  run: async (args, io) => {
    const kinds = ["flat", "text", "nar", "derivation"].filter(args.flag);
    if (kinds.length > 1) throw usage(`--${kinds.join(" and --")} cannot be used together`);
    if (args.value("name") !== undefined && args.positionals.length > 1)
      throw usage("--name names one file, and there are more");
    const [kind] = kinds;
    if (args.values("reference").length > 0 && kind !== "text")
      throw usage("--reference goes only with --text: nothing else says what it refers to");
    if (args.value("algorithm") !== undefined && (kind === "text" || kind === "derivation"))
      throw usage(`--algorithm does not go with --${kind}, which is always addressed by SHA-256`);
    if (args.positionals.includes("-") && (kind === undefined || kind === "flat"))
      throw usage("standard input goes only with --text, --nar and --derivation; a file of that name is ./-");
    if (args.positionals.includes(""))
      throw new CleaveError({
        code: "file-failed",
        message: "cannot read the file: no such file or directory",
        location: { file: "" },
      });
    const files = args.positionals.map((file) => ({ file, name: args.value("name") ?? nameOf(file, io) }));
    return await withStore(io, async (store) => {
      const add = async (signal?: AbortSignal) => {
        const paths = args.flag("derivation")
          ? await addDerivations(store, files, io)
          : await addAll(store, files, args, io, signal);
        await writePaths(paths, args.flag("json"), io);
        return 0;
      };
      // What is read whole before anything is made has nothing to undo.
      if (kind === "text" || kind === "derivation") return await add();
      return await undoable(async (signal) => {
        if (kind === "nar" && args.positionals.includes("-") && io.stdin instanceof Readable)
          addAbortSignal(signal, io.stdin);
        return await add(signal);
      });
    });
  },
};

type Named = { readonly file: string; readonly name: string };

async function addAll(
  store: LocalStore,
  files: readonly Named[],
  args: Arguments,
  io: Io,
  signal: AbortSignal | undefined,
): Promise<StorePath[]> {
  const algorithm = parseHashAlgorithm(args.value("algorithm") ?? "sha256");
  const paths: StorePath[] = [];
  for (const { file, name } of files) {
    if (args.flag("text")) {
      const references = findStorePaths(args.values("reference"), store, io);
      paths.push(await store.addText({ name, content: await readAll(file, io), references }));
    } else if (args.flag("nar"))
      paths.push(await store.addContent(readInput(file, "adding", io), { name, algorithm, signal }));
    else
      paths.push(
        await store.addTree(resolve(io.cwd, file), {
          name,
          algorithm,
          method: args.flag("flat") ? "flat" : "recursive",
          signal,
        }),
      );
  }
  return paths;
}

async function addDerivations(store: LocalStore, files: readonly Named[], io: Io): Promise<StorePath[]> {
  const derivations: Derivation[] = [];
  for (const { file, name } of files) {
    // A file that was copied out of a store has the hash part of its path in front.
    const path = `${storeFolder}/${name}`;
    const own = isStorePath(path) ? namePart(path) : name;
    derivations.push(parseDerivation(await readAll(file, io), own.replace(/\.drv$/, "")));
  }
  return await store.addDerivations(derivations);
}

function nameOf(file: string, { cwd }: Io): string {
  if (file === "-") throw usage("standard input has no name; --name gives one");
  return basename(resolve(cwd, file));
}

async function readAll(file: string, io: Io): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readInput(file, "reading", io)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function usage(message: string): CleaveError {
  return new CleaveError({
    code: "cli-usage",
    message,
    hint: `usage: cleave store add ${storeAdd.usage}`,
  });
}
