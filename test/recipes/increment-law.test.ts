/**
 * Increment law: after any sequence of edits, evaluation with the cache and a cold one give the same.
 * Locality law: what a package does not read, itself or by what it needs, cannot move its derivation.
 */
import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CleaveError, describeError } from "../../src/base/index.ts";
import type { PackageSet, PackageSetOptions } from "../../src/recipes/index.ts";
import { repository } from "../support/cleave.ts";
import { mulberry } from "../support/random.ts";
import { openSet, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

const seed = Number(process.env["CLEAVE_SEED"] ?? 7);
const names = ["a", "b", "c", "d", "e", "f", "g", "h"];

/** All packages of a set: derivations with their environments, or what is wrong. */
function resultsOf(set: PackageSet): Record<string, string> {
  return Object.fromEntries(
    set.attributes().map((attribute) => {
      try {
        const made = set.package(attribute);
        return [attribute, `${made.interface.derivation} ${made.lower("joined").canonical.text}`];
      } catch (error) {
        if (!(error instanceof CleaveError)) throw error;
        return [attribute, describeError(error)];
      }
    }),
  );
}

type Draw = (below: number) => number;

function recipe(name: string, draw: Draw): string {
  const others = names.filter((each) => each < name && draw(3) === 0);
  const imports = [
    ...(draw(2) === 0 ? ['import { flag } from "../../lib/flags.ts";'] : []),
    ...(draw(2) === 0 ? ['import data from "../../lib/data.json" with { type: "json" };'] : []),
  ];
  return `import { uses } from "cleave/modules";
import { exists, readText, file } from "cleave/recipe";
import { made } from "../../lib/made.ts";
${imports.join("\n")}
// comment ${draw(5)}
export default uses(made).package("${name}", ({ config, define }) =>
  define({
    name: "${name}",
    version: "${draw(3)}",
    level: ${draw(4)},
    libraries: { ${others.map((each) => `${each}: "${each}"`).join(", ")} },
    env: {
      ${imports[0]?.includes("flag") === true ? "FLAG: flag," : ""}
      ${imports.some((each) => each.includes("data")) ? "DATA: String((data as { n: number }).n)," : ""}
      ${draw(3) === 0 ? 'NOTE: () => (exists("./note.txt") ? readText("./note.txt") : "none"),' : ""}
    },
    ${draw(4) === 0 ? 'files: { patch: () => file("../../lib/fix.patch") },' : ""}
  }),
);
`;
}

function shared(draw: Draw): string {
  return `import { mkOption, types, uses } from "cleave/modules";
import { rawDerivation } from "cleave/package";
// comment ${draw(5)}
export const made = uses(rawDerivation).module(
  "made",
  { options: { level: mkOption({ type: types.int, default: ${draw(2)}, description: "Level ${draw(3)}." }) } },
  ({ config, define }) =>
    define({
      builder: "/bin/sh",
      args: () => [\`-\${config.level > ${draw(3)} ? "high" : "low"}\`],
      env: { NEEDS: () => Object.values(config.inputs.libraries).map(({ path }) => path).join(" ") },
      meta: { description: "meta ${draw(3)}" },
    }),
);
`;
}

/** Make one random edit; tell what it was. */
function edit(folder: string, draw: Draw): string {
  const write = (path: string, content: string): string => {
    writeFiles(folder, { [path]: content });
    return `write ${path}`;
  };
  const present = readdirSync(join(folder, "packages"));
  const some = present[draw(present.length)] ?? "a";
  switch (draw(12)) {
    case 0:
      return write("lib/flags.ts", `export const flag: string = "-f${draw(3)}"; // ${draw(9)}\n`);
    case 1:
      return write("lib/data.json", `{ "n": ${draw(3)} ${" ".repeat(draw(3))}}`);
    case 2:
      return write("lib/made.ts", shared(draw));
    case 3:
      return write("lib/fix.patch", `--- ${draw(3)}`);
    case 4: {
      const note = join(folder, "packages", some, "note.txt");
      if (!existsSync(note)) return write(`packages/${some}/note.txt`, `note ${draw(3)}`);
      rmSync(note);
      return `remove the note of ${some}`;
    }
    case 5:
      if (present.length < 3) return "nothing";
      rmSync(join(folder, "packages", some), { recursive: true });
      return `remove ${some}`;
    case 6: {
      const other = names[draw(names.length)] ?? "a";
      if (present.includes(other)) return "nothing";
      renameSync(join(folder, "packages", some), join(folder, "packages", other));
      return `rename ${some} to ${other}`;
    }
    case 7: {
      const file = join(folder, "packages", some, "package.ts");
      utimesSync(file, 1e9, 1e9 + draw(3));
      return `touch ${some}`;
    }
    case 8:
      return write(
        `packages/${some}/package.ts`,
        draw(2) === 0 ? "export default 1;\n" : "export default uses(;\n",
      );
    case 9: {
      // The same size, and by its time no younger.
      const file = join(folder, "packages", some, "package.ts");
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.replace(/level: \d/, `level: ${draw(4)}`));
      utimesSync(file, 1e9, 1e9);
      return `change ${some} with its old time`;
    }
    default: {
      const name = names[draw(names.length)] ?? "a";
      return write(`packages/${name}/package.ts`, recipe(name, draw));
    }
  }
}

