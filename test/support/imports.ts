/** Reads which modules a TypeScript file imports, types and dynamic imports included. */
import { parseSync } from "oxc-parser";

/** List the imports and re-exports of one file. A dynamic import of what is not a literal is `undefined`. */
export function readImports(file: string, source: string): { specifier: string | undefined; line: number }[] {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const line = (offset: number) => source.slice(0, offset).split("\n").length;
  return [
    ...module.staticImports.map(({ moduleRequest }) => ({
      specifier: moduleRequest.value as string | undefined,
      line: line(moduleRequest.start),
    })),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) =>
        moduleRequest ? [{ specifier: moduleRequest.value, line: line(moduleRequest.start) }] : [],
      ),
    ),
    ...module.dynamicImports.map(({ moduleRequest }) => {
      const text = source.slice(moduleRequest.start, moduleRequest.end);
      const literal = /^(["'`])([^"'`$]*)\1$/.exec(text);
      return { specifier: literal?.[2], line: line(moduleRequest.start) };
    }),
  ];
}
