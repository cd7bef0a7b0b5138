/**
 * Structured attributes: the JSON object that a builder gets in `.attrs.json`, kept in the variable `__json`.
 *
 * It is written canonically (`src/base/json.ts`), as current Nix writes it. Nix 2.8 writes the control characters
 * U+0008 and U+000C otherwise (`\u0008`, where `\b` stands here), and floats with six digits.
 */
import { CleaveError } from "../../base/index.ts";
import { formatJson, isJsonObject, type JsonObject, parseJson } from "./json-text.ts";
import type { Derivation } from "./type.ts";

/** The variable that holds structured attributes. */
export const structuredAttrsVariable = "__json";

/** Write structured attributes as the value of `__json`. Throws `json-value`. */
export function formatStructuredAttrs(attributes: JsonObject): string {
  return formatJson(attributes);
}

/**
 * Give a derivation's structured attributes, if it has any. Throws `derivation-invalid` where `__json` holds no
 * JSON object.
 */
export function structuredAttrs({ name, env }: Derivation): JsonObject | undefined {
  const text = env.get(structuredAttrsVariable);
  if (text === undefined) return undefined;
  const refuse = (cause?: unknown) =>
    new CleaveError({
      code: "derivation-invalid",
      message: `the variable ${structuredAttrsVariable} of the derivation ${name} must hold a JSON object`,
      hint: "structured attributes are kept in it",
      cause,
    });
  let value: ReturnType<typeof parseJson>;
  try {
    value = parseJson(text);
  } catch (error) {
    throw error instanceof CleaveError ? refuse(error) : error;
  }
  if (!isJsonObject(value)) throw refuse();
  return value;
}
