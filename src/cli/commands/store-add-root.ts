import { resolve } from "node:path";
import { CleaveError, fileError } from "../../base/index.ts";
import type { Command } from "../command.ts";
import { findStorePath, withStore } from "../local-store.ts";

export const storeAddRoot: Command = {
  usage: "LINK PATH",
  summary:
    "Make a symlink to a path, and the path a garbage collector root for as long as the symlink is there.",
  details:
    "LINK can be anywhere but in the store; a symlink into the store that is there already is replaced. Removing it\n" +
    "lets go of the path.",
  options: {},
  arity: [2, 2],
  run: async ({ positionals: [link = "", argument = ""] }, io) =>
    await withStore(io, async (store) => {
      const place = resolve(io.cwd, link);
      if (link === "" || store.storePathOf(place) !== undefined)
        throw new CleaveError({
          code: "cli-usage",
          message: link === "" ? "a root needs a name" : "a root cannot lie in the store",
          hint: `usage: cleave store add-root ${storeAddRoot.usage}`,
        });
      const path = findStorePath(argument, store, io);
      await store.addTemporaryRoots([path]);
      await store.requireInfo(path);
      try {
        await store.addRoot(place, path);
      } catch (error) {
        throw fileError(error, "make the link", link);
      }
      return 0;
    }),
};
