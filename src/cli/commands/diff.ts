import { resolve } from "node:path";
import { CleaveError } from "../../base/index.ts";
import type { StorePath } from "../../nix/index.ts";
import type { PackageInterface } from "../../package/index.ts";
import { compareDerivations, describeChanges, type Side } from "../../recipes/drv-diff.ts";
import type { PackageSet } from "../../recipes/index.ts";
import type { Command } from "../command.ts";
import { jsonOption } from "../local-store.ts";
import { openPackages, setOptions } from "../package-set.ts";

export const diff: Command = {
  usage: "[--with FILE]... [--with-set ATTR.OPTION=VALUE]... [--json] [ATTR...]",
  summary:
    "List which derivations would change with overlays or settings, and why, before anything is built.",
  details: "What --set and --overlay say holds on both sides; --with and --with-set on the second one only.",
  options: {
    with: { type: "string", multiple: true, value: "FILE", summary: "an overlay that is looked at" },
    "with-set": {
      type: "string",
      multiple: true,
      value: "ATTR.OPTION=VALUE",
      summary: "a setting that is looked at",
    },
    ...setOptions,
    ...jsonOption,
  },
  arity: [0, Infinity],
  run: async (args, io) => {
    const overlays = args.values("with").map((file) => resolve(io.cwd, file));
    const settings = args.values("with-set");
    if (overlays.length + settings.length === 0)
      throw new CleaveError({
        code: "cli-usage",
        message: "cleave diff needs something to look at",
        hint: "--with overlay.ts, or --with-set hello.doCheck=false",
      });
    const before = await openPackages(args, io);
    const after = await openPackages(args, io, { overlays, settings });
    const attributes = args.positionals.length > 0 ? args.positionals : before.attributes();
    const packages = [];
    for (const attribute of attributes) {
      let one: PackageInterface;
      try {
        one = before.package(attribute).interface;
      } catch (error) {
        // What nobody has asked for, and was wrong before, hides nothing of the others.
        if (args.positionals.length > 0 || !(error instanceof CleaveError)) throw error;
        io.emit({ type: "warning", message: `${attribute} is left out: ${error.message.split("\n")[0]}` });
        continue;
      }
      const two = after.package(attribute).interface;
      if (one.derivation === two.derivation) continue;
      const changes = compareDerivations(sideOf(before, one.derivation), sideOf(after, two.derivation));
      // What others change is told of with them.
      packages.push({
        attribute,
        before: one.derivation,
        after: two.derivation,
        changes: changes.filter((each) => each.after === two.derivation),
      });
    }
    if (args.flag("json")) await io.write(`${JSON.stringify({ packages })}\n`);
    else {
      const lines = packages.flatMap(({ changes }) => describeChanges(changes));
      lines.push(`${packages.length} of ${attributes.length} packages change`);
      await io.write(lines.map((line) => `${line}\n`).join(""));
    }
    return 0;
  },
};

/** Read derivations of a package set: those of its packages. */
function sideOf(set: PackageSet, root: StorePath): Side {
  return { root, read: (path) => set.derivation(path) };
}
