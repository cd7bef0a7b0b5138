import { findRoot } from "../../store/index.ts";
import type { Command } from "../command.ts";

export const storeRoot: Command = {
  usage: "",
  summary: "Print the root folder of the store.",
  details:
    "It is $CLEAVE_ROOT, else cleave in $XDG_DATA_HOME, else in ~/.local/share, with symlinks resolved. The store is made\n" +
    "when it is first used. Real Nix works in it, too: NIX_REMOTE=local?root=$(cleave store root) nix-store ...",
  options: {},
  arity: [0, 0],
  run: async (_, io) => {
    await io.write(`${findRoot(io.env, io.cwd)}\n`);
    return 0;
  },
};
