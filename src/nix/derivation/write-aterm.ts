/**
 * Writes derivations as Nix stores them; `parse-aterm.ts` has the grammar.
 *
 * Making a derivation takes three texts that are mostly the same, so the text comes in parts.
 */
import { CleaveError, quote } from "../../base/index.ts";
import { formatHash } from "../hash.ts";
import { inOrder, ordered } from "./order.ts";
import { type Derivation, type InputOutputs, isDynamic, type Output, type OutputMethod } from "./type.ts";

/** The parts of a derivation's text but for its input derivations. */
export type Parts = {
  readonly outputs: string;
  /** What stands between inputs and variables. */
  readonly rest: string;
  readonly env: string;
};

/**
 * Write a derivation as the text of its `.drv` file, byte for byte as Nix does. Throws `derivation-invalid` for a
 * platform or an output name with `"` or `\`, which the format cannot say.
 */
export function formatDerivation(derivation: Derivation): string {
  return joinParts(derivation, formatParts(derivation, false));
}

/** Write the parts; if `masked`, without the outputs' paths and the values of the variables called as these. */
export function formatParts(derivation: Derivation, masked: boolean): Parts {
  return {
    outputs: formatOutputs(derivation, masked),
    rest: formatRest(derivation),
    env: joinEnv(cutEnv(derivation), derivation.env, masked),
  };
}

/** Join the parts of a derivation's text. */
export function joinParts({ inputDrvs }: Derivation, { outputs, rest, env }: Parts): string {
  let dynamic = false;
  let inputs = "";
  for (const [path, input] of inOrder(inputDrvs)) {
    dynamic ||= isDynamic(input);
    inputs += `${inputs === "" ? "" : ","}("${path}",${formatInput(input)})`;
  }
  return `${dynamic ? 'DrvWithVersion("xp-dyn-drv",' : "Derive("}${outputs},[${inputs}],${rest},${env})`;
}

/** Join the parts of the text that a hash modulo is taken of: that of the derivation, but for the inputs. */
export function joinModulo(inputs: string, { outputs, rest, env }: Parts): string {
  return `Derive(${outputs},[${inputs}],${rest},${env})`;
}

/** Write one input of the text that a hash modulo is taken of. */
export function formatModuloInput(hash: string, outputs: readonly string[]): string {
  return `("${hash}",${formatNames(outputs)})`;
}

/** Write the outputs, without their paths if `masked`. */
export function formatOutputs({ outputs }: Derivation, masked: boolean): string {
  let text = "[";
  for (const [name, output] of inOrder(outputs))
    text += `${text.length > 1 ? "," : ""}(${formatPlain("output name", name)},${formatOutput(output, masked)})`;
  return `${text}]`;
}

/** Write what stands between inputs and variables. */
export function formatRest({ inputSrcs, platform, builder, args }: Derivation): string {
  let text = "";
  for (const argument of args) text += `${text === "" ? "" : ","}${formatString(argument)}`;
  return `${formatNames(inputSrcs)},${formatPlain("platform", platform)},${formatString(builder)},[${text}]`;
}

/** The text of the variables, cut where the values of those stand that are called as outputs. */
export type EnvText = {
  /** One more than there are values. */
  readonly parts: readonly string[];
  /** The names of the variables whose values are left out, in their order. */
  readonly names: readonly string[];
};

/**
 * Write the variables but for the values of those that are called as outputs. A caller that knows the variables to
 * be in order says so by giving them itself.
 */
export function cutEnv({ env, outputs }: Derivation, variables = inOrder(env)): EnvText {
  const parts: string[] = [];
  const names: string[] = [];
  let text = "[";
  let separator = '("';
  for (const [name, value] of variables) {
    text += `${separator}${escapeText(name)}","`;
    if (outputs.has(name)) {
      parts.push(text);
      names.push(name);
      text = "";
    } else text += escapeText(value);
    separator = '"),("';
  }
  parts.push(text === "[" ? "[]" : `${text}")]`);
  return { parts, names };
}

/** Put the values in again; if `masked`, empty ones. */
export function joinEnv(
  { parts, names }: EnvText,
  env: ReadonlyMap<string, string>,
  masked: boolean,
): string {
  let text = parts[0] ?? "";
  for (let at = 0; at < names.length; at += 1)
    text += (masked ? "" : escapeText(env.get(names[at] ?? "") ?? "")) + (parts[at + 1] ?? "");
  return text;
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

function formatOutput(output: Output, masked: boolean): string {
  switch (output.type) {
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
  const names = formatNames(outputs);
  if (dynamic === undefined || dynamic.size === 0) return names;
  const children = [...inOrder(dynamic)].map(
    ([name, input]) => `(${formatPlain("output name", name)},${formatInput(input)})`,
  );
  return `(${names},[${children.join(",")}])`;
}

/** Write names of outputs or paths. */
function formatNames(names: readonly string[]): string {
  if (names.length === 0) return "[]";
  if (names.length === 1)
    return names[0] === "out" ? '["out"]' : `[${formatPlain("output name", names[0] ?? "")}]`;
  return `[${ordered(names)
    .map((name) => formatPlain("output name", name))
    .join(",")}]`;
}

/** Write a string as Nix writes those that it does not escape. */
function formatPlain(what: string, text: string): string {
  if (text === "out") return '"out"';
  if (/["\\]/.test(text))
    throw new CleaveError({
      code: "derivation-invalid",
      message: `the ${what} ${quote(text)} has a quote or a backslash, which Nix writes so that it cannot be read`,
      hint: `choose a ${what} without them`,
    });
  return `"${text}"`;
}

function formatString(text: string): string {
  return `"${escapeText(text)}"`;
}

function escapeText(text: string): string {
  return special.test(text) ? text.replace(specials, (char) => escapes[char] ?? char) : text;
}

const special = /["\\\n\r\t]/;
const specials = new RegExp(special, "g");

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
