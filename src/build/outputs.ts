/** What a builder has made: made canonical, scanned in one pass over its bytes, checked, described. */
import { createReadStream, lstatSync, type Stats } from "node:fs";
import { join } from "node:path";
import { CleaveError, encodeText, quote } from "../base/index.ts";
import {
  baseName,
  type ContentAddress,
  type Derivation,
  dumpPath,
  equalHash,
  formatHash,
  type Hash,
  hashPart,
  makeHasher,
  makeReferenceScanner,
  type Output,
  type StorePath,
} from "../nix/index.ts";
import { hasCode } from "../store/fault.ts";
import { canonicalise, type NewPath } from "../store/index.ts";
import { restoreNar } from "../store/restore.ts";

export type OutputsContext = {
  readonly derivation: Derivation;
  readonly path: StorePath;
  /** The path of every output, by name. */
  readonly outputs: ReadonlyMap<string, StorePath>;
  /** What an output may refer to besides the outputs: the closure of the inputs. */
  readonly inputs: ReadonlySet<StorePath>;
  /** Where a fixed output is copied to, if others may still be able to change what the builder made. */
  readonly apart: string | undefined;
  readonly signal: AbortSignal;
};

/** An output where the builder made it, in canonical form, and what is to be registered of it. */
export type MadeOutput = { readonly tree: string; readonly info: NewPath };

type Scanned = Pick<NewPath, "narHash" | "narSize" | "references">;

/**
 * Make the outputs in the folder that was the builder's store canonical, scan them, and check fixed ones. Those
 * that are not in `wanted` are passed over. Throws `build-missing-output`, `build-bad-output`,
 * `build-hash-mismatch`, `nar-unsupported-file`.
 */
export async function readOutputs(
  context: OutputsContext,
  from: string,
  wanted: ReadonlySet<StorePath>,
): Promise<readonly MadeOutput[]> {
  const { derivation, outputs, path } = context;
  // All of them first, so that a build that forgot one leaves nothing.
  for (const [name, output] of outputs) lookAt(context, name, join(from, baseName(output)));
  const made: MadeOutput[] = [];
  for (const [name, output] of outputs) {
    if (!wanted.has(output)) continue;
    const { tree, narHash, narSize, references } = await take(context, output, join(from, baseName(output)));
    const declared = derivation.outputs.get(name);
    let contentAddress: ContentAddress | undefined;
    if (declared?.type === "fixed") {
      const { hash, method } = declared;
      const [reference] = references;
      if (reference !== undefined)
        throw badOutput(
          output,
          `refers to ${reference}`,
          "the path of a fixed output follows from its content alone, so that must not name other store paths",
        );
      const actual = await contentHash(output, declared, tree, narHash);
      if (!equalHash(actual, hash)) throw mismatch(output, hash, actual);
      contentAddress = { method, hash };
    }
    made.push({
      tree,
      info: { path: output, narHash, narSize, references, deriver: path, contentAddress, ultimate: true },
    });
  }
  return made;
}

function lookAt({ path, outputs }: OutputsContext, name: string, file: string): void {
  let status: Stats;
  try {
    status = lstatSync(file);
  } catch (cause) {
    if (!hasCode(cause, "ENOENT")) throw cause;
    throw new CleaveError({
      code: "build-missing-output",
      message: `the builder of ${path} ended well, but has not made its output ${name}`,
      hint: `it must make what $${name} names; cleave log ${path} shows what it did`,
    });
  }
  // Real Nix, whose builders are users of the machine, takes no output that others could have written to.
  if (!status.isSymbolicLink() && (status.mode & 0o022) !== 0)
    throw badOutput(
      outputs.get(name) ?? path,
      `may be written by others than its owner (its mode is ${(status.mode & 0o7777).toString(8)})`,
      "real Nix refuses it too: chmod go-w it at the end of the build",
    );
}

function badOutput(output: StorePath, what: string, hint: string): CleaveError {
  return new CleaveError({ code: "build-bad-output", message: `the output ${output} ${what}`, hint });
}

/** Make an output canonical and scan it; gives where it is then. */
async function take(
  context: OutputsContext,
  output: StorePath,
  made: string,
): Promise<Scanned & { readonly tree: string }> {
  const { apart, signal } = context;
  const tree = apart ?? made;
  try {
    canonicalise(made);
    if (apart !== undefined) await restoreNar(apart, dumpPath(made), { signal });
    return { tree, ...(await scan(context, tree)) };
  } catch (error) {
    // The superuser enters folders that nobody may enter.
    if (hasCode(error, "EACCES"))
      throw badOutput(
        output,
        "has a folder whose owner may not enter it",
        "chmod u+x it at the end of the build",
      );
    throw error;
  }
}

/** Hash a tree in place and find what it refers to, in one pass over its NAR. */
async function scan({ outputs, inputs, signal }: OutputsContext, place: string): Promise<Scanned> {
  const candidates = new Map([...inputs, ...outputs.values()].map((each) => [hashPart(each), each]));
  const scanner = makeReferenceScanner(candidates.keys());
  const hasher = makeHasher("sha256");
  let narSize = 0;
  for await (const chunk of dumpPath(place)) {
    signal.throwIfAborted();
    hasher.update(chunk);
    scanner.update(chunk);
    narSize += chunk.length;
  }
  const references = scanner.found().flatMap((part) => candidates.get(part) ?? []);
  return { narHash: hasher.finish(), narSize, references: references.sort() };
}

async function contentHash(
  output: StorePath,
  { method, hash }: Extract<Output, { type: "fixed" }>,
  place: string,
  narHash: Hash,
): Promise<Hash> {
  const { algorithm } = hash;
  if (method === "recursive" && algorithm === "sha256") return narHash;
  const hasher = makeHasher(algorithm);
  if (method === "recursive") for await (const chunk of dumpPath(place)) hasher.update(chunk);
  else {
    const status = lstatSync(place);
    if (!status.isFile() || (status.mode & 0o100) !== 0)
      throw badOutput(
        output,
        `is ${status.isFile() ? "executable" : "no file"}, and its hash is flat: that of one file that is not executable`,
        'for a tree or a program use outputHashMode = "recursive"',
      );
    for await (const chunk of createReadStream(encodeText(place), { highWaterMark: 2 ** 20 }))
      hasher.update(chunk);
  }
  return hasher.finish();
}

function mismatch(output: StorePath, wanted: Hash, actual: Hash): CleaveError {
  return new CleaveError({
    code: "build-hash-mismatch",
    message: `the fixed output ${quote(output)} has another hash than its derivation says\n    wanted: ${formatHash(wanted, "sri")}\n    got:    ${formatHash(actual, "sri")}`,
    hint: "if the new content is what you want, write the hash that it has into the recipe",
  });
}
