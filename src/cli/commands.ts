import type { Command } from "./command.ts";

type Entry = { readonly summary: string; readonly load: () => Promise<Command> };

/**
 * Every command, in the order of the help page. A name may have two words.
 *
 * A command's file is loaded when it is called, so that a start costs no more than the command needs.
 */
export const commands: Readonly<Record<string, Entry>> = {
  explain: {
    summary: "say what an error code means and what to do",
    load: async () => (await import("./commands/explain.ts")).explain,
  },
};
