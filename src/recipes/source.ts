/** Source folders: where the recipes of a package set are found. */
import { compareText } from "../base/index.ts";
import type { Files } from "./files.ts";

/**
 * A folder with recipes, and what stands before their names. A recipe is `<name>/package.ts` in it; where it has a folder
 * `packages`, the recipes are in that.
 */
export type Source = {
  readonly folder: string;
  readonly prefix: string;
  /** Its packages are there for those of other sources to use. */
  readonly isBase?: boolean;
  /** Its packages are what others are built with: what overlays say of all packages is not said of them. */
  readonly isBootstrap?: boolean;
};

/** A recipe's file, the folder that it does not reach out of, and what that is to others. */
export type Recipe = { readonly file: string; readonly root: string } & Pick<
  Source,
  "isBase" | "isBootstrap"
>;

/** Find all recipes by attribute, ordered by bytes. Of two with the same name the one of the later source counts. */
export function findRecipes(sources: readonly Source[], files: Files): ReadonlyMap<string, Recipe> {
  const found: [string, Recipe][] = [];
  for (const { folder, prefix, isBase = false, isBootstrap = false } of sources) {
    const base = baseOf(folder, files);
    for (const { name, type } of files.list(base) ?? []) {
      const file = `${base}/${name}/package.ts`;
      if (type !== "file" && files.typeOf(file) === "file")
        found.push([`${prefix}${name}`, { file, root: folder, isBase, isBootstrap }]);
    }
  }
  return new Map(found.sort(([a], [b]) => compareText(a, b)));
}

/** Find the recipe of one attribute, without looking at others. */
export function findRecipe(sources: readonly Source[], attribute: string, files: Files): Recipe | undefined {
  for (const { folder, prefix, isBase = false, isBootstrap = false } of sources.toReversed()) {
    const name = attribute.slice(prefix.length);
    if (!attribute.startsWith(prefix) || !/^[^./][^/]*$/.test(name)) continue;
    const file = `${baseOf(folder, files)}/${name}/package.ts`;
    if (files.typeOf(file) === "file") return { file, root: folder, isBase, isBootstrap };
  }
  return undefined;
}

/** The folder that the folders of recipes are in. */
function baseOf(folder: string, files: Files): string {
  const inside = `${folder}/packages`;
  return files.typeOf(inside) === "folder" ? inside : folder;
}
