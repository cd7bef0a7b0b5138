/**
 * What the compiler needs to check 500 modules, each with 24 options of its own and two others that it uses, so that
 * up to 27 modules are in reach of one.
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../test/support/cleave.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { measure, round } from "./support/measure.ts";
import { budgets, figures } from "./support/report.ts";

const count = 500;

using temp = temporaryFolder();
const command = [join(repository, "node_modules/.bin/tsc"), "-p"] as const;
for (const [name, modules] of [
  ["empty", 0],
  ["modules", count],
] as const) {
  const folder = join(temp.path, name);
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(repository, join(folder, "node_modules/cleave"));
  symlinkSync(join(repository, "node_modules/@types"), join(folder, "node_modules/@types"));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(repository, "tsconfig.json"),
      compilerOptions: { rootDir: "/" },
      include: ["*.ts"],
      exclude: [],
    }),
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "all.ts"), `export * as modules from "cleave/modules";\n`);
  for (let i = 0; i < modules; i += 1) writeFileSync(join(folder, `m${i}.ts`), moduleText(i));
}
const results = await measure(
  {
    "cleave/modules alone": { command: [...command, join(temp.path, "empty")] },
    [`${count} modules`]: { command: [...command, join(temp.path, "modules")] },
  },
  { runs: 5 },
);
figures("module-types", Object.values(results));
const seconds = (results[`${count} modules`]?.wall_ms.median ?? NaN) / 1000;
budgets([
  { what: `tsc on ${count} modules`, measured: `${round(seconds, 2)} s`, budget: "5 s", met: seconds <= 5 },
]);

/** The modules that number `i` uses: up to two earlier ones. */
function usedBy(i: number): number[] {
  return [...new Set([Math.floor(i / 2), Math.floor(i / 3)])].filter((j) => j < i);
}

function moduleText(i: number): string {
  const used = usedBy(i);
  const text = (name: string) =>
    `    ${name}: mkOption({ type: types.string, default: "", description: "text" }),`;
  return [
    `import { defineModule, mkDefault, mkIf, mkOption, types, uses } from "cleave/modules";`,
    ...used.map((j) => `import { m${j} } from "./m${j}.ts";`),
    "",
    `const options = {`,
    `  m${i}: {`,
    ...Array.from({ length: 16 }, (_, k) => text(`text${k}`)),
    `    enable: mkOption({ type: types.bool, default: false, description: "switch" }),`,
    `    level: mkOption({ type: types.enum(["low", "high"]), default: "low", description: "level" }),`,
    `    count: mkOption({ type: types.int, default: ${i}, description: "number" }),`,
    `    flags: mkOption({ type: types.listOf(types.string), default: [], description: "flags" }),`,
    `    env: mkOption({ type: types.attrsOf(types.string), default: {}, description: "environment" }),`,
    `    home: mkOption({ type: types.nullOr(types.string), default: null, description: "url" }),`,
    `    size: mkOption({ type: types.either(types.int, types.string), default: 1, description: "size" }),`,
    `    phases: mkOption({`,
    `      type: types.attrsOf(types.submodule({ options: {`,
    `        enable: mkOption({ type: types.bool, default: true, description: "switch" }),`,
    `        script: mkOption({ type: types.string, default: "", description: "script" }),`,
    `        after: mkOption({ type: types.listOf(types.string), default: [], description: "order" }),`,
    `      } })),`,
    `      default: {},`,
    `      description: "phases",`,
    `    }),`,
    `  },`,
    `};`,
    "",
    ...(used.length === 0
      ? [`export const m${i} = defineModule("m${i}", { options });`, `export { mkDefault, mkIf, uses };`]
      : [
          `export const m${i} = uses(${used.map((j) => `m${j}`).join(", ")}).module("m${i}", { options }, ({ config, define }) =>`,
          `  define({`,
          `    m${i}: {`,
          `      text1: () => config.m${i}.text0 + config.m${used[0]}.text1,`,
          `      level: "high",`,
          `      flags: () => [config.m${used[0]}.text2, ...config.m${i}.flags],`,
          `      phases: { build: { script: () => config.m${i}.text3, enable: mkDefault(true) } },`,
          `    },`,
          `    m${used.at(-1)}: { enable: mkIf(() => config.m${i}.enable, true), phases: { check: { after: ["build"] } } },`,
          `  }),`,
          `);`,
          `export { defineModule };`,
        ]),
    "",
  ].join("\n");
}
