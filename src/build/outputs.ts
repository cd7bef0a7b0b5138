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

export type OutputsContext = {
  readonly derivation: Derivation;
  readonly path: StorePath;
  /** The path of every output, by name. */
  readonly outputs: ReadonlyMap<string, StorePath>;
  /** What an output may refer to besides the outputs: the closure of the inputs. */
  readonly inputs: ReadonlySet<StorePath>;
};

/** An output where the builder made it, in canonical form, and what is to be registered of it. */
export type MadeOutput = { readonly tree: string; readonly info: NewPath };

/**
 * Make the outputs in the folder that was the builder's store canonical, scan them, and check fixed ones. Those
 * that are not in `missing` are valid already, and are passed over. Throws `build-missing-output`,
 * `build-hash-mismatch`, `store-unsupported-file`.
 */
export async function readOutputs(
  context: OutputsContext,
  from: string,
  missing: ReadonlySet<StorePath>,
): Promise<readonly MadeOutput[]> {
  const { derivation, outputs, path } = context;
  // All of them first, so that a build that forgot one leaves nothing.
  for (const [name, output] of outputs) statusOf(context, name, join(from, baseName(output)));
  const made: MadeOutput[] = [];
  for (const [name, output] of outputs) {
    if (!missing.has(output)) continue;
    const tree = join(from, baseName(output));
    canonicalise(tree);
    const { narHash, narSize, references } = await scan(context, tree);
    const declared = derivation.outputs.get(name);
    let contentAddress: ContentAddress | undefined;
    if (declared?.type === "fixed") {
      const { hash, method } = declared;
      const actual = await contentHash(context, declared, tree, narHash);
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

function statusOf({ path }: OutputsContext, name: string, file: string): Stats {
  try {
    return lstatSync(file);
  } catch (cause) {
    if (!hasCode(cause, "ENOENT")) throw cause;
    throw new CleaveError({
      code: "build-missing-output",
      message: `the builder of ${path} ended well, but has not made its output ${name}`,
      hint: `it must make what $${name} names; cleave log ${path} shows what it did`,
    });
  }
}

/** Hash a tree in place and find what it refers to, in one pass over its NAR. */
async function scan(
  { outputs, inputs }: OutputsContext,
  place: string,
): Promise<Pick<NewPath, "narHash" | "narSize" | "references">> {
  const candidates = new Map([...inputs, ...outputs.values()].map((each) => [hashPart(each), each]));
  const scanner = makeReferenceScanner(candidates.keys());
  const hasher = makeHasher("sha256");
  let narSize = 0;
  for await (const chunk of dumpPath(place)) {
    hasher.update(chunk);
    scanner.update(chunk);
    narSize += chunk.length;
  }
  const references = scanner.found().flatMap((part) => candidates.get(part) ?? []);
  return { narHash: hasher.finish(), narSize, references: references.sort() };
}

async function contentHash(
  context: OutputsContext,
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
      throw new CleaveError({
        code: "build-hash-mismatch",
        message: `the output of ${context.path} is to be one file that is not executable, since its hash is flat, and is ${status.isFile() ? "executable" : "no file"}`,
        hint: 'for a tree or a program use outputHashMode = "recursive"',
      });
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
