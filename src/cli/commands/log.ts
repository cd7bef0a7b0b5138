import { createReadStream, existsSync, lstatSync } from "node:fs";
import { resolve } from "node:path";
import { CleaveError, decodeText, encodeText, nearest } from "../../base/index.ts";
import { readPhase, readPhases } from "../../build/index.ts";
import { decodeBzip2 } from "../../fetch/archive/bzip2.ts";
import { makeReader } from "../../fetch/archive/reader.ts";
import type { StorePath } from "../../nix/index.ts";
import type { Package } from "../../package/index.ts";
import type { LocalStore } from "../../store/index.ts";
import type { Arguments, Command, Io } from "../command.ts";
import { findStorePath, withStore } from "../local-store.ts";
import { setOptions, withPackages } from "../package-set.ts";

export const log: Command = {
  usage: "[--phase NAME] PATH|ATTR",
  summary:
    "Print the log of the last build of a derivation, of what a path comes from, or of a package's phases.",
  details:
    "The log of a derivation is printed as its builder wrote it. That of a package is put together from the derivations that its\n" +
    "phases were built in last, with a line for each phase.",
  options: {
    phase: { type: "string", value: "NAME", summary: "of a package, what this phase wrote alone" },
    ...setOptions,
  },
  arity: [1, 1],
  run: async (args, io) => {
    const [argument = ""] = args.positionals;
    return await withStore(io, async (store) =>
      argument.includes("/") || isPath(resolve(io.cwd, argument), store)
        ? await printPath(findStorePath(argument, store, io), store, io)
        : await printPackage(argument, args, store, io),
    );
  },
};

/** Say whether a file is a link, as `result` is, or in the store. The folder of a recipe has the name of its package. */
function isPath(file: string, store: LocalStore): boolean {
  const status = lstatSync(encodeText(file), { throwIfNoEntry: false });
  return status !== undefined && (status.isSymbolicLink() || store.storePathOf(file) !== undefined);
}

async function printPath(path: StorePath, store: LocalStore, io: Io): Promise<number> {
  for (const derivation of await derivationsOf(path, store)) {
    const chunks = openLog(derivation, store);
    if (chunks === undefined) continue;
    for await (const chunk of chunks) await io.write(chunk);
    return 0;
  }
  throw noLog(path);
}

async function printPackage(attribute: string, args: Arguments, store: LocalStore, io: Io): Promise<number> {
  const made = await withPackages(args, io, async (set): Promise<Package> => set.package(attribute));
  const { derivation: canonical } = made.interface;
  const recorded = readPhases(store, canonical);
  // Of a package without phases, or one that something else built, its own log is all there is.
  const all = new Set(recorded.size === 0 ? [canonical] : recorded.values());
  const wanted = args.value("phase");
  const found = wanted === undefined ? undefined : recorded.get(wanted);
  if (wanted !== undefined && found === undefined && recorded.size > 0)
    throw unknownPhase(attribute, wanted, [...recorded.keys()]);
  let any = false;
  for (const each of found === undefined ? all : [found]) {
    const chunks = openLog(each, store);
    // What failed before its builder ran has none.
    if (chunks === undefined) continue;
    any ||= wanted === undefined;
    let phase = "";
    for await (const line of linesOf(chunks)) {
      const begun = readPhase(line.trimEnd());
      if (begun !== undefined) {
        phase = begun;
        any ||= phase === wanted;
        if (wanted === undefined) await io.write(encodeText(`── ${phase}\n`));
      } else if (wanted === undefined || phase === wanted) await io.write(encodeText(line));
    }
  }
  if (any) return 0;
  throw noLog(
    wanted === undefined ? canonical : `the phase ${wanted} of ${attribute}`,
    `cleave build ${attribute} builds it, unless it is there; what was copied or added was not built here`,
  );
}

/** Open the log of a derivation, if there is one. Real Nix compresses its logs. */
function openLog(derivation: StorePath, store: LocalStore): AsyncIterable<Uint8Array> | undefined {
  const file = store.logFile(derivation);
  if (existsSync(file)) return createReadStream(file);
  if (existsSync(`${file}.bz2`)) return decodeBzip2(makeReader(createReadStream(`${file}.bz2`)));
  return undefined;
}

/** Give the lines of a text as byte strings, each with its end. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
      yield decodeText(bytes.subarray(from, at + 1));
      from = at + 1;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) yield decodeText(rest);
}

/** List the derivations whose log may be the one that is asked for. */
async function derivationsOf(path: StorePath, store: LocalStore): Promise<readonly StorePath[]> {
  if (path.endsWith(".drv")) return [path];
  const deriver = (await store.info(path))?.deriver;
  return [...(deriver === undefined ? [] : [deriver]), ...(await store.derivers(path))];
}

function noLog(path: string, hint = "what was copied or added was not built here"): CleaveError {
  return new CleaveError({
    code: "build-no-log",
    message: `there is no log of a build of ${path}`,
    hint,
  });
}

function unknownPhase(attribute: string, name: string, names: readonly string[]): CleaveError {
  const near = nearest(name, names);
  return new CleaveError({
    code: "build-no-log",
    message: `there is no log of a phase ${name} of ${attribute}`,
    hint: near.length > 0 ? `did you mean ${near.join(" or ")}?` : `there are logs of ${names.join(", ")}`,
  });
}
