/** The published package: packed, installed in an empty folder, used. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { repository } from "../support/cleave.ts";
import { refused, useless, writeHostile } from "../support/hostile.ts";
import { serveRegistry } from "../support/registry.ts";
import { temporaryFolder } from "../support/temp.ts";

const run = promisify(execFile);

test("the packed package works where it is installed", async () => {
  using temp = temporaryFolder();
  await using registry = await serveRegistry();
  const app = join(temp.path, "app");
  mkdirSync(app);
  const env = {
    PATH: process.env["PATH"],
    HOME: temp.path,
    npm_config_cache: join(temp.path, "cache"),
    npm_config_registry: registry.url,
    npm_config_update_notifier: "false",
  };
  await run("npm", ["pack", "--silent", "--pack-destination", temp.path], { cwd: repository, env });
  const [tarball = ""] = readdirSync(temp.path).filter((name) => name.endsWith(".tgz"));
  await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", join(temp.path, tarball)], {
    cwd: app,
    env,
  });

  const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
  const cleave = join(app, "node_modules/.bin/cleave");
  assert.equal((await run(cleave, ["--version"], { env })).stdout, `cleave ${version}\n`);
  assert.equal(
    (await run(cleave, ["explain", "cli-usage"], { env })).stdout,
    readFileSync(join(repository, "docs/errors/cli-usage.md"), "utf8"),
  );

  // Large enough for a second thread, whose file is another one here than in a checkout.
  const tree = join(temp.path, "tree");
  for (let at = 0; at < 2000; at += 1) {
    if (at % 200 === 0) mkdirSync(join(tree, `${at}`), { recursive: true });
    writeFileSync(join(tree, `${at - (at % 200)}`, `${at}`), "x".repeat(at));
  }
  assert.equal(
    (await run(cleave, ["hash", "path", tree], { env })).stdout,
    (await run(join(repository, "cleave"), ["hash", "path", tree], { env })).stdout,
  );

  // What runs in builds is the same bytes here and there, and so are the derivations.
  const derivations = async (program: string): Promise<string> =>
    (
      await run(program, ["instantiate", "hello"], {
        env: { ...env, CLEAVE_ROOT: join(temp.path, "store") },
        cwd: temp.path,
      })
    ).stdout;
  assert.equal(await derivations(cleave), await derivations(join(repository, "cleave")));

  // Its code is in other files than in a checkout, but places are told as they were written.
  const why = async (program: string, root: string): Promise<string> =>
    (
      await run(program, ["why", "hello", "exports.include"], {
        env: { ...env, CLEAVE_ROOT: join(temp.path, "store") },
        cwd: temp.path,
      })
    ).stdout.replaceAll(root, "");
  const told = await why(cleave, `${join(app, "node_modules/cleave")}/`);
  assert.equal(told, await why(join(repository, "cleave"), repository));
  assert.match(told, /declared by module common at src\/package\/common\.ts:\d+:\d+\n/);

  // What keeps recipes in is bundled too, and no less tight.
  for (const [index, code] of [...refused.map(([, each]) => each), ...useless].entries())
    writeHostile(join(temp.path, `hostile/r${index}`), `r${index}`, code);
  const outcomes = async (program: string): Promise<string> =>
    (
      await run(program, ["eval-jobs", "--no-eval-cache", "--folder", join(temp.path, "hostile")], {
        env: { ...env, CLEAVE_ROOT: join(temp.path, "store") },
        cwd: temp.path,
        maxBuffer: 2 ** 24,
      })
    ).stdout;
  const attempts = await outcomes(cleave);
  assert.equal(attempts.split("\n").length - 1, refused.length + useless.length);
  assert.equal(attempts, await outcomes(join(repository, "cleave")));

  // Every subpath has types, and can be imported unless it is for recipes and scripts of phases alone; globals stand in the
  // place of the compiler's own library, in recipe.tsconfig.json.
  const { exports } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
  const subpaths = Object.keys(exports).filter(
    (subpath) => typeof exports[subpath] === "object" && subpath !== "./globals",
  );
  writeFileSync(
    join(app, "use.mts"),
    subpaths
      .map((subpath, index) => {
        const name = JSON.stringify(join("cleave", subpath));
        return "default" in exports[subpath]
          ? `import * as m${index} from ${name};\nvoid m${index};\n`
          : `import type * as m${index} from ${name};\nexport type M${index} = typeof m${index};\n`;
      })
      .join("") +
      'import { CleaveError } from "cleave";\nconst name: string = CleaveError.name;\nconsole.log(name);\n',
  );
  writeFileSync(
    join(app, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        module: "nodenext",
        target: "esnext",
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        types: ["node"],
        typeRoots: [join(repository, "node_modules/@types")],
      },
      files: ["use.mts"],
    }),
  );
  await run(join(repository, "node_modules/.bin/tsc"), [], { cwd: app, env });
  const { stdout } = await run(process.execPath, ["use.mts"], { cwd: app, env });
  assert.equal(stdout, "CleaveError\n");
});
