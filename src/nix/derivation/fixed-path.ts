import { CleaveError } from "../../base/index.ts";
import type { Hash } from "../hash.ts";
import { makeFixedOutputPath, makeTextPath, outputPathName } from "../make-store-path.ts";
import type { StorePath } from "../store-path.ts";
import type { OutputMethod } from "./type.ts";

/**
 * Compute the path of a fixed output. Throws `derivation-invalid` for a text with another hash than sha256, and
 * `store-path-malformed` for a name that no store path has.
 */
export function fixedPath(name: string, output: string, method: OutputMethod, hash: Hash): StorePath {
  const pathName = outputPathName(name, output);
  if (method !== "text") return makeFixedOutputPath(pathName, method, hash);
  if (hash.algorithm !== "sha256")
    throw new CleaveError({
      code: "derivation-invalid",
      message: `the derivation ${name} fixes the text ${output} by its ${hash.algorithm}, and texts have only sha256`,
    });
  return makeTextPath(pathName, hash);
}
