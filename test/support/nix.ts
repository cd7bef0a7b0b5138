/**
 * Real Nix, the referee. `apt-get install nix-bin` brings it. Without it a test says so and is skipped;
 * in CI it must be there.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const found = spawnSync("nix", ["--version"], { encoding: "utf8" });
if (found.status !== 0 && process.env["CI"] === "true")
  throw new Error(
    "real Nix is not installed, and these tests are nothing without it: apt-get install nix-bin",
  );

/** Options for `test()`: skips loudly where real Nix is missing. */
export const needsNix: { readonly skip: string | false } = {
  skip: found.status === 0 ? false : "real Nix is not installed (apt-get install nix-bin)",
};

export type Nix = {
  /** The environment that keeps Nix inside `folder`. */
  readonly env: Record<string, string>;
  /** The root of its store: store paths are at `root + "/nix/store/..."`. */
  readonly root: string;
  /** Run one of Nix's programs; gives its standard output, throws with its standard error. */
  readonly run: (program: string, args: readonly string[], input?: string | Uint8Array) => Buffer;
};

/** Set up a Nix of its own in a folder: no daemon, no substituters, no network, all of 2.8's experiments. */
export function nixIn(folder: string): Nix {
  for (const name of ["conf", "home", "tmp"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(
    join(folder, "conf", "nix.conf"),
    [
      "experimental-features = nix-command flakes ca-derivations recursive-nix",
      "build-users-group =",
      "substituters =",
      "substitute = false",
      "sandbox = true",
      "sandbox-fallback = false",
      "flake-registry =",
      "",
    ].join("\n"),
  );
  const root = join(folder, "root");
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: join(folder, "home"),
    TMPDIR: join(folder, "tmp"),
    NIX_CONF_DIR: join(folder, "conf"),
    NIX_REMOTE: `local?root=${root}`,
  };
  return {
    env,
    root,
    run: (program, args, input) => {
      for (;;)
        try {
          return execFileSync(program, args, {
            env,
            cwd: folder,
            maxBuffer: 2 ** 30,
            stdio: ["pipe", "pipe", "pipe"],
            ...(input === undefined ? {} : { input }),
          });
        } catch (error) {
          if (!(error instanceof Error && isDeepElsewhere(error.message))) throw error;
        }
    },
  };
}

/**
 * Say whether real Nix gave up collecting garbage because some process, one of another test, has a path open that is
 * too long for it.
 */
export function isDeepElsewhere(stderr: string): boolean {
  return stderr.includes("reading symlink: File name too long");
}

/** Say whether real Nix died of finding its database busy while it was ending: it does not try again then. */
export function isDeadOfBusy(stderr: string): boolean {
  return /SQLite database .* is busy/.test(stderr) && stderr.includes("terminate called");
}
