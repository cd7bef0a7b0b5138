/**
 * One derivation in version 1 of the JSON form: store paths in full, `r:sha256` as in the file.
 *
 *     { "outputs": { name: output }, "inputSrcs": [path], "inputDrvs": { path: [output name] },
 *       "system": …, "builder": …, "args": […], "env": { … } }
 *     output = { "path": … } | { "path": …, "hashAlgo": …, "hash": base16 } | { "hashAlgo": … }
 *            | { "hashAlgo": …, "impure": true } | { }
 */
import { CleaveError } from "../../base/index.ts";
import { formatHash, parseHash } from "../hash.ts";
import type { StorePath } from "../store-path.ts";
import {
  expectMap,
  expectMembers,
  expectStorePath,
  expectString,
  expectStrings,
  expectThat,
  type Place,
  refuse,
} from "./json-shape.ts";
import type { JsonValue, Writable } from "./json-text.ts";
import { ordered } from "./order.ts";
import { splitMethod } from "./parse-aterm.ts";
import { type Derivation, type InputOutputs, isDynamic, type Output } from "./type.ts";
import { methodPrefix } from "./write-aterm.ts";

/** Turn a derivation into version 1. Throws `derivation-not-json` where it needs outputs of outputs. */
export function derivationToV1(derivation: Derivation): Writable {
  const { name, outputs, inputDrvs, env } = derivation;
  const inputs = ordered(inputDrvs.keys()).map((path): [string, Writable] => {
    const input = inputDrvs.get(path) ?? { outputs: [] };
    if (isDynamic(input))
      throw new CleaveError({
        code: "derivation-not-json",
        message: `the derivation ${name} needs outputs of outputs of ${path}, which version 1 of the JSON form cannot say`,
        hint: "version 4 can",
      });
    return [path, [...ordered(input.outputs)]];
  });
  return new Map<string, Writable>([
    ["outputs", new Map(ordered(outputs.keys()).map((output) => [output, outputToV1(outputs.get(output))]))],
    ["inputSrcs", [...ordered(derivation.inputSrcs)]],
    ["inputDrvs", new Map(inputs)],
    ["system", derivation.platform],
    ["builder", derivation.builder],
    ["args", derivation.args],
    ["env", new Map(ordered(env.keys()).map((variable) => [variable, env.get(variable) ?? ""]))],
  ]);
}

/** Read a derivation of version 1, whose name its path has. Throws `derivation-json`. */
export function derivationFromV1(name: string, json: JsonValue, place: Place): Derivation {
  const members = ["outputs", "inputSrcs", "inputDrvs", "system", "builder", "args", "env"];
  const object = expectMembers(json, place, members);
  const inputDrvs = new Map<StorePath, InputOutputs>();
  for (const [path, outputs] of expectMap(object["inputDrvs"], [...place, "inputDrvs"], expectStrings))
    inputDrvs.set(expectStorePath(path, [...place, "inputDrvs"]), { outputs: ordered(outputs) });
  const sources = expectStrings(object["inputSrcs"], [...place, "inputSrcs"]);
  return {
    name,
    outputs: expectMap(object["outputs"], [...place, "outputs"], outputFromV1),
    inputDrvs,
    inputSrcs: ordered(sources.map((path) => expectStorePath(path, [...place, "inputSrcs"]))),
    platform: expectString(object["system"], [...place, "system"]),
    builder: expectString(object["builder"], [...place, "builder"]),
    args: expectStrings(object["args"], [...place, "args"]),
    env: expectMap(object["env"], [...place, "env"], expectString),
  };
}

/** Write a string as Nix 2.8 does, which has no short escapes for U+0008 and U+000C. */
export function stringV1(text: string): string {
  const written = JSON.stringify(text);
  return /\\[bf]/.test(written)
    ? written.replace(/\\./g, (short) => (short === "\\b" ? "\\u0008" : short === "\\f" ? "\\u000c" : short))
    : written;
}

function outputToV1(output: Output | undefined): Writable {
  switch (output?.type) {
    case undefined:
    case "deferred":
      return {};
    case "input-addressed":
      return { path: output.path };
    case "fixed":
      return new Map([
        ["path", output.path],
        ["hashAlgo", methodPrefix(output.method) + output.hash.algorithm],
        ["hash", formatHash(output.hash, "base16")],
      ]);
    case "floating":
      return { hashAlgo: methodPrefix(output.method) + output.algorithm };
    case "impure":
      return { hashAlgo: methodPrefix(output.method) + output.algorithm, impure: true };
  }
}

function outputFromV1(json: JsonValue | undefined, place: Place): Output {
  const object = expectMembers(json, place, [], ["path", "hashAlgo", "hash", "impure"]);
  const has = (...names: string[]) =>
    Object.keys(object).length === names.length && names.every((name) => Object.hasOwn(object, name));
  if (has()) return { type: "deferred" };
  if (has("path"))
    return { type: "input-addressed", path: expectStorePath(object["path"], [...place, "path"]) };
  const text = expectString(object["hashAlgo"], [...place, "hashAlgo"]);
  const how =
    splitMethod(text) ?? refuse([...place, "hashAlgo"], "is no method and algorithm, such as r:sha256");
  if (has("hashAlgo")) return { type: "floating", ...how };
  if (has("hashAlgo", "impure") && object["impure"] === true) return { type: "impure", ...how };
  if (!has("path", "hashAlgo", "hash"))
    return refuse(place, `has members that do not go together: ${Object.keys(object).join(", ")}`);
  const digits = expectString(object["hash"], [...place, "hash"]);
  return {
    type: "fixed",
    path: expectStorePath(object["path"], [...place, "path"]),
    method: how.method,
    hash: expectThat(() => parseHash(digits, how.algorithm), [...place, "hash"]),
  };
}