test("increment law: 320 random edits of a generated set", () => {
  using temp = temporaryFolder();
  const random = mulberry(seed);
  const draw: Draw = (below) => Math.floor(random() * below);
  const folder = join(temp.path, "set");
  const cache = join(temp.path, "cache");
  writeFiles(folder, {
    "lib/made.ts": shared(draw),
    "lib/flags.ts": 'export const flag: string = "-f";\n',
    "lib/data.json": '{ "n": 1 }',
    "lib/fix.patch": "---",
    ...Object.fromEntries(
      names.slice(0, 6).map((each) => [`packages/${each}/package.ts`, recipe(each, draw)]),
    ),
  });
  let cached = 0;
  const steps: string[] = [];
  for (let step = 0; step < 320; step += 1) {
    steps.push(edit(folder, draw));
    const set = openSet(folder, { cache });
    const incremental = resultsOf(set);
    set.close();
    cached += set.statistics().cached;
    assert.deepEqual(
      incremental,
      resultsOf(openSet(folder)),
      `seed ${seed}, step ${step}: ${steps.slice(-5).join(", ")}`,
    );
  }
  assert.ok(cached > 320, `only ${cached} results came from the cache`);
});

test("locality law: what a package does not read does not move it", () => {
  using temp = temporaryFolder();
  const random = mulberry(seed + 1);
  const draw: Draw = (below) => Math.floor(random() * below);
  const folder = join(temp.path, "set");
  writeFiles(folder, {
    "lib/made.ts": shared(draw),
    "lib/flags.ts": 'export const flag: string = "-f";\n',
    "lib/data.json": '{ "n": 1 }',
    "lib/fix.patch": "---",
    "lib/unread.ts": "export {};\n",
    ...Object.fromEntries(names.map((each) => [`packages/${each}/package.ts`, recipe(each, draw)])),
  });
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((each) =>
    /\.(ts|json|patch)$/.test(each),
  );
  let moved = 0;
  for (const file of files) {
    const path = join(folder, file);
    const before = openSet(folder);
    const reads = new Map(
      names.map((each) => [
        each,
        new Set(
          before
            .package(each)
            .reads()
            .map((read) => read.path),
        ),
      ]),
    );
    const needs = new Map(
      names.map((each) => [
        each,
        [...before.package(each).trace().dependencies].map(({ attribute }) => attribute),
      ]),
    );
    const old = resultsOf(before);
    const text = readFileSync(path, "utf8");
    writeFileSync(
      path,
      file.endsWith(".json")
        ? '{ "n": 77 }'
        : text
            .replace(/level: \d/, "level: 9")
            .replace('"-f"', '"-g"')
            .replace("---", "+++"),
    );
    const now = resultsOf(openSet(folder));
    const concerns = (name: string): boolean =>
      reads.get(name)?.has(path) === true || (needs.get(name) ?? []).some(concerns);
    for (const name of names)
      if (old[name] !== now[name]) {
        moved += 1;
        assert.ok(concerns(name), `${file} moved ${name}, which does not read it`);
      }
    writeFileSync(path, text);
  }
  assert.ok(moved > 5, `only ${moved} packages moved`);
});

test("increment law: edits of the real set, and its modules", () => {
  using temp = temporaryFolder();
  for (const each of ["packages", "bootstrap", "stdenv"])
    cpSync(join(repository, each), join(temp.path, each), { recursive: true });
  const options: Partial<PackageSetOptions> = {
    sources: [
      { folder: join(temp.path, "packages"), prefix: "" },
      { folder: join(temp.path, "bootstrap"), prefix: "bootstrap." },
    ],
    stdenv: join(temp.path, "stdenv"),
  };
  const random = mulberry(seed + 2);
  const files = ["packages", "bootstrap", "stdenv/modules"].flatMap((each) =>
    readdirSync(join(temp.path, each), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(temp.path, each, file)),
  );
  const edits: readonly (readonly [RegExp, string])[] = [
    [/$/, "\n// a comment\n"],
    [/description: "/, 'description: "another '],
    [/"-O2"/, '"-O3"'],
    [/version = "/, 'version = "9'],
    [/default: true/, "default: false"],
  ];
  const cache = join(temp.path, "cache");
  const bundles = join(temp.path, "bundles");
  const evaluate = (more: Partial<PackageSetOptions>): PackageSet =>
    openSet("", { ...options, bundles, ...more });
  const first = evaluate({ cache });
  resultsOf(first);
  first.close();
  for (let step = 0; step < 12; step += 1) {
    const file = files[Math.floor(random() * files.length)] ?? "";
    const [pattern, text] = edits[step % edits.length] ?? [/$/, ""];
    writeFileSync(file, readFileSync(file, "utf8").replace(pattern, text));
    const set = evaluate({ cache });
    const incremental = resultsOf(set);
    set.close();
    assert.deepEqual(incremental, resultsOf(evaluate({})), `seed ${seed}, step ${step}: ${file}`);
  }
});
