import { CleaveError } from "../../base/index.ts";
import type { Command } from "../command.ts";
import { undoable } from "../interrupt.ts";
import { jsonOption, withStore } from "../local-store.ts";

export const storeVerify: Command = {
  usage: "[--check-contents [--repair]] [--json]",
  summary: "Check that all that is registered is there; exit with 1 where something stays wrong.",
  options: {
    "check-contents": { type: "boolean", summary: "hash everything, too" },
    repair: {
      type: "boolean",
      summary: "with --check-contents: take damaged hard links of cleave store optimise away",
    },
    ...jsonOption,
  },
  arity: [0, 0],
  run: async ({ flag }, io) => {
    if (flag("repair") && !flag("check-contents"))
      throw new CleaveError({
        code: "cli-usage",
        message: "--repair goes only with --check-contents, which finds what is damaged",
        hint: `usage: cleave store verify ${storeVerify.usage}`,
      });
    return await undoable((signal) =>
      withStore(io, async (store) => {
        const faults = await store.verify({
          checkContents: flag("check-contents"),
          repair: flag("repair"),
          signal,
        });
        if (flag("json")) await io.write(`${JSON.stringify({ faults })}\n`);
        if (faults.length === 0) return 0;
        io.emit({ type: "warning", message: "not all store errors were fixed" });
        return 1;
      }),
    );
  },
};
