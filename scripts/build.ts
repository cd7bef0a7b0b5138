/**
 * Makes `dist/` for the published package: declarations of `src/` and of `stdenv/`, which is published as it is (what runs in builds is
 * bundled from the same bytes as in a checkout), and the code of `src/`, bundled.
 *
 * Starting is mostly loading files, so each program is one: the commands, the helper, each thread. What they load late is in it too,
 * and begins to run when it is asked for. What is published to be imported is bundled beside them, with chunks for what it shares.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src");
const files = globSync("src/**/*.ts", { cwd: root }).map((file) => join(root, file));

/** Whatever is started by its name; the first starts the second. */
const programs = [
  "src/cli/main.ts",
  "src/cli/dispatch.ts",
  "src/sandbox/helper.ts",
  ...files.filter((file) => file.endsWith("-worker.ts")),
];

rmSync(join(root, "dist"), { recursive: true, force: true });
for (const project of ["tsconfig.build.json", "tsconfig.stdenv.json"]) {
  const { status } = spawnSync("node_modules/.bin/tsc", ["--project", project], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = status ?? 1;
}
const plugins = [builtins(files), dispatchApart(), loadedByName()];
for (const program of programs) await bundle([program], false);
await bundle(published(), true);
await build({
  stdin: { contents: 'import "ses";', resolveDir: root },
  outfile: join(root, "dist/recipes/ses.cjs"),
  banner: { js: '"use strict"; // SES, under the Apache License 2.0; see LICENSE of the package ses' },
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "esnext",
  logLevel: "warning",
});
writeFileSync(join(root, "dist/build-id"), buildOf());

/** Name what `dist/` is made from, for what is kept between runs and depends on it. */
function buildOf(): string {
  const hash = createHash("sha256");
  for (const file of ["package.json", ...files.map((each) => relative(root, each)).sort()])
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex").slice(0, 12);
}

/** List the files that `package.json` lets others import. */
function published(): string[] {
  const { exports }: { exports: Record<string, string | { readonly default?: string }> } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  return Object.values(exports).flatMap((each) =>
    typeof each === "string" || each.default === undefined
      ? []
      : [each.default.replace("/dist/", "/src/").replace(/\.js$/, ".ts")],
  );
}

/** Bundle files, each for itself or with what they share split off. */
async function bundle(entryPoints: string[], splitting: boolean): Promise<void> {
  await build({
    entryPoints,
    outdir: join(root, "dist"),
    outbase: source,
    chunkNames: "chunk-[hash]",
    absWorkingDir: root,
    bundle: true,
    splitting,
    format: "esm",
    platform: "node",
    target: "esnext",
    packages: "external",
    sourcemap: "linked",
    logLevel: "warning",
    plugins,
  });
}

/** Leave the commands in a file of their own, which `main.ts` loads. */
function dispatchApart(): Plugin {
  return {
    name: "dispatch apart",
    setup: ({ onResolve }) => {
      onResolve({ filter: /\/dispatch\.ts$/ }, ({ kind }) =>
        kind === "dynamic-import" ? { path: "./dispatch.js", external: true } : undefined,
      );
    },
  };
}

/** Have in the bundle what `recipes/load-own.ts` loads by name. */
function loadedByName(): Plugin {
  const names = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/loadOwn\("([^"]+)"\)/g)].map(([, name = ""]) => name),
  );
  const cases = names.map((name) => `case "${name}": return require("./${name}");`);
  return {
    name: "loaded by name",
    setup: ({ onLoad }) => {
      onLoad({ filter: /\/recipes\/load-own\.ts$/ }, () => ({
        contents: `export function loadOwn(name) { switch (name) { ${cases.join(" ")} } }`,
        resolveDir: join(source, "recipes"),
      }));
    },
  };
}

/**
 * Take what some files use of Node's own modules from them at run time. An import of one makes Node read all of its exports, which loads
 * whatever stands behind them: 20 ms for `node:http`, 5 for `node:crypto`, which takes as long by itself and is left until it is called.
 */
function builtins(users: readonly string[]): Plugin {
  const used = new Map<string, Set<string>>();
  const texts = users.map((file) => readFileSync(file, "utf8"));
  for (const [, list = "", module = ""] of texts
    .join("\n")
    .matchAll(/^import \{([^}]*)\} from "(node:.+)"/gm)) {
    const names = used.get(module) ?? new Set();
    used.set(module, names);
    for (const [, name = ""] of list.matchAll(/(?<=^|,)\s*(?!type )(\w+)/g)) names.add(name);
  }
  return {
    name: "builtins",
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
      onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => {
        const names = [...(used.get(path) ?? [])].join(", ");
        const load = `process.getBuiltinModule("${path}")`;
        if (path !== "node:crypto") return { contents: `export const { ${names} } = ${load};` };
        const until = names.replace(/\w+/g, (name) => `${name} = (...given) => (load(), ${name}(...given))`);
        return { contents: `export let ${until};\nfunction load() { ({ ${names} } = ${load}); }` };
      });
    },
  };
}
