/** Where phases see the outputs of a package while they are made. */
import { compressHash, formatBase32, hashBytes, outputPathName, storeFolder } from "../nix/index.ts";

/**
 * Give the path at which phases see an output: as long as the real one, and following from the package's name, version
 * and output alone, so that what `configure` is told does not depend on later phases.
 */
export function buildPlaceholder(name: string, version: string, output: string): string {
  const hash = hashBytes("sha256", `cleave:placeholder:1:${name}:${version}:${output}`);
  return `${storeFolder}/${formatBase32(compressHash(hash))}-${outputPathName(`${name}-${version}`, output)}`;
}
