/** The texts of what users cause: every definition with its position, and the fix. */
import { types } from "node:util";
import { CleaveError, describeLocation, type ErrorCode, type Location } from "../base/index.ts";
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

/** Put `a` or `an` before a type's description, where it can stand there. */
export function withArticle(description: string): string {
  if (/^(one of|null|value|anything|strings|[^a-z])/.test(description)) return description;
  return /^[aeio]/.test(description) ? `an ${description}` : `a ${description}`;
}

/** Say which module a definition is in, and where. */
export function describeSource(definition: Definition, place: Place | undefined): string {
  return `module ${definition.source.module.name}${describePlace(locate(definition, place))}`;
}

/** Say where something is, with ` at ` before it, or nothing where that is not known. */
export function describePlace(location: Location | undefined): string {
  return location?.file === undefined ? "" : ` at ${describeLocation(location)}`;
}

/** Show a value on one line, shortened, without running anything of it but the traps of a proxy. */
export function describeValue(value: unknown): string {
  try {
    return describe(value, 0);
  } catch {
    return "a proxy that throws";
  }
}

function describe(value: unknown, depth: number): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "string")
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Property.is(value)) return describeProperty(value, depth);
  if (types.isPromise(value)) return "a promise";
  if (Array.isArray(value)) {
    if (depth > 0) return `a list of ${value.length}`;
    const shown = value.slice(0, 4).map((each) => describe(each, depth + 1));
    return `[${shown.join(", ")}${value.length > 4 ? `, and ${value.length - 4} more` : ""}]`;
  }
  const kind = className(value);
  if (kind !== undefined) return `an object of class ${kind}`;
  if (depth > 0) return "a record";
  const keys = Object.keys(value);
  const shown = keys.slice(0, 4).map((key) => {
    const property = Object.getOwnPropertyDescriptor(value, key);
    // What is only computed when it is read, as the values of options are, is not read for this.
    return property !== undefined && "value" in property
      ? `${key}: ${describe(property.value, depth + 1)}`
      : key;
  });
  return keys.length === 0
    ? "{}"
    : `{ ${shown.join(", ")}${keys.length > 4 ? `, and ${keys.length - 4} more` : ""} }`;
}

/** Show a property as the call that makes it. */
function describeProperty(property: Property<unknown>, depth: number): string {
  const body = describe(Property.body(property), depth + 1);
  const argument = Property.argument(property);
  switch (Property.kind(property)) {
    case "if":
      return `mkIf(${typeof argument === "function" ? "…" : describe(argument, 0)}, ${body})`;
    case "merge":
      return `mkMerge(${body})`;
    case "override":
      return `mkOverride(${describe(argument, 0)}, ${body})`;
    case "order":
      return `mkOrder(${describe(argument, 0)}, ${body})`;
    case "value":
      return `mkValue(${body})`;
  }
}

/** The class of an object that is no plain record. */
function className(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return undefined;
  const make: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof make === "function" && make.name !== "" ? make.name : "unknown";
}
