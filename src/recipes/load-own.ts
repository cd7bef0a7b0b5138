/** Loads a file of this room at once, when it is needed: a start costs no more than what it needs. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { ownModule } from "../base/index.ts";

const require = createRequire(import.meta.url);

/** Load a file by its name, in a checkout as well as compiled. */
export function loadOwn(name: string): unknown {
  return require(fileURLToPath(ownModule(`recipes/${name}`)));
}
