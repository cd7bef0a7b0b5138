import { readFile } from "node:fs/promises";
import { CleaveError, codes, nearest, projectFile, quote } from "../../base/index.ts";
import type { Command } from "../command.ts";

export const explain: Command = {
  usage: "[CODE]",
  summary: "Say what an error code means and what to do about it; without one, list them all.",
  options: {},
  arity: [0, 1],
  run: async ({ positionals: [code] }, { write }) => {
    if (code === undefined) {
      const width = Math.max(...Object.keys(codes).map((each) => each.length));
      for (const [each, title] of Object.entries(codes)) await write(`${each.padEnd(width)}  ${title}\n`);
      return 0;
    }
    if (!Object.hasOwn(codes, code)) {
      const near = nearest(code, Object.keys(codes));
      throw new CleaveError({
        code: "cli-unknown-code",
        message: `there is no error code ${quote(code)}`,
        hint: near.length > 0 ? `did you mean ${near.join(" or ")}?` : "cleave explain lists all codes",
      });
    }
    await write(await readFile(projectFile(`docs/errors/${code}.md`), "utf8"));
    return 0;
  },
};
