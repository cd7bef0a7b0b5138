/**
 * Writes derivations as Nix stores them; `parse-aterm.ts` has the grammar.
 */
import { CleaveError, quote } from "../../base/index.ts";
import { formatHash } from "../hash.ts";
import { ordered } from "./order.ts";
import { type Derivation, type InputOutputs, isDynamic, type Output, type OutputMethod } from "./type.ts";

/**
 * Write a derivation as the text of its `.drv` file, byte for byte as Nix does. Throws `derivation-invalid` for a
 * platform or an output name with `"` or `\`, which the format cannot say.
 */
export function formatDerivation(derivation: Derivation): string {
  const { inputDrvs } = derivation;
  let dynamic = false;
  let inputs = "";
  for (const path of ordered(inputDrvs.keys())) {
    const input = inputDrvs.get(path) ?? { outputs: [] };
    dynamic ||= isDynamic(input);
    inputs += `${inputs === "" ? "" : ","}("${path}",${formatInput(input)})`;
  }
  return (dynamic ? 'DrvWithVersion("xp-dyn-drv",' : "Derive(") + formatFields(derivation, inputs, false);
}

/**
 * Write what the hash modulo of a derivation is taken of: its text with `inputs`, hash modulo and outputs wanted,
 * ordered by hash, in the place of the input derivations. `masked` leaves the outputs' paths out, and the values
 * of the variables that are called as they are.
 */
export function formatModulo(
  derivation: Derivation,
  inputs: Iterable<readonly [hash: string, outputs: readonly string[]]>,
  masked: boolean,
): string {
  let text = "";
  for (const [hash, outputs] of inputs)
    text += `${text === "" ? "" : ","}("${hash}",${formatNames(ordered(outputs))})`;
  return `Derive(${formatFields(derivation, text, masked)}`;
}

/** Give the prefix that a method has in front of an algorithm: nothing, `r:` or `text:`. */
export function methodPrefix(method: OutputMethod): string {
  switch (method) {
    case "flat":
      return "";
    case "recursive":
      return "r:";
    case "text":
      return "text:";
  }
}

function formatFields(derivation: Derivation, inputs: string, masked: boolean): string {
  const { outputs, env, args } = derivation;
  let text = "[";
  let comma = "";
  for (const name of ordered(outputs.keys())) {
    text += `${comma}(${formatPlain("output name", name)},${formatOutput(outputs.get(name), masked)})`;
    comma = ",";
  }
  text += `],[${inputs}],${formatNames(ordered(derivation.inputSrcs))},`;
  text += `${formatPlain("platform", derivation.platform)},${formatString(derivation.builder)},[`;
  comma = "";
  for (const argument of args) {
    text += comma + formatString(argument);
    comma = ",";
  }
  text += "],[";
  comma = "";
  for (const name of ordered(env.keys())) {
    const value = masked && outputs.has(name) ? "" : (env.get(name) ?? "");
    text += `${comma}(${formatString(name)},${formatString(value)})`;
    comma = ",";
  }
  return `${text}])`;
}

function formatOutput(output: Output | undefined, masked: boolean): string {
  switch (output?.type) {
    case undefined:
    case "deferred":
      return '"","",""';
    case "input-addressed":
      return masked ? '"","",""' : `"${output.path}","",""`;
    case "fixed":
      return `"${masked ? "" : output.path}","${methodPrefix(output.method)}${output.hash.algorithm}","${formatHash(output.hash, "base16")}"`;
    case "floating":
      return `"","${methodPrefix(output.method)}${output.algorithm}",""`;
    case "impure":
      return `"","${methodPrefix(output.method)}${output.algorithm}","impure"`;
  }
}

function formatInput({ outputs, dynamic }: InputOutputs): string {
  const names = formatNames(ordered(outputs));
  if (dynamic === undefined || dynamic.size === 0) return names;
  const children = ordered(dynamic.keys()).map(
    (name) => `(${formatPlain("output name", name)},${formatInput(dynamic.get(name) ?? { outputs: [] })})`,
  );
  return `(${names},[${children.join(",")}])`;
}

/** Write names or paths, which are never escaped. */
function formatNames(names: readonly string[]): string {
  if (names.length === 0) return "[]";
  for (const name of names) if (/["\\]/.test(name)) formatPlain("output name", name);
  return `["${names.join('","')}"]`;
}

/** Write a string as Nix writes those that it does not escape. */
function formatPlain(what: string, text: string): string {
  if (/["\\]/.test(text))
    throw new CleaveError({
      code: "derivation-invalid",
      message: `the ${what} ${quote(text)} has a quote or a backslash, which Nix writes so that it cannot be read`,
      hint: `choose a ${what} without them`,
    });
  return `"${text}"`;
}

function formatString(text: string): string {
  return /["\\\n\r\t]/.test(text)
    ? `"${text.replace(/["\\\n\r\t]/g, (char) => escapes[char] ?? char)}"`
    : `"${text}"`;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
