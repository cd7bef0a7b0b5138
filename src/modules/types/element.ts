/** Types that are made of one other: what is below it, and how it is united. */
import { type Below, Type } from "./type.ts";

/** The options below an element type, under the name that stands for any. */
export function under(element: Type, name: string): readonly Below[] {
  return (element.below?.() ?? []).map((each) => ({ ...each, path: [name, ...each.path] }));
}

/** Unite a type of one part with another of the same name. */
export function uniteElement(element: Type, other: unknown, make: (element: Type) => Type): Type | undefined {
  if (!(other instanceof Type)) return undefined;
  const united = element.unite(other);
  return united === undefined ? undefined : make(united);
}
