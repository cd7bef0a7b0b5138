import { baseName, formatContentAddress, formatNamedHash } from "../../nix/index.ts";
import type { PathInfo } from "../../store/index.ts";
import type { Command } from "../command.ts";
import { findStorePaths, jsonOption, withStore } from "../local-store.ts";

export const storeInfo: Command = {
  usage: "[--json] PATH...",
  summary: "Say what the store knows of paths: hash, size, references, where they come from.",
  details: "Without --json the lines are those of a .narinfo file, with an empty line between paths.",
  options: jsonOption,
  arity: [1, Infinity],
  run: async ({ positionals, flag }, io) =>
    await withStore(io, async (store) => {
      const infos: PathInfo[] = [];
      for (const path of findStorePaths(positionals, store, io)) infos.push(await store.requireInfo(path));
      await io.write(
        flag("json") ? `${JSON.stringify({ paths: infos.map(toJson) })}\n` : infos.map(describe).join("\n"),
      );
      return 0;
    }),
};

function describe(info: PathInfo): string {
  const lines = [
    ["StorePath", info.path],
    ["NarHash", formatNamedHash(info.narHash, "nix32")],
    ["NarSize", `${info.narSize}`],
    ["References", info.references.map(baseName).join(" ")],
    ["Deriver", info.deriver === undefined ? undefined : baseName(info.deriver)],
    ...info.signatures.map((signature) => ["Sig", signature]),
    ["CA", contentAddress(info)],
  ];
  return lines.flatMap(([name, value]) => (value === undefined ? [] : `${name}: ${value}\n`)).join("");
}

function contentAddress({ contentAddress }: PathInfo): string | undefined {
  return contentAddress === undefined ? undefined : formatContentAddress(contentAddress);
}

/** The keys of `nix path-info --json`. */
function toJson(info: PathInfo): Record<string, unknown> {
  return {
    path: info.path,
    narHash: formatNamedHash(info.narHash, "sri"),
    narSize: info.narSize,
    references: info.references,
    deriver: info.deriver,
    ca: contentAddress(info),
    registrationTime: info.registered,
    ultimate: info.ultimate,
    signatures: info.signatures,
  };
}
