/**
 * Makes derivations as Nix's `derivation` does: computes the paths of the outputs and of the derivation itself.
 */
import { CleaveError, type Json, quote, writeJson } from "../../base/index.ts";
import { sha256Text } from "../fingerprint.ts";
import type { Hash, HashAlgorithm } from "../hash.ts";
import { outputPlaceholder } from "../make-store-path.ts";
import { checkStorePathName, type StorePath } from "../store-path.ts";
import { fixedPath } from "./fixed-path.ts";
import { type Graph, moduloInputs, moduloWithInputs, moduloWithoutInputs } from "./hash-modulo.ts";
import { inOrder, ordered, orderedMap, sortEntries } from "./order.ts";
import { structuredAttrsVariable } from "./structured-attrs.ts";
import type { Derivation, InputOutputs, Output, OutputMethod } from "./type.ts";
import { checkShape, derivationPath, outputPath } from "./validate.ts";
import {
  cutEnv,
  formatOutputs,
  formatRest,
  joinEnv,
  joinModulo,
  joinParts,
  type Parts,
} from "./write-aterm.ts";

/** How the paths of the outputs come about; see `Output`. */
export type Addressing =
  | { readonly type: "input-addressed" }
  | { readonly type: "fixed"; readonly method: OutputMethod; readonly hash: Hash }
  | {
      readonly type: "floating" | "impure";
      readonly method: OutputMethod;
      readonly algorithm: HashAlgorithm;
    };

/** What a derivation is made from. */
export type DerivationSpec = {
  readonly name: string;
  readonly platform: string;
  readonly builder: string;
  readonly args?: readonly string[];
  /** Variables, but those of the outputs, which are set whatever is here. */
  readonly env?: Iterable<readonly [name: string, value: string]>;
  /** Becomes the variable `__json`. */
  readonly structuredAttrs?: Readonly<Record<string, Json>>;
  /** Names of the outputs; `out` if left out. */
  readonly outputs?: readonly string[];
  /** Input-addressed if left out. */
  readonly addressing?: Addressing;
  readonly inputDrvs?: ReadonlyMap<StorePath, InputOutputs>;
  readonly inputSrcs?: readonly StorePath[];
};

/** A derivation with its path and the text of its file, `encodeText(text)` being the bytes. */
export type MadeDerivation = {
  readonly path: StorePath;
  readonly derivation: Derivation;
  readonly text: string;
};

const onlyOut: readonly string[] = ["out"];
const inputAddressed: Addressing = { type: "input-addressed" };

/**
 * Make a derivation and remember its modulo in `graph`, where the derivations that it needs must be or can be read
 * from. The variable of each output holds its path: a placeholder where that is floating, nothing where deferred.
 * Throws `derivation-invalid`, `store-path-malformed`, `json-not-canonical`.
 */
export function makeDerivation(spec: DerivationSpec, graph: Graph): MadeDerivation {
  const { name, platform, builder, addressing = inputAddressed } = spec;
  checkSpec(spec, addressing);
  const outputs = new Map<string, Output>();
  const variables: (readonly [string, string])[] = [...(spec.env ?? [])];
  if (spec.structuredAttrs !== undefined)
    variables.push([structuredAttrsVariable, writeJson(spec.structuredAttrs)]);
  for (const output of ordered(spec.outputs ?? onlyOut)) {
    const made = makeOutput(name, output, addressing);
    outputs.set(output, made);
    variables.push([output, variableOf(output, made)]);
  }
  // Of two with one name, the later counts: the sort keeps their order.
  const env = new Map(sortEntries(variables));
  return finish(
    {
      name,
      outputs,
      inputDrvs: orderedMap(spec.inputDrvs ?? new Map()),
      inputSrcs: spec.inputSrcs ?? [],
      platform,
      builder,
      args: spec.args ?? [],
      env,
    },
    graph,
  );
}

