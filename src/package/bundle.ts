/**
 * Bundles a TypeScript script of the build side, with all that it imports, into one file of JavaScript.
 *
 * The bytes follow from the sources alone: not from where they lie, nor from whether they are part of a checkout or of
 * an installed package.
 */
import { Buffer } from "node:buffer";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { BuildFailure, Metafile } from "esbuild";
import { CleaveError, quote } from "../base/index.ts";
import { stdenvFolder } from "./stdenv-folder.ts";

export type BundleRequest = {
  /** The absolute path of the script. */
  readonly file: string;
  /** `phase`: its default export is a phase of `cleave/phase`, which is run. `program`: it runs itself. */
  readonly kind: "phase" | "program";
};

export type Bundle = {
  readonly content: Uint8Array;
  /** The absolute path of every file that went into it. */
  readonly files: readonly string[];
};

const library = `${stdenvFolder}/interpreters/quickjs/index.ts`;

const importHint = "scripts import files with their endings, such as ./lib.ts, and cleave/phase";

/** Bundle a script. Throws `script-invalid` with the place in the sources. */
export function bundleScript({ file: given, kind }: BundleRequest): Bundle {
  const { buildSync }: typeof import("esbuild") = createRequire(import.meta.url)("esbuild");
  // Files are called by their places without links, and so their names in the source map would tell of one on the way to them.
  const folder = realpathSync(dirname(given));
  const file = join(folder, basename(given));
  const entry =
    kind === "phase"
      ? `import phase from ${JSON.stringify(file)};\nimport { runPhase } from "cleave/phase";\nawait runPhase(phase);\n`
      : `import ${JSON.stringify(file)};\n`;
  try {
    const { outputFiles, metafile } = buildSync({
      stdin: { contents: entry, resolveDir: folder, sourcefile: "entry", loader: "ts" },
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "neutral",
      target: "es2023",
      charset: "utf8",
      legalComments: "none",
      // No comments with paths, no names that depend on them.
      minifyWhitespace: true,
      keepNames: false,
      // A package.json around the script could say that its files have no effects.
      ignoreAnnotations: true,
      absWorkingDir: folder,
      sourcemap: "external",
      sourcesContent: false,
      outdir: folder,
      external: ["std", "os", "cleave:native"],
      alias: { "cleave/phase": library },
      tsconfigRaw: {},
      logLevel: "silent",
    });
    const code = outputFiles.find(({ path }) => path.endsWith(".js"));
    const map = outputFiles.find(({ path }) => path.endsWith(".map"));
    if (code === undefined || map === undefined) throw new Error(`the bundle of ${file} is empty`);
    // Of what is no module the default export is everything, and nothing that can be run.
    if (kind === "phase" && metafile.inputs[relative(folder, realpathSync(file))]?.format !== "esm")
      throw withoutPhase(given);
    checkImports(metafile.inputs, folder, given);
    const files = Object.keys(metafile.inputs)
      .filter((each) => each !== "entry" && each !== "<stdin>")
      .map((each) => resolve(folder, each));
    return { content: Buffer.from(code.text + writeMap(map.text, folder)), files };
  } catch (error) {
    throw asCleaveError(error, given);
  }
}

/**
 * Check that each import names a file as it is: what else leads somewhere does so by a package.json, or by which files there are
 * not. Throws `script-invalid`.
 */
function checkImports(inputs: Metafile["inputs"], folder: string, script: string): void {
  for (const [name, { imports }] of Object.entries(inputs)) {
    const file = resolve(folder, name);
    if (name === "entry" || file.startsWith(`${stdenvFolder}/`)) continue;
    for (const { original = "", path, external } of imports) {
      if (external === true || original === "cleave/phase") continue;
      const isNamed =
        /^\.\.?\//.test(original) && realOf(resolve(dirname(file), original)) === resolve(folder, path);
      if (!isNamed)
        throw new CleaveError({
          code: "script-invalid",
          message: `the script ${basename(script)} does not compile: ${quote(original)} is no name of a file`,
          hint: importHint,
          location: { file: resolve(dirname(script), name) },
        });
    }
  }
}

function realOf(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

/**
 * Write a source map as the last line of a bundle. A source is called by its path from the script's folder, or, if it is part of
 * stdenv, from the folder above that, so that the names do not depend on where the sources lie.
 */
function writeMap(text: string, folder: string): string {
  const { sources, mappings }: { sources: readonly string[]; mappings: string } = JSON.parse(text);
  const names = sources.map((each) => {
    const path = resolve(folder, each);
    return path.startsWith(`${stdenvFolder}/`)
      ? relative(dirname(stdenvFolder), path)
      : relative(folder, path);
  });
  const map = JSON.stringify({ version: 3, sources: names, names: [], mappings });
  return `//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString("base64")}\n`;
}

function asCleaveError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !("errors" in error)) return error;
  const [first] = (error as BuildFailure).errors;
  const location = first?.location;
  if (location?.file === "entry") return withoutPhase(file);
  return new CleaveError({
    code: "script-invalid",
    message: `the script ${basename(file)} does not compile: ${first?.text ?? error.message}`,
    hint:
      first?.text.startsWith("Could not resolve ") === true ? importHint : "mend the script at this place",
    location:
      location === undefined || location === null
        ? { file }
        : {
            file: resolve(dirname(file), location.file),
            line: location.line,
            column: location.column + 1,
          },
  });
}

function withoutPhase(file: string): CleaveError {
  return new CleaveError({
    code: "script-invalid",
    message: `the script ${basename(file)} has no default export`,
    hint: "end it with export default definePhase(…) of cleave/phase",
    location: { file },
  });
}
