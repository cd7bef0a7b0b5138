import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parsePlatform } from "../../src/package/index.ts";
import { openPackageSet, type PackageSet, type PackageSetOptions } from "../../src/recipes/index.ts";

const host = parsePlatform("x86_64-linux");
export const platforms = { build: host, host, target: host };

/** Write files, by path in a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Open a set of one source folder. */
export function openSet(folder: string, options: Partial<PackageSetOptions> = {}): PackageSet {
  return openPackageSet({ sources: [{ folder, prefix: "" }], platforms, emit: () => {}, ...options });
}

/** Write a recipe without phases, whose environment is made of expressions. */
export function rawRecipe(
  name: string,
  {
    imports = "",
    env = {},
    more = "",
  }: {
    readonly imports?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly more?: string;
  } = {},
): string {
  const variables = Object.entries(env).map(([key, value]) => `${key}: () => ${value}`);
  return `import { uses } from "cleave/modules";
import { rawDerivation } from "cleave/package";
${imports}
export default uses(rawDerivation).package("${name}", ({ config, define }) =>
  define({
    name: "${name}",
    version: "1",
    builder: "/bin/sh",
    env: { ${variables.join(", ")} },
    ${more}
  }),
);
`;
}
