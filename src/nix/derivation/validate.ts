/**
 * What Nix demands of a derivation beyond its syntax (`checkInvariants` and what it calls).
 *
 * - There is an output. All outputs are of one type; a fixed one is alone and called `out`; floating and impure
 *   ones share their algorithm. An output's name could be part of a store path's.
 * - An input derivation's path ends in `.drv`, and an output of it is wanted.
 * - A derivation's own path has its name and follows from its bytes and inputs; its outputs' paths follow from it,
 *   and the variables called as they are hold them.
 */
import { CleaveError, quote } from "../../base/index.ts";
import { fingerprintPath, sha256Text } from "../fingerprint.ts";
import { outputPathName } from "../make-store-path.ts";
import { namePart, type StorePath } from "../store-path.ts";
import { fixedPath } from "./fixed-path.ts";
import { type Graph, hashMasked } from "./hash-modulo.ts";
import { ordered } from "./order.ts";
import type { Derivation, InputOutputs, Output } from "./type.ts";
import { formatDerivation } from "./write-aterm.ts";

/** Check the outputs' types and names, and the inputs' names; give the type. Throws `derivation-invalid`. */
export function checkShape({ name, outputs, inputDrvs }: Derivation): Output["type"] {
  const refuse = (message: string, hint?: string): never => {
    throw new CleaveError({
      code: "derivation-invalid",
      message: `the derivation ${quote(name)} ${message}`,
      hint,
    });
  };
  const [first] = outputs.values();
  if (first === undefined) return refuse("has no output");
  for (const [output, each] of outputs) {
    if (output !== "out" && !/^[0-9a-zA-Z+\-._?=]+$/.test(output))
      refuse(
        `has the output ${quote(output)}, whose name cannot be part of a store path`,
        "letters a to z and A to Z, digits and + - . _ ? = can",
      );
    if (each.type !== first.type)
      refuse(`mixes outputs that are ${first.type} with others that are ${each.type}`);
    if (each !== first && "algorithm" in each && "algorithm" in first && each.algorithm !== first.algorithm)
      refuse(
        `has outputs that are ${each.type} by ${first.algorithm} and by ${each.algorithm}, and these must be the same`,
      );
  }
  if (first.type === "fixed" && (outputs.size > 1 || !outputs.has("out")))
    refuse(
      `fixes the outputs ${[...outputs.keys()].join(", ")}, and a fixed output must be alone and called out`,
    );
  for (const [path, input] of inputDrvs) {
    if (!path.endsWith(".drv")) refuse(`has the input derivation ${path}, whose name does not end in .drv`);
    if (asksNothing(input)) refuse(`has the input derivation ${path}, but wants no output of it`);
  }
  return first.type;
}

/**
 * Check a derivation and the path where it was found, with the derivations of `graph` that it needs; give its
 * type. Throws `derivation-invalid`, or what reading these throws.
 */
export function checkDerivation(path: StorePath, derivation: Derivation, graph: Graph): Output["type"] {
  const { name, outputs, env } = derivation;
  const refuse = (message: string): never => {
    throw new CleaveError({
      code: "derivation-invalid",
      message: `the derivation ${path} ${message}`,
      hint: "it was altered after it was made, or made by something else than Nix",
    });
  };
  if (namePart(path) !== `${name}.drv`) refuse(`is said to be called ${quote(name)}`);
  const type = checkShape(derivation);
  const own = derivationPath(derivation);
  if (own !== path) refuse(`has bytes whose path is ${own}`);

  const masked =
    type === "input-addressed" || type === "deferred" ? hashMasked(derivation, graph) : undefined;
  const checkPath = (output: string, actual: StorePath, right: StorePath) => {
    if (actual !== right) refuse(`says that its output ${output} is ${actual}, but it is ${right}`);
    const variable = env.get(output);
    if (variable !== right)
      refuse(
        `says ${variable === undefined ? "nothing" : quote(variable)} in its variable ${output}, where its output is ${right}`,
      );
  };
  for (const [output, each] of outputs)
    switch (each.type) {
      case "fixed":
        checkPath(output, each.path, fixedPath(name, output, each.method, each.hash));
        break;
      case "input-addressed":
        if (masked === undefined)
          return refuse(
            `says that its output ${output} is ${each.path}, but that is not known before its inputs are built`,
          );
        checkPath(output, each.path, outputPath(name, output, masked));
        break;
      case "deferred":
        if (masked !== undefined)
          refuse(`says no path for its output ${output}, which is ${outputPath(name, output, masked)}`);
        break;
      case "floating":
      case "impure":
    }
  return type;
}

/** Compute the path of an input-addressed output from {@link hashMasked}. */
export function outputPath(name: string, output: string, masked: string): StorePath {
  return fingerprintPath(`output:${output}`, masked, outputPathName(name, output));
}

/** Compute the path of a derivation's file: that of a text which refers to its inputs. */
export function derivationPath(
  derivation: Derivation,
  text: string = formatDerivation(derivation),
): StorePath {
  const { name, inputDrvs, inputSrcs } = derivation;
  let type = "text";
  for (const path of ordered([...inputDrvs.keys(), ...inputSrcs])) type += `:${path}`;
  return fingerprintPath(type, sha256Text(text), `${name}.drv`);
}

function asksNothing({ outputs, dynamic }: InputOutputs): boolean {
  if (dynamic === undefined || dynamic.size === 0) return outputs.length === 0;
  return [...dynamic.values()].some(asksNothing);
}
