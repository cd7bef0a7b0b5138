/** A store of its own for a test, with the QuickJS of the tools in it: packages on nothing else build there in a moment. */
import { join } from "node:path";
import { parsePlatform } from "../../src/package/index.ts";
import { openPackageSet } from "../../src/recipes/index.ts";
import { openLocalStore } from "../../src/store/index.ts";
import { toolsRoot } from "./bootstrapped.ts";
import { cleave, type Outcome, repository } from "./cleave.ts";
import { temporaryFolder } from "./temp.ts";

/** The recipes of `test/e2e/fixtures/set`. */
export const recipes: string = join(repository, "test/e2e/fixtures/set");

export type QuickStore = Disposable & {
  /** A folder to work in. */
  readonly path: string;
  readonly root: string;
  /** Run cleave there, in a working folder that is `path`. */
  readonly run: (...args: string[]) => Promise<Outcome>;
  /** Run `cleave COMMAND --folder <recipes> ...`, with what varies from run to run taken out of what it prints. */
  readonly set: (command: string, ...args: string[]) => Promise<Outcome>;
};

export async function quickStore({
  folder = recipes,
}: {
  readonly folder?: string;
} = {}): Promise<QuickStore> {
  const temp = temporaryFolder();
  const root = join(temp.path, "store");
  try {
    await copyPackages(["bootstrap.quickjs"], root);
  } catch (error) {
    temp[Symbol.dispose]();
    throw error;
  }
  const run = (...args: string[]) =>
    cleave(args, {
      cwd: temp.path,
      env: { CLEAVE_ROOT: root, PATH: process.env["PATH"] ?? "", HOME: temp.path },
    });
  return {
    path: temp.path,
    root,
    run,
    set: async (command, ...args) => {
      const { code, stdout, stderr } = await run(command, "--folder", folder, ...args);
      return { code, stdout: steady(stdout), stderr: steady(stderr) };
    },
    [Symbol.dispose]: () => temp[Symbol.dispose](),
  };
}

/** Copy the outputs of packages, with all that they refer to, out of the store of the tools; of others what they are made from. */
export async function copyPackages(
  attributes: readonly string[],
  root: string,
  sourcesOf: readonly string[] = [],
): Promise<void> {
  const platform = parsePlatform("x86_64-linux");
  const set = openPackageSet({
    sources: [
      { folder: join(repository, "packages"), prefix: "" },
      { folder: join(repository, "bootstrap"), prefix: "bootstrap." },
    ],
    platforms: { build: platform, host: platform, target: platform },
    emit: () => {},
  });
  const outputs = attributes.flatMap((each) => Object.values(set.package(each).interface.outputs));
  const sources = sourcesOf.flatMap((each) =>
    [...set.package(each).lower("joined").inputs.fetched.values()].map(({ output }) => output),
  );
  await using tools = await openLocalStore({ root: toolsRoot });
  await using own = await openLocalStore({ root });
  for (const path of await tools.closure([...outputs, ...sources]))
    await own.addNar({ ...(await tools.requireInfo(path)), deriver: undefined }, tools.nar(path));
}

/** Take out of a text what varies from run to run: hash parts of store paths, and durations. */
function steady(text: string): string {
  return text
    .replaceAll(/\/nix\/store\/[0-9a-df-np-sv-z]{32}-/g, "/nix/store/…-")
    .replaceAll(/\b[0-9.]+ s\b/g, "N s");
}
