/** The scripts of the standard phases, in each language that has them. */
import type { StoreFile } from "cleave/package";
import { script } from "cleave/recipe";

/** Where each interpreter's scripts are, and how they end. */
const languages: Readonly<Record<string, (name: string) => string>> = {
  quickjs: (name) => `../phases/${name}.ts`,
  sh: (name) => `../phases/sh/${name}.sh`,
  lua: (name) => `../phases/lua/${name}.lua`,
};

type Interpreted = {
  readonly interpreter: string;
  readonly phases: Readonly<Record<string, { readonly interpreter: string | null } | null>>;
};

/**
 * Give the script of a standard phase, in the language of the interpreter that the package runs it by. An interpreter without
 * scripts of its own is refused by the place where they would be.
 */
export function standardScript(name: string, { interpreter, phases }: Interpreted): StoreFile {
  const language = phases[name]?.interpreter ?? interpreter;
  const place = Object.hasOwn(languages, language) ? languages[language] : undefined;
  return script(place === undefined ? `../phases/${language}/${name}` : place(name));
}
