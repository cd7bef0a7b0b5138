import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { CleaveError, encodeText, quote } from "../../base/index.ts";
import { dumpPath, restorePath } from "../../nix/index.ts";
import { outputPaths } from "../../package/output-paths.ts";
import { buildContext, buildOptions, reportFailures } from "../build-options.ts";
import type { Command } from "../command.ts";
import { undoable } from "../interrupt.ts";
import { withStore, writePaths } from "../local-store.ts";
import { buildPackages, readScheduling } from "../package-build.ts";
import { setOptions, withPackages } from "../package-set.ts";

export const source: Command = {
  usage: "[--to DIR] ATTR...",
  summary: "Make the patched sources of packages, and list their store paths.",
  details:
    "That is the work tree as the phase patch leaves it, or unpack where there is no patch. With --to one is copied to a new\n" +
    "folder, writable.",
  options: {
    to: { type: "string", value: "DIR", summary: "copy the tree to this folder, which must not be there" },
    json: { type: "boolean", summary: "write a JSON object" },
    ...setOptions,
    ...buildOptions,
  },
  arity: [1, Infinity],
  run: async (args, io) => {
    if (args.flag("json-events")) io.reportJson();
    const to = args.value("to");
    const folder = to === undefined ? undefined : resolve(io.cwd, to);
    if (folder !== undefined) checkDestination(folder, args.positionals.length);
    return await withStore(io, (store) =>
      withPackages(args, io, async (set) => {
        const sources = args.positionals.map((attribute) => set.package(attribute).source());
        return await undoable(async (signal) => {
          const { failed, skipped } = await buildPackages([], buildContext(args, io, { store, signal }), {
            sources,
            partition: undefined,
            check: true,
            again: false,
            ...readScheduling(args, set),
          });
          const code = reportFailures({ failed, skipped }, io);
          if (code !== 0) return code;
          const paths = sources.flatMap(({ canonical }) => outputPaths(canonical)["out"] ?? []);
          if (folder !== undefined)
            for (const path of paths) await restorePath(folder, dumpPath(store.realPath(path)), { signal });
          await writePaths(folder === undefined ? paths : [folder], args.flag("json"), io);
          return 0;
        });
      }),
    );
  },
};

function checkDestination(folder: string, count: number): void {
  if (count !== 1)
    throw new CleaveError({
      code: "cli-usage",
      message: `--to takes the source of one package, not of ${count}`,
      hint: "call cleave source once for each",
    });
  if (existsSync(encodeText(folder)))
    throw new CleaveError({
      code: "cli-usage",
      message: `${quote(folder)} is there already`,
      hint: "name a folder that is not there: --to makes it",
    });
  if (!existsSync(encodeText(dirname(folder))))
    throw new CleaveError({
      code: "cli-usage",
      message: `the folder ${quote(dirname(folder))}, which ${quote(basename(folder))} is to be in, is not there`,
      hint: "--to makes one folder",
    });
}
