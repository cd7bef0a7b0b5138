import { randomBytes } from "node:crypto";
import { formatBase32, parseBaseName } from "../nix/index.ts";
import { deleteTree } from "./delete-tree.ts";
import { realPathOf } from "./layout.ts";
import type { State } from "./state.ts";

/**
 * Give a place in the store for a tree whose path is known only when it is whole. It has a name like that of a path,
 * and a root for it, so that collectors leave it alone; what is still there in the end is deleted.
 */
export async function growing({ layout, roots }: State): Promise<{ readonly place: string } & Disposable> {
  const path = parseBaseName(`${formatBase32(randomBytes(20))}-growing`);
  await roots.add([path]);
  const place = realPathOf(layout, path);
  return {
    place,
    [Symbol.dispose]: () => {
      deleteTree(place);
    },
  };
}
