/** Loads a file of this room at once, when it is needed: a start costs no more than what it needs. */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** Load a file by its name without ending, in a checkout as well as compiled. */
export function loadOwn(name: string): unknown {
  return require(`./${name}.${extension}`);
}
