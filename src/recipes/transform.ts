/** From TypeScript to JavaScript, types taken out. */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

type Transformed = ReturnType<typeof import("oxc-transform").transformSync>;

/** Take the types out of a module. What is wrong with it is in `errors`. */
export function transform(file: string, text: string, sourcemap = false): Transformed {
  const { transformSync }: typeof import("oxc-transform") = require("oxc-transform");
  return transformSync(file, text, {
    lang: "ts",
    sourceType: "module",
    target: "esnext",
    typescript: { onlyRemoveTypeImports: true },
    sourcemap,
  });
}
