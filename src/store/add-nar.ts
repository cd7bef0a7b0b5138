import { renameSync } from "node:fs";
import { CleaveError } from "../base/index.ts";
import {
  checkStorePathName,
  equalHash,
  formatContentAddress,
  formatNamedHash,
  type Hash,
  type HashAlgorithm,
  hashPart,
  makeContentAddressedPath,
  makeFixedOutputPath,
  makeHasher,
  makeModuloHasher,
  namePart,
  type StorePath,
} from "../nix/index.ts";
import { growing } from "./growing.ts";
import { hashFile } from "./hash-file.ts";
import { realPathOf } from "./layout.ts";
import { makeValid } from "./make-valid.ts";
import type { NewPath } from "./path-info.ts";
import { restoreNar } from "./restore.ts";
import type { State } from "./state.ts";
import type { AddNarOptions, Bytes, NewNar } from "./store.ts";

/** See `Store.addNar`. */
export async function addNar(state: State, info: NewNar, nar: Bytes): Promise<void> {
  await makeValid(state, [info.path], async () => {
    const place = realPathOf(state.layout, info.path);
    const content = contentHasher(info, place);
    const { hash, size } = await restoreNar(place, nar, { each: content.update });
    checkNar(info, hash, size);
    await checkContentAddress(info, content.finish);
    return [info];
  });
}

/** See `Store.addContent`. */
export async function addContent(
  state: State,
  nar: Bytes,
  { name, algorithm = "sha256", signal }: AddNarOptions,
): Promise<StorePath> {
  checkStorePathName(name);
  using tree = await growing(state);
  const own = algorithm === "sha256" ? undefined : makeHasher(algorithm);
  const { hash: narHash, size: narSize } = await restoreNar(tree.place, nar, { each: own?.update, signal });
  const hash = own?.finish() ?? narHash;
  const path = makeFixedOutputPath(name, "recursive", hash);
  const make = (): NewPath[] => {
    renameSync(tree.place, realPathOf(state.layout, path));
    return [{ path, narHash, narSize, references: [], contentAddress: { method: "recursive", hash } }];
  };
  await makeValid(state, [path], make, signal);
  return path;
}

function checkNar({ path, narHash, narSize }: NewNar, hash: Hash, size: number): void {
  if (equalHash(narHash, hash) && narSize === size) return;
  throw new CleaveError({
    code: "store-hash-mismatch",
    message: `the NAR for ${path} has ${formatNamedHash(hash, "nix32")} and ${size} bytes, where ${formatNamedHash(narHash, "nix32")} and ${narSize} bytes are said`,
    hint: "it was damaged on its way, or it is of another path",
  });
}

/** Hash what a content address is about: the NAR, modulo the own hash part, or the bytes of the file that it was. */
function contentHasher({ path, references, contentAddress }: NewNar, place: string) {
  if (contentAddress === undefined || contentAddress.method !== "recursive")
    return {
      update: () => {},
      finish: (algorithm: HashAlgorithm) => hashFile(place, algorithm),
    };
  const { algorithm } = contentAddress.hash;
  if (!references.includes(path)) {
    const plain = makeHasher(algorithm);
    return { update: plain.update, finish: async () => plain.finish() };
  }
  const hasher = makeModuloHasher(algorithm, hashPart(path));
  return { update: hasher.update, finish: async () => hasher.finish().hash };
}

async function checkContentAddress(
  { path, references, contentAddress }: NewNar,
  contentHash: (algorithm: HashAlgorithm) => Promise<Hash>,
): Promise<void> {
  if (contentAddress === undefined) return;
  const refuse = (what: string) =>
    new CleaveError({
      code: "store-hash-mismatch",
      message: `${path} is not what its content address ${formatContentAddress(contentAddress)} says: ${what}`,
      hint: "it was damaged on its way, or it is of another path",
    });
  const { method, hash } = contentAddress;
  const others = references.filter((each) => each !== path);
  const self = others.length < references.length;
  if (references.length > 0 && (method === "flat" || (method === "recursive" && hash.algorithm !== "sha256")))
    throw refuse("such content has no references");
  if (method === "text" && self) throw refuse("a text cannot refer to itself");
  const right = makeContentAddressedPath(namePart(path), contentAddress, { references: others, self });
  if (right !== path) throw refuse(`that is ${right}`);
  const actual = await contentHash(hash.algorithm);
  if (!equalHash(actual, hash)) throw refuse(`its content has ${formatNamedHash(actual, "nix32")}`);
}
