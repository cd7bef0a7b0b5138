/**
 * Structured attributes: the JSON object that a builder gets in `.attrs.json`, kept in the variable `__json`.
 *
 * They are written canonically (`src/base/json.ts`), which is also how current Nix writes them. Nix 2.8 writes the
 * control characters U+0008 and U+000C otherwise (`\u0008`, where `\b` stands here), and takes any text for them.
 */
import { CleaveError } from "../../base/index.ts";
import { isJsonRecord, type JsonRecord, type JsonValue, parseJson } from "./json-text.ts";
import type { Derivation } from "./type.ts";

/** The variable that holds structured attributes. */
export const structuredAttrsVariable = "__json";

/**
 * Give a derivation's structured attributes, if it has any. Throws `derivation-invalid` where `__json` holds no
 * JSON object.
 */
export function structuredAttrs({ name, env }: Derivation): JsonRecord | undefined {
  const text = env.get(structuredAttrsVariable);
  if (text === undefined) return undefined;
  const refuse = (cause?: unknown) =>
    new CleaveError({
      code: "derivation-invalid",
      message: `the variable ${structuredAttrsVariable} of the derivation ${name} must hold a JSON object`,
      hint: "structured attributes are kept in it",
      cause,
    });
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (error) {
    throw error instanceof CleaveError ? refuse(error) : error;
  }
  if (!isJsonRecord(value)) throw refuse();
  return value;
}
