/**
 * Makes `dist/` for the published package: declarations of `src/` and of `stdenv/`, which is published as it is (what runs in builds is
 * bundled from the same bytes as in a checkout), and the code of `src/`, bundled room by room.
 *
 * Starting is mostly loading files, so each room becomes as few of them as it can: those that other rooms import, that are published or
 * that are started by name keep their places; what they share lies in chunks beside them. Rooms stay apart, so a room that is loaded
 * when it is needed still is.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src");
const files = globSync("src/**/*.ts", { cwd: root }).map((file) => join(root, file));

/** Stands for `dist/` in what a room's code imports, until it is known where that code lies. */
const elsewhere = "cleave-dist:";

/** Loaded by name, not by an import that can be seen. */
const started = ["cli/main.ts", "recipes/evaluator.ts", "recipes/lowered-record.ts", "sandbox/helper.ts"];

/** Threads share no code with anybody: each is one file, whatever rooms it needs. */
const threads = files.filter((file) => file.endsWith("-worker.ts"));

rmSync(join(root, "dist"), { recursive: true, force: true });
for (const project of ["tsconfig.build.json", "tsconfig.stdenv.json"]) {
  const { status } = spawnSync("node_modules/.bin/tsc", ["--project", project], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = status ?? 1;
}
const entries = findEntries();
for (const room of new Set(files.map(roomOf))) {
  const own = files.filter((file) => roomOf(file) === room);
  await bundle(
    room,
    own.filter((file) => entries.has(file)),
    [otherRooms(room), builtins(own)],
  );
}
for (const file of threads) await bundle(roomOf(file), [file], [builtins(files)]);
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

/** Name the folder of `src/` that a file is in; that of a file right in `src/` is empty. */
function roomOf(file: string): string {
  const [first = "", ...rest] = relative(source, file).split("/");
  return rest.length === 0 ? "" : first;
}

/** Name what `dist/` is made from, for what is kept between runs and depends on it. */
function buildOf(): string {
  const hash = createHash("sha256");
  for (const file of ["package.json", ...files.map((each) => relative(root, each)).sort()])
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex").slice(0, 12);
}

/** Find the files that are loaded from outside of their room. */
function findEntries(): ReadonlySet<string> {
  const { exports }: { exports: Record<string, string | { readonly default?: string }> } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const published = Object.values(exports).flatMap((each) =>
    typeof each === "string" || each.default === undefined ? [] : [each.default],
  );
  const found = new Set([
    ...started.map((file) => join(source, file)),
    ...published.map((file) => join(root, file.replace("/dist/", "/src/").replace(/\.js$/, ".ts"))),
  ]);
  for (const file of files)
    for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)) {
      const target = resolve(dirname(file), path);
      if (roomOf(target) !== roomOf(file)) found.add(target);
    }
  return found;
}

/** Bundle files of a room. Other rooms are referred to by where they lie in `dist/`. */
async function bundle(room: string, entryPoints: string[], plugins: Plugin[]): Promise<void> {
  const { outputFiles } = await build({
    write: false,
    entryPoints,
    outdir: join(root, "dist", room),
    outbase: join(source, room),
    chunkNames: "chunk-[hash]",
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "esnext",
    packages: "external",
    sourcemap: "linked",
    logLevel: "warning",
    plugins,
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    const up = relative(dirname(path), join(root, "dist")) || ".";
    writeFileSync(path, path.endsWith(".js") ? text.replaceAll(`"${elsewhere}`, `"${up}/`) : text);
  }
}

function otherRooms(room: string): Plugin {
  return {
    name: "other rooms",
    setup: ({ onResolve }) => {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const target = resolve(resolveDir, path);
        if (roomOf(target) === room) return undefined;
        return { path: `${elsewhere}${relative(source, target).replace(/\.ts$/, ".js")}`, external: true };
      });
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
