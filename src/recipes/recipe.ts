/**
 * cleave/recipe: what a recipe has of the world beside it. Paths are relative to the file that calls; what lies outside of
 * its source folder is out of reach. All that is read is recorded, so that a change is noticed.
 *
 * These functions stand for the ones that the loader binds to each file; called elsewhere, they throw.
 */
import type { Json } from "../base/index.ts";
import type { StoreFile, StoreTree } from "../package/index.ts";

/** What {@link RecipeFunctions.directory} takes of a folder: by the path in it, with `/` between names. */
export type Filter = (path: string) => boolean;

/** The functions of `cleave/recipe`. */
export type RecipeFunctions = {
  /** Give a file as it is. */
  readonly file: (path: string) => StoreFile;
  /** Give the script of a phase: TypeScript is bundled with all that it imports, anything else is taken as it is. */
  readonly script: (path: string) => StoreFile;
  /** Give a program in TypeScript, bundled with all that it imports. */
  readonly program: (path: string) => StoreFile;
  /** Make a file of a text. */
  readonly text: (name: string, content: string) => StoreFile;
  /** Give the files in a folder and in those below it, by path; those that `filter` takes, or all. */
  readonly directory: (path: string, filter?: Filter) => Readonly<Record<string, StoreFile>>;
  /** Give a folder with all that is in it and below, as a source; what `filter` refuses is left out, a folder with all of its content. */
  readonly tree: (path: string, filter?: Filter) => StoreTree;
  /** Read a file as UTF-8. */
  readonly readText: (path: string) => string;
  /** Read a file of JSON. */
  readonly readJson: (path: string) => Json;
  /** Tell whether there is a file. */
  readonly exists: (path: string) => boolean;
};

function unbound(): never {
  throw new Error("cleave/recipe is there for recipes, which cleave loads");
}

export const file: RecipeFunctions["file"] = unbound;
export const script: RecipeFunctions["script"] = unbound;
export const program: RecipeFunctions["program"] = unbound;
export const text: RecipeFunctions["text"] = unbound;
export const directory: RecipeFunctions["directory"] = unbound;
export const tree: RecipeFunctions["tree"] = unbound;
export const readText: RecipeFunctions["readText"] = unbound;
export const readJson: RecipeFunctions["readJson"] = unbound;
export const exists: RecipeFunctions["exists"] = unbound;
