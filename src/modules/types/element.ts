/** Types that are made of others: whether those are types, what is below them, how they are united. */
import type { ErrorCode } from "../../base/codes.ts";
import { CleaveError, nearest } from "../../base/index.ts";
import { callerOutside, type Origin } from "../position.ts";
import { describeValue } from "../problem.ts";
import { type Below, Type, type United } from "./type.ts";

/** Refuse what a type is made with. Throws `option-declaration`. */
export function refuseParts(message: string, hint: string): never {
  throw new CleaveError({ code: "option-declaration", message, hint, location: callerOutside() });
}

/**
 * Check that a record has no names but known ones: what nobody reads would do nothing. Throws `code`.
 */
export function checkNames(
  record: object,
  known: readonly string[],
  where: string,
  { code, origin }: { readonly code: ErrorCode; readonly origin?: Origin | undefined },
): void {
  for (const name of Object.keys(record))
    if (!known.includes(name)) {
      const near = nearest(name, known);
      throw new CleaveError({
        code,
        message: `${where} takes no ${name}`,
        hint:
          near.length > 0 ? `did you mean ${near.join(" or ")}?` : `the names here are ${known.join(", ")}`,
        location: origin === undefined ? callerOutside() : origin.location,
      });
    }
}

/** Check that a range is one. Throws `option-declaration`. */
export function checkRange(low: unknown, high: unknown, where: string): void {
  if (typeof low === "number" && typeof high === "number" && low <= high) return;
  refuseParts(
    `${where}: this is no range: ${describeValue(low)} to ${describeValue(high)}`,
    "give two numbers, the lower one first",
  );
}

/** Check that a value, which was given to `where`, is a type. Throws `option-declaration`. */
export function checkType(value: unknown, where: string, origin?: Origin): void {
  if (value instanceof Type) return;
  throw new CleaveError({
    code: "option-declaration",
    message: `${where}: this is not a type: ${describeValue(value)}`,
    hint: `give it a type of \`types\`, such as types.string${
      typeof value === "function" ? "; one that is made of others is called: types.listOf(types.string)" : ""
    }`,
    location: origin === undefined ? callerOutside() : origin.location,
  });
}

/** The options below an element type, under the name that stands for any. */
export function under(element: Type, name: string): readonly Below[] {
  return (element.below?.() ?? []).map((each) => ({ ...each, path: [name, ...each.path] }));
}

/** Unite a type of one part with another of the same name. */
export function uniteElement(element: Type, other: unknown, make: (element: Type) => Type): United {
  if (!(other instanceof Type)) return undefined;
  const united = element.unite(other);
  return united instanceof Type ? make(united) : united;
}
