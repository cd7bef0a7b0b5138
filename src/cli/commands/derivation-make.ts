import { Buffer } from "node:buffer";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { encodeText, fileError } from "../../base/index.ts";
import { makeGraph } from "../../nix/derivation/hash-modulo.ts";
import { derivationsFromJson } from "../../nix/derivation/json.ts";
import { completeDerivation, type MadeDerivation } from "../../nix/derivation/make.ts";
import type { Derivation } from "../../nix/derivation/type.ts";
import { checkDerivation, derivationPath } from "../../nix/derivation/validate.ts";
import { baseName, type StorePath } from "../../nix/store-path.ts";
import type { Command } from "../command.ts";
import { derivationReader, rootOption } from "../derivation-files.ts";
import { placed, readInput } from "../input.ts";

export const derivationMake: Command = {
  usage: "[--output FOLDER] [--root FOLDER] [JSON]",
  summary: "Make derivations from JSON, and print their store paths.",
  details: `JSON is a file, or - for standard input (the default), in either form that cleave derivation show prints, or one derivation of format 4, as nix derivation add takes it. What follows from the rest may be left out: an output may be {}, and its variable empty or missing. What is there must be right. So, to change a derivation:

  cleave derivation show a.drv | jq 'map_values(.builder = "/bin/sh" | .outputs.out = {})' | cleave derivation make -o .

What a derivation needs is looked for in the same JSON, then in the store.`,
  options: {
    output: { type: "string", short: "o", value: "FOLDER", summary: "write the .drv files into this folder" },
    ...rootOption,
  },
  arity: [0, 1],
  run: async (args, io) => {
    const [file = "-"] = args.positionals;
    const given = await placed(file, async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of readInput(file, `reading ${file}`, io)) chunks.push(Buffer.from(chunk));
      return derivationsFromJson(Buffer.concat(chunks));
    });
    const known = new Map<StorePath, Derivation>();
    // One that was changed is no longer that of its path, which others may need.
    for (const { path, derivation } of given)
      if (path !== undefined && derivationPath(derivation) === path) known.set(path, derivation);
    const graph = makeGraph(derivationReader(args, io, known));
    const made = given.map(({ derivation }) => completeDerivation(derivation, graph));
    for (const { path, derivation } of made) checkDerivation(path, derivation, graph);
    const folder = args.value("output");
    if (folder !== undefined) for (const each of made) writeFile(resolve(io.cwd, folder), each);
    await io.write(made.map(({ path }) => `${path}\n`).join(""));
    return 0;
  },
};

/** Write a derivation's file. Only a whole one gets its name, so a crash leaves none that is cut off. */
function writeFile(folder: string, { path, text }: MadeDerivation): void {
  const file = join(folder, baseName(path));
  const temporary = join(folder, `.${baseName(path)}.${process.pid}`);
  try {
    mkdirSync(encodeText(folder), { recursive: true });
    writeFileSync(encodeText(temporary), encodeText(text));
    renameSync(encodeText(temporary), encodeText(file));
  } catch (error) {
    throw fileError(error, "write the derivation", file);
  }
}
