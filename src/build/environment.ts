/**
 * What a builder is started with: its variables, and the files that wait for it in the build folder.
 *
 * As Nix 2.8 has it, what stands below wins over what stands above:
 *
 *     always            PATH=/path-not-set HOME=/homeless-shelter NIX_STORE=/nix/store NIX_BUILD_CORES=<cores>
 *     not structured    the derivation's own variables; those that `passAsFile` names are files instead
 *     always            NIX_BUILD_TOP, TMPDIR, TEMPDIR, TMP, TEMP, PWD: the build folder
 *     fixed outputs     NIX_OUTPUT_CHECKED=1, and the user's variables that `impureEnvVars` names
 *     always            NIX_LOG_FD=2 TERM=xterm-256color
 *     structured        NIX_ATTRS_JSON_FILE and NIX_ATTRS_SH_FILE, which name `.attrs.json` and `.attrs.sh`
 *
 * Placeholders are replaced in variables, arguments and files. A builder gets its variables ordered by the bytes of their names.
 */
import { compareText } from "../base/index.ts";
import {
  type Derivation,
  formatHash,
  hashBytes,
  outputPlaceholder,
  storeFolder,
  structuredAttrs,
} from "../nix/index.ts";
import { attributesOf, splitWords } from "./attributes.ts";
import { completeAttrs, formatAttrsJson, formatAttrsShell } from "./attrs-files.ts";
import { formatGraph, type Graphs } from "./references-graph.ts";

/** The build folder, as a builder sees it. */
export const buildFolder = "/build";

export type BuilderFacts = {
  readonly derivation: Derivation;
  /** The path of every output, by name. */
  readonly outputs: ReadonlyMap<string, string>;
  /** What the derivation asks for with `exportReferencesGraph`. */
  readonly graphs: Graphs;
  /** At least 1. */
  readonly cores: number;
  /** The user's environment, for fixed outputs. */
  readonly userEnv: Readonly<Record<string, string | undefined>>;
};

/** How a builder is started. Texts are byte strings. */
export type BuilderStart = {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Contents by file name, to be put into the build folder. */
  readonly files: ReadonlyMap<string, string>;
};

/** Work out how a builder is started. */
export function startOf({ derivation, outputs, graphs, cores, userEnv }: BuilderFacts): BuilderStart {
  const replace = replacePlaceholders(outputs);
  const env = new Map<string, string>([
    ["PATH", "/path-not-set"],
    ["HOME", "/homeless-shelter"],
    ["NIX_STORE", storeFolder],
    ["NIX_BUILD_CORES", `${cores}`],
  ]);
  const files = new Map<string, string>();
  const attrs = structuredAttrs(derivation);
  if (attrs === undefined) {
    const asFile = new Set(splitWords(derivation.env.get("passAsFile")));
    for (const [name, value] of derivation.env)
      if (asFile.has(name)) {
        const file = `.attr-${formatHash(hashBytes("sha256", name), "nix32")}`;
        files.set(file, value);
        env.set(`${name}Path`, `${buildFolder}/${file}`);
      } else env.set(name, value);
    for (const [file, nodes] of graphs) files.set(file, formatGraph(nodes));
  }
  for (const name of ["NIX_BUILD_TOP", "TMPDIR", "TEMPDIR", "TMP", "TEMP", "PWD"]) env.set(name, buildFolder);
  if (isFixed(derivation)) {
    env.set("NIX_OUTPUT_CHECKED", "1");
    for (const name of attributesOf(derivation).list("impureEnvVars") ?? [])
      env.set(name, (Object.hasOwn(userEnv, name) ? userEnv[name] : undefined) ?? "");
  }
  env.set("NIX_LOG_FD", "2");
  env.set("TERM", "xterm-256color");
  if (attrs !== undefined) {
    const complete = completeAttrs(attrs, outputs, graphs);
    files.set(".attrs.json", formatAttrsJson(complete));
    files.set(".attrs.sh", formatAttrsShell(complete));
    env.set("NIX_ATTRS_JSON_FILE", `${buildFolder}/.attrs.json`);
    env.set("NIX_ATTRS_SH_FILE", `${buildFolder}/.attrs.sh`);
  }
  return {
    program: replace(derivation.builder),
    args: derivation.args.map(replace),
    env: Object.fromEntries(
      [...env]
        .sort(([one], [other]) => compareText(one, other))
        .map(([name, value]) => [name, replace(value)]),
    ),
    files: new Map([...files].map(([name, content]) => [name, replace(content)])),
  };
}

/** Make what replaces the placeholders of outputs in a text by their paths. */
export function replacePlaceholders(outputs: ReadonlyMap<string, string>): (text: string) => string {
  const placeholders = [...outputs].map(([name, path]) => [outputPlaceholder(name), path] as const);
  return (text) => {
    let replaced = text;
    for (const [placeholder, path] of placeholders) replaced = replaced.replaceAll(placeholder, () => path);
    return replaced;
  };
}

/** Say whether a derivation has a fixed output, and so may use the network. */
export function isFixed({ outputs }: Derivation): boolean {
  return outputs.get("out")?.type === "fixed";
}
