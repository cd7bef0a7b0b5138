/** Source folders: where the recipes of a package set are found. */
import { compareText } from "../base/index.ts";
import type { Files } from "./files.ts";

/**
 * A folder with recipes, and what stands before their names. A recipe is `<name>/package.ts` in it; where it has a folder
 * `packages`, the recipes are in that.
 */
export type Source = { readonly folder: string; readonly prefix: string };

/** A recipe's file, and the folder that it does not reach out of. */
export type Recipe = { readonly file: string; readonly root: string };

/** Find all recipes by attribute, ordered by bytes. Of two with the same name the one of the later source counts. */
export function findRecipes(sources: readonly Source[], files: Files): ReadonlyMap<string, Recipe> {
  const found: [string, Recipe][] = [];
  for (const { folder, prefix } of sources) {
    const inside = `${folder}/packages`;
    const base = files.list(inside) === undefined ? folder : inside;
    for (const { name, type } of files.list(base) ?? []) {
      const file = `${base}/${name}/package.ts`;
      if (type !== "file" && name !== "node_modules" && files.read(file, folder) !== undefined)
        found.push([`${prefix}${name}`, { file, root: folder }]);
    }
  }
  return new Map(found.sort(([a], [b]) => compareText(a, b)));
}
