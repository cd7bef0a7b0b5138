/**
 * Derivations as JSON, as `nix derivation show` prints them, in two of Nix's forms.
 *
 * - Version 1, of `nix show-derivation` in Nix 2.8: an object by store path. It cannot say outputs of outputs.
 * - Version 4, of `nix derivation show` in Nix 2.36: `{ "version": 4, "derivations": … }` by base name, inputs in one
 *   object, structured attributes as JSON instead of a variable.
 *
 * JSON is UTF-8: a derivation with other bytes cannot be said in it. Versions 2 and 3 lived shortly and are not read.
 */
import { quote } from "../../base/index.ts";
import { baseName, namePart, parseBaseName, parseStorePath, type StorePath } from "../store-path.ts";
import { expectObject, expectThat, refuse } from "./json-shape.ts";
import { formatJson, parseJson, type Writable } from "./json-text.ts";
import { derivationFromV1, derivationToV1, stringV1 } from "./json-v1.ts";
import { derivationFromV4, derivationToV4 } from "./json-v4.ts";
import { ordered } from "./order.ts";
import type { Derivation } from "./type.ts";

/** The forms that are read and written. */
export const derivationJsonVersions = [1, 4] as const;

export type DerivationJsonVersion = (typeof derivationJsonVersions)[number];

/**
 * Write derivations as `nix derivation show` does, two spaces a level, ending with a newline. Throws `derivation-not-json`
 * for what JSON or the form cannot say, `derivation-invalid` for structured attributes that are no JSON.
 */
export function formatDerivations(
  derivations: ReadonlyMap<StorePath, Derivation>,
  version: DerivationJsonVersion,
): string {
  const parts = new Map<string, Writable>();
  const write = version === 1 ? derivationToV1 : derivationToV4;
  for (const path of ordered(derivations.keys())) {
    const derivation = derivations.get(path);
    if (derivation !== undefined) parts.set(version === 1 ? path : baseName(path), write(derivation));
  }
  return version === 1
    ? `${formatJson(parts, { indent: 2, string: stringV1 })}\n`
    : `${formatJson({ derivations: parts, version: 4 }, { indent: 2 })}\n`;
}

/** A derivation read from JSON, with its path where the JSON says that. */
export type JsonDerivation = { readonly path?: StorePath; readonly derivation: Derivation };

/**
 * Read what {@link formatDerivations} or Nix wrote, in either form, or one derivation of version 4 by itself, as
 * `nix derivation add` takes it. Throws `json-syntax`, and `derivation-json` with the member that is wrong.
 */
export function derivationsFromJson(json: Uint8Array | string): JsonDerivation[] {
  const root = expectObject(parseJson(json), []);
  if (!Object.hasOwn(root, "version"))
    return Object.entries(root).map(([key, value]) => {
      const path = expectThat(() => parseStorePath(key), [key], noPath);
      return { path, derivation: derivationFromV1(nameOf(path), value, [key]) };
    });
  if (root["version"] !== 4)
    refuse(
      ["version"],
      `is ${formatJson(root["version"] ?? null)}, and only version 4 and the older form without one are read`,
    );
  if (!Object.hasOwn(root, "derivations")) return [{ derivation: derivationFromV4(root, []) }];
  return Object.entries(expectObject(root["derivations"], ["derivations"])).map(([key, value]) => {
    const path = expectThat(() => parseBaseName(key), [key], noPath);
    const derivation = derivationFromV4(value, ["derivations", key]);
    if (derivation.name !== nameOf(path))
      refuse(["derivations", key, "name"], `is ${quote(derivation.name)}, and the path has another`);
    return { path, derivation };
  });
}

const noPath = "is no path of a derivation";

function nameOf(path: StorePath): string {
  const name = namePart(path);
  if (!name.endsWith(".drv")) refuse([path], "is no path of a derivation: it does not end in .drv");
  return name.slice(0, -".drv".length);
}
