import { CleaveError, compareText, encodeText } from "../../base/index.ts";
import type { LocalStore } from "../../store/index.ts";
import type { Command, Io } from "../command.ts";
import { undoable } from "../interrupt.ts";
import { jsonOption, withStore, writeCollected, writePaths } from "../local-store.ts";
import { readBytes } from "../numbers.ts";

export const storeGc: Command = {
  usage: "[--max-freed BYTES | --print-roots | --print-live | --print-dead] [--json]",
  summary: "Delete all that no garbage collector root needs.",
  details:
    "Roots are the symlinks below nix/var/nix/gcroots and nix/var/nix/profiles, what running processes use, and what\n" +
    "running commands of cleave and Nix have in hand.",
  options: {
    "max-freed": {
      type: "string",
      value: "BYTES",
      summary: "stop when more than that is freed; K, M, G or T may follow the number",
    },
    "print-roots": { type: "boolean", summary: "delete nothing; list the roots" },
    "print-live": { type: "boolean", summary: "delete nothing; list what is needed" },
    "print-dead": { type: "boolean", summary: "delete nothing; list what would be deleted" },
    ...jsonOption,
  },
  arity: [0, 0],
  run: async (args, io) => {
    const { flag } = args;
    const modes = ["print-roots", "print-live", "print-dead"].filter(flag);
    if (modes.length > 1) throw usage(`--${modes.join(" and --")} cannot be used together`);
    const maxFreed = readBytes(args, "max-freed");
    if (maxFreed !== undefined && modes.length > 0)
      throw usage(`--max-freed and --${modes[0]} cannot be used together`);
    return await undoable((signal) =>
      withStore(io, async (store) => await collect(store, signal), { useReserve: true }),
    );

    async function collect(store: LocalStore, signal: AbortSignal): Promise<number> {
      const json = flag("json");
      if (flag("print-roots")) return await printRoots(store, json, io);
      if (flag("print-live") || flag("print-dead")) {
        const action = flag("print-live") ? "list-live" : "list-dead";
        await writePaths((await store.collect({ action, signal })).paths, json, io);
        return 0;
      }
      await writeCollected(await store.collect({ maxFreed, signal }), json, io);
      return 0;
    }
  },
};

async function printRoots(store: LocalStore, json: boolean, { write }: Io): Promise<number> {
  const roots = [...(await store.findRoots())]
    .flatMap(([path, links]) => [...links].map((link) => ({ link, path })))
    .sort((a, b) => compareText(a.link, b.link) || compareText(a.path, b.path));
  await write(
    json
      ? `${JSON.stringify({ roots })}\n`
      : encodeText(roots.map(({ link, path }) => `${link} -> ${path}\n`).join("")),
  );
  return 0;
}

function usage(message: string): CleaveError {
  return new CleaveError({
    code: "cli-usage",
    message,
    hint: `usage: cleave store gc ${storeGc.usage}`,
  });
}