/**
 * Complete a derivation, such as one read from JSON: where deferred outputs turn out to have paths, fill these in,
 * and in the variables of outputs with a path, where these are missing or empty. Remembers it as
 * {@link makeDerivation} does, and throws as that; what is there already and wrong only `checkDerivation` finds.
 */
export function completeDerivation(derivation: Derivation, graph: Graph): MadeDerivation {
  const env = new Map(derivation.env);
  if (checkShape(derivation) === "deferred") {
    // A variable that is filled in later counts for the hash.
    if (moduloInputs(derivation, graph) !== undefined)
      for (const output of derivation.outputs.keys()) env.set(output, "");
  } else
    for (const [output, each] of derivation.outputs)
      if ("path" in each && (env.get(output) ?? "") === "") env.set(output, each.path);
  return finish({ ...derivation, outputs: new Map(derivation.outputs), env: new Map(inOrder(env)) }, graph);
}

type Draft = Derivation & {
  readonly outputs: Map<string, Output>;
  /** In the order of the names' bytes, those of the outputs included where they have a path. */
  readonly env: Map<string, string>;
};

/** Give deferred outputs their paths where these can be known, and compute the derivation's path and modulo. */
function finish(draft: Draft, graph: Graph): MadeDerivation {
  const { name, outputs, env } = draft;
  const rest = formatRest(draft);
  const variables = cutEnv(draft, env);
  const parts = (masked: boolean): Parts => ({
    outputs: formatOutputs(draft, masked),
    rest,
    env: joinEnv(variables, env, masked),
  });
  let inputs: string | undefined;
  if (checkShape(draft) === "deferred") {
    inputs = moduloInputs(draft, graph);
    if (inputs !== undefined) {
      const hash = sha256Text(joinModulo(inputs, parts(true)));
      for (const output of outputs.keys()) {
        const path = outputPath(name, output, hash);
        outputs.set(output, { type: "input-addressed", path });
        env.set(output, path);
      }
    }
  }
  const complete = parts(false);
  const text = joinParts(draft, complete);
  const path = derivationPath(draft, text);
  const modulo =
    moduloWithoutInputs(draft) ?? moduloWithInputs(draft, inputs ?? moduloInputs(draft, graph), complete);
  graph.modulos.set(path, modulo);
  return { path, derivation: draft, text };
}

function makeOutput(name: string, output: string, addressing: Addressing): Output {
  switch (addressing.type) {
    case "input-addressed":
      return { type: "deferred" };
    case "fixed":
      return { ...addressing, path: fixedPath(name, output, addressing.method, addressing.hash) };
    case "floating":
    case "impure":
      return addressing;
  }
}

function variableOf(output: string, made: Output): string {
  switch (made.type) {
    case "deferred":
      return "";
    case "input-addressed":
    case "fixed":
      return made.path;
    case "floating":
    case "impure":
      return outputPlaceholder(output);
  }
}

/** Check what Nix's `derivation` checks before anything is computed. */
function checkSpec(spec: DerivationSpec, addressing: Addressing): void {
  const { name, outputs = onlyOut } = spec;
  const refuse = (message: string, hint?: string) =>
    new CleaveError({
      code: "derivation-invalid",
      message: `the derivation ${quote(name)} ${message}`,
      hint,
    });
  checkStorePathName(`${name}.drv`);
  checkStorePathName(name);
  if (spec.builder === "") throw refuse("has no builder");
  if (spec.platform === "") throw refuse("has no platform");
  for (const [at, output] of outputs.entries()) {
    if (outputs.indexOf(output) !== at) throw refuse(`has the output ${output} twice`);
    if (output === "drv" || output === "drvPath")
      throw refuse(`cannot have an output ${output}, which is what Nix calls its own path`);
  }
  if (name.endsWith(".drv")) {
    const single = outputs.length === 1 && outputs[0] === "out";
    const text = "method" in addressing && addressing.method === "text";
    if (!single || !text)
      throw refuse(
        "must not end in .drv, since it makes something else than one derivation",
        "only a text that is the one output, out, may be called so",
      );
  }
}
