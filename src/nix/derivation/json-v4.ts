/**
 * One derivation in version 4 of the JSON form: base names instead of store paths, structured attributes as JSON.
 *
 *     { "name": …, "version": 4, "outputs": { name: output },
 *       "inputs": { "srcs": [base name], "drvs": { base name: wanted } },
 *       "system": …, "builder": …, "args": […], "env": { … } [, "structuredAttrs": { … } ] }
 *     output = { "path": base name } | { "method": …, "hash": SRI } | { "method": …, "hashAlgo": … }
 *            | { "method": …, "hashAlgo": …, "impure": true } | { }
 *     method = "flat" | "nar" | "text"
 *     wanted = { "outputs": [name], "dynamicOutputs": { name: wanted } } | [name]     the second only read
 */
import { formatHash, parseHash } from "../hash.ts";
import { baseName, type StorePath } from "../store-path.ts";
import { fixedPath } from "./fixed-path.ts";
import {
  expectAlgorithm,
  expectBaseName,
  expectMap,
  expectMembers,
  expectObject,
  expectString,
  expectStrings,
  expectThat,
  type Place,
  refuse,
} from "./json-shape.ts";
import { formatJson, type JsonValue, type Writable } from "./json-text.ts";
import { ordered } from "./order.ts";
import { structuredAttrs, structuredAttrsVariable } from "./structured-attrs.ts";
import type { Derivation, InputOutputs, Output, OutputMethod } from "./type.ts";

/** Turn a derivation into version 4. Throws `derivation-invalid` where its structured attributes are no JSON. */
export function derivationToV4(derivation: Derivation): Writable {
  const { outputs, inputDrvs, env } = derivation;
  const attributes = structuredAttrs(derivation);
  const variables = ordered(env.keys()).filter((name) => name !== structuredAttrsVariable);
  const written: [string, Writable][] = [
    ["args", derivation.args],
    ["builder", derivation.builder],
    ["env", new Map(variables.map((name) => [name, env.get(name) ?? ""]))],
    [
      "inputs",
      {
        drvs: new Map(
          ordered(inputDrvs.keys()).map((path) => [baseName(path), wantedToV4(inputDrvs.get(path))]),
        ),
        srcs: ordered(derivation.inputSrcs).map(baseName),
      },
    ],
    ["name", derivation.name],
    ["outputs", new Map(ordered(outputs.keys()).map((name) => [name, outputToV4(outputs.get(name))]))],
  ];
  if (attributes !== undefined) written.push(["structuredAttrs", attributes]);
  written.push(["system", derivation.platform], ["version", 4]);
  return new Map(written);
}

/** Read a derivation of version 4. Throws `derivation-json`. */
export function derivationFromV4(json: JsonValue, place: Place): Derivation {
  const members = ["name", "version", "outputs", "inputs", "system", "builder", "args", "env"];
  const object = expectMembers(json, place, members, ["structuredAttrs"]);
  if (object["version"] !== 4) refuse([...place, "version"], "must be 4");
  const name = expectString(object["name"], [...place, "name"]);
  const inputsPlace = [...place, "inputs"];
  const inputs = expectMembers(object["inputs"], inputsPlace, ["srcs", "drvs"]);
  const inputDrvs = new Map<StorePath, InputOutputs>();
  for (const [base, wanted] of expectMap(inputs["drvs"], [...inputsPlace, "drvs"], wantedFromV4))
    inputDrvs.set(expectBaseName(base, [...inputsPlace, "drvs"]), wanted);
  const sources = expectStrings(inputs["srcs"], [...inputsPlace, "srcs"]);
  const env = expectMap(object["env"], [...place, "env"], expectString);
  if (Object.hasOwn(object, "structuredAttrs")) {
    if (env.has(structuredAttrsVariable))
      refuse([...place, "env", structuredAttrsVariable], "must not be there beside structuredAttrs");
    const attributes = expectObject(object["structuredAttrs"], [...place, "structuredAttrs"]);
    env.set(structuredAttrsVariable, formatJson(attributes));
  }
  return {
    name,
    outputs: expectMap(object["outputs"], [...place, "outputs"], (value, at, output) =>
      outputFromV4(value, at, name, output),
    ),
    inputDrvs,
    inputSrcs: ordered(sources.map((base) => expectBaseName(base, [...inputsPlace, "srcs"]))),
    platform: expectString(object["system"], [...place, "system"]),
    builder: expectString(object["builder"], [...place, "builder"]),
    args: expectStrings(object["args"], [...place, "args"]),
    env,
  };
}

const methodNames: Readonly<Record<OutputMethod, string>> = { flat: "flat", recursive: "nar", text: "text" };

function outputToV4(output: Output | undefined): Writable {
  switch (output?.type) {
    case undefined:
    case "deferred":
      return {};
    case "input-addressed":
      return { path: baseName(output.path) };
    case "fixed":
      return { hash: formatHash(output.hash, "sri"), method: methodNames[output.method] };
    case "floating":
      return { hashAlgo: output.algorithm, method: methodNames[output.method] };
    case "impure":
      return { hashAlgo: output.algorithm, impure: true, method: methodNames[output.method] };
  }
}

function outputFromV4(json: JsonValue | undefined, place: Place, name: string, output: string): Output {
  const object = expectMembers(json, place, [], ["path", "method", "hash", "hashAlgo", "impure"]);
  const has = (...names: string[]) =>
    Object.keys(object).length === names.length && names.every((each) => Object.hasOwn(object, each));
  if (has()) return { type: "deferred" };
  if (has("path"))
    return { type: "input-addressed", path: expectBaseName(object["path"], [...place, "path"]) };
  const methodPlace = [...place, "method"];
  const methodName = expectString(object["method"], methodPlace);
  const method =
    methodName === "nar"
      ? "recursive"
      : methodName === "flat" || methodName === "text"
        ? methodName
        : refuse(methodPlace, "must be flat, nar or text");
  if (has("method", "hash")) {
    const text = expectString(object["hash"], [...place, "hash"]);
    const hash = expectThat(() => parseHash(text), [...place, "hash"]);
    return {
      type: "fixed",
      path: expectThat(() => fixedPath(name, output, method, hash), place),
      method,
      hash,
    };
  }
  const impure = has("method", "hashAlgo", "impure") && object["impure"] === true;
  if (!impure && !has("method", "hashAlgo"))
    refuse(place, `has members that do not go together: ${Object.keys(object).join(", ")}`);
  const algorithm = expectAlgorithm(object["hashAlgo"], [...place, "hashAlgo"]);
  return { type: impure ? "impure" : "floating", method, algorithm };
}

function wantedToV4(input: InputOutputs | undefined): Writable {
  const { outputs, dynamic = new Map() }: InputOutputs = input ?? { outputs: [] };
  return {
    dynamicOutputs: new Map(ordered(dynamic.keys()).map((name) => [name, wantedToV4(dynamic.get(name))])),
    outputs: [...ordered(outputs)],
  };
}

function wantedFromV4(json: JsonValue | undefined, place: Place): InputOutputs {
  if (Array.isArray(json)) return { outputs: ordered(expectStrings(json, place)) };
  const object = expectMembers(json, place, ["outputs", "dynamicOutputs"]);
  const outputs = ordered(expectStrings(object["outputs"], [...place, "outputs"]));
  const dynamic = expectMap(object["dynamicOutputs"], [...place, "dynamicOutputs"], wantedFromV4);
  return dynamic.size === 0 ? { outputs } : { outputs, dynamic };
}
