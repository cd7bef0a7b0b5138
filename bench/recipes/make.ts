/**
 * Writes the set of `bench/recipes.bench.ts`: N recipes, each its own file, of 4 modules and 26 options, with 3 dependencies
 * each.
 *
 *     node make.ts FOLDER N
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const modules = `import { defineModule, mkOption, types, uses } from "cleave/modules";
import { rawDerivation } from "cleave/package";

export const compiler = defineModule("compiler", {
  options: {
    optimise: mkOption({ type: types.enum(["0", "1", "2", "s"]), default: "2", description: "How much to optimise." }),
    warnings: mkOption({ type: types.bool, default: true, description: "Whether to warn." }),
    defines: mkOption({ type: types.attrsOf(types.string), default: {}, description: "Macros." }),
    flags: mkOption({ type: types.listOf(types.string), default: [], description: "Further flags." }),
  },
});

export const checks = uses(compiler).module("checks", {
  options: {
    doCheck: mkOption({ type: types.bool, default: true, description: "Whether to test." }),
    checkTarget: mkOption({ type: types.string, default: "check", description: "What to make." }),
  },
});

export const made = uses(rawDerivation, compiler, checks).module(
  "made",
  { options: { jobs: mkOption({ type: types.ints.positive, default: 4, description: "Jobs." }) } },
  ({ config, define }) =>
    define({
      builder: "/bin/sh",
      args: () => ["-c", \`make -j\${config.jobs} \${config.doCheck ? config.checkTarget : "all"}\`],
      env: () => ({
        CFLAGS: [\`-O\${config.optimise}\`, ...(config.warnings ? ["-Wall"] : []), ...config.flags,
          ...Object.entries(config.defines).map(([name, value]) => \`-D\${name}=\${value}\`)].join(" "),
        DEPENDENCIES: Object.values(config.inputs.libraries).map(({ path }) => path).join(" "),
      }),
    }),
);
`;

/** Write a set of `n` recipes into a folder. */
export function makeSet(folder: string, n: number): void {
  mkdirSync(join(folder, "lib"), { recursive: true });
  writeFileSync(join(folder, "lib/modules.ts"), modules);
  for (let index = 0; index < n; index += 1) writeRecipe(folder, index);
}

/** Write one of the recipes; \`flag\` is what an edit changes. */
export function writeRecipe(folder: string, index: number, flag = "-g"): void {
  const name = nameOf(index);
  mkdirSync(join(folder, "packages", name), { recursive: true });
  const dependencies = [...new Set([index - 1, index >> 1, Math.floor(index / 3)])]
    .filter((each) => each >= 0 && each < index)
    .map((each) => `${nameOf(each)}: "${nameOf(each)}"`);
  writeFileSync(
    join(folder, "packages", name, "package.ts"),
    `import { mkIf, uses } from "cleave/modules";
import { made } from "../../lib/modules.ts";

export default uses(made).package("${name}", ({ config, define }) =>
  define({
    name: "${name}",
    version: "1.${index % 17}",
    libraries: { ${dependencies.join(", ")} },
    flags: ["${flag}"],
    defines: { INDEX: "${index}", NAME: () => config.name },
    doCheck: ${index % 3 !== 0},
    warnings: mkIf(() => config.version === "1.3", false),
    meta: { description: "Package number ${index} of the benchmark", license: ["MIT"] },
  }),
);
`,
  );
}

/** The attribute of a recipe. */
export function nameOf(index: number): string {
  return `p${String(index).padStart(5, "0")}`;
}

const [, script = "", folder, n] = process.argv;
if (import.meta.filename === script && folder !== undefined) makeSet(folder, Number(n));
