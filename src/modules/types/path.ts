/**
 * Types of paths, which are texts.
 *
 *     store path = "/nix/store/" 32 characters of Nix's base 32 "-" name
 *     in the store = a store path, or one and "/" and more
 */
import { CleaveError } from "../../base/index.ts";
import { checkNames } from "./element.ts";
import { scalar } from "./scalar.ts";
import type { Type } from "./type.ts";

const storeName = "[0-9abcdfghijklmnpqrsvwxyz]{32}-[0-9A-Za-z+._?=-]{1,211}";
const isStorePath = new RegExp(`^/nix/store/${storeName}$`);
const isInStore = new RegExp(`^/nix/store/${storeName}(/|$)`);

/** What is asked of a path; what is left out does not matter. */
export type PathFacts = {
  readonly absolute?: boolean;
  /** In an object of the store: the store's own folder is not. */
  readonly inStore?: boolean;
};

/** A path, absolute or in the store or not. Throws `option-declaration` for one that is in the store and relative. */
export function pathWith(facts: PathFacts): Type<string, string> {
  checkNames(facts, ["absolute", "inStore"], "pathWith", { code: "option-declaration" });
  const { absolute, inStore } = facts;
  if (inStore === true && absolute === false)
    throw new CleaveError({
      code: "option-declaration",
      message: "pathWith: a path in the store is absolute, and this one is to be in the store and relative",
      hint: "leave out absolute",
    });
  const kind = absolute === undefined ? "path" : absolute ? "absolute path" : "relative path";
  const place = inStore === undefined ? "" : inStore ? " in the Nix store" : " not in the Nix store";
  return scalar({
    name: "path",
    description: `${kind}${place}`,
    check: (value) =>
      typeof value === "string" &&
      !value.includes("\0") &&
      (absolute === undefined || value.startsWith("/") === absolute) &&
      (inStore === undefined || isInStore.test(value) === inStore),
    schema: {
      type: "string",
      ...(inStore === true
        ? { pattern: isInStore.source }
        : absolute === undefined
          ? {}
          : { pattern: absolute ? "^/[^\\u0000]*$" : "^(?!/)[^\\u0000]*$" }),
    },
  });
}

/** An absolute path. */
export const path: Type<string, string> = pathWith({ absolute: true });

/** A path directly in the store: {@link pathWith} takes those below it too. */
export const storePath: Type<string, string> = scalar({
  name: "storePath",
  description: "path in the Nix store",
  check: (value) => typeof value === "string" && isStorePath.test(value),
  schema: { type: "string", pattern: isStorePath.source },
});
