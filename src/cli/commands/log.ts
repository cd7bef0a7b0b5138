import { createReadStream, existsSync } from "node:fs";
import { CleaveError } from "../../base/index.ts";
import { decodeBzip2 } from "../../fetch/archive/bzip2.ts";
import { makeReader } from "../../fetch/archive/reader.ts";
import type { StorePath } from "../../nix/index.ts";
import type { LocalStore } from "../../store/index.ts";
import type { Command } from "../command.ts";
import { findStorePath, withStore } from "../local-store.ts";

export const log: Command = {
  usage: "PATH",
  summary: "Print the log of the build of a derivation, or of the derivation that a path comes from.",
  options: {},
  arity: [1, 1],
  run: async ({ positionals: [argument = ""] }, io) =>
    await withStore(io, async (store) => {
      const path = findStorePath(argument, store, io);
      for (const derivation of await derivationsOf(path, store)) {
        // Real Nix compresses its logs.
        const file = store.logFile(derivation);
        const log = existsSync(file)
          ? createReadStream(file)
          : existsSync(`${file}.bz2`)
            ? decodeBzip2(makeReader(createReadStream(`${file}.bz2`)))
            : undefined;
        if (log === undefined) continue;
        for await (const chunk of log) await io.write(chunk);
        return 0;
      }
      throw new CleaveError({
        code: "build-no-log",
        message: `there is no log of a build of ${path}`,
        hint: "what was copied or added was not built here",
      });
    }),
};

/** List the derivations whose log may be the one that is asked for. */
async function derivationsOf(path: StorePath, store: LocalStore): Promise<readonly StorePath[]> {
  if (path.endsWith(".drv")) return [path];
  const deriver = (await store.info(path))?.deriver;
  return [...(deriver === undefined ? [] : [deriver]), ...(await store.derivers(path))];
}
