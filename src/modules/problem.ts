/** The texts of what users cause: every definition with its position, and the fix. */
import { CleaveError, describeLocation, type ErrorCode } from "../base/index.ts";
import type { Definition } from "./definition.ts";
import { locate } from "./locate.ts";
import { type Place, showPlace } from "./place.ts";
import { Property } from "./property.ts";

/** Make a coded error about an option; `message` gets its path, definitions are listed below it, one a line. */
export function optionError(
  code: ErrorCode,
  place: Place | undefined,
  message: (path: string) => string,
  definitions: readonly Definition[],
  hint: string,
  cause?: unknown,
): CleaveError {
  const lines = definitions.map(
    (each) => `\n    ${describeValue(each.value)}, by ${describeSource(each, place)}`,
  );
  return new CleaveError({
    code,
    message: message(showPlace(place)) + lines.join(""),
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Say which module a definition is in, and where. */
export function describeSource(definition: Definition, place: Place | undefined): string {
  const location = locate(definition, place);
  const where = location === undefined ? "" : ` at ${describeLocation(location)}`;
  return `module ${definition.source.module.name}${where}`;
}

/** Show a value on one line, shortened, without running anything of it. */
export function describeValue(value: unknown, depth = 0): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "string")
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Property.is(value)) return `a property mk${Property.kind(value)}`;
  if (value instanceof Promise) return "a promise";
  if (Array.isArray(value)) {
    if (depth > 0) return `a list of ${value.length}`;
    const shown = value.slice(0, 4).map((each) => describeValue(each, depth + 1));
    return `[${shown.join(", ")}${value.length > 4 ? `, and ${value.length - 4} more` : ""}]`;
  }
  const kind = className(value);
  if (kind !== undefined) return `an object of class ${kind}`;
  if (depth > 0) return "a record";
  const keys = Object.keys(value);
  const shown = keys.slice(0, 4).map((key) => {
    const property = Object.getOwnPropertyDescriptor(value, key);
    return `${key}: ${property !== undefined && "value" in property ? describeValue(property.value, depth + 1) : "a getter"}`;
  });
  return keys.length === 0
    ? "{}"
    : `{ ${shown.join(", ")}${keys.length > 4 ? `, and ${keys.length - 4} more` : ""} }`;
}

/** The class of an object that is no plain record. */
function className(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return undefined;
  const make: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof make === "function" && make.name !== "" ? make.name : "unknown";
}
