/** Where the files of this project lie: in a checkout, and in an installed package, whose code is in fewer files. */

const [, root = "", kind] = /^(.*\/)(src|dist)\//.exec(import.meta.url) ?? [];

/** Whether the sources themselves run. */
export const isCheckout: boolean = kind === "src";

/** Name a file or folder of the project by its path from the root: `docs/errors`. */
export function projectFile(path: string): URL {
  return new URL(root + path);
}

/** Name a module of `src/` by its path from there, to be started or loaded by name: `sandbox/helper.ts`. */
export function ownModule(path: string): URL {
  return projectFile(isCheckout ? `src/${path}` : `dist/${path.replace(/\.ts$/, ".js")}`);
}
