/** The runner, and the interpreters that phases can be run by. */
import { uses } from "cleave/modules";
import { base } from "cleave/package";
import { file, program } from "cleave/recipe";

/** The interpreter that phases are run by unless they name another, and the runner on it. */
export const quickjs = uses(base).module("quickjs", {}, ({ define }) =>
  define({
    runner: { tool: "bootstrap.quickjs", program: "bin/qjs", script: () => program("../runner/main.ts") },
    interpreters: { quickjs: { tool: "bootstrap.quickjs", program: "bin/qjs", endings: [".js"] } },
  }),
);

/** The shell of busybox. */
export const sh = uses(base).module("sh", {}, ({ define }) =>
  define({
    interpreters: {
      sh: {
        tool: "bootstrap.busybox",
        program: "bin/busybox",
        endings: [".sh"],
        args: () => ["sh", file("../interpreters/sh/phase.sh"), file("../interpreters/sh/json.awk")],
      },
    },
  }),
);

/** Lua 5.4. */
export const lua = uses(base).module("lua", {}, ({ define }) =>
  define({
    interpreters: {
      lua: {
        tool: "bootstrap.lua",
        program: "bin/lua",
        endings: [".lua"],
        args: () => [
          file("../interpreters/lua/phase.lua"),
          file("../interpreters/lua/json.lua"),
          file("../interpreters/lua/files.lua"),
        ],
      },
    },
  }),
);
