/** cleave as users have it, whose code is bundled: what is measured is what they run, not a checkout. */
import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { repository } from "../../test/support/cleave.ts";

export type Installed = {
  /** The launcher. */
  readonly cleave: string;
  /** An environment with a home of its own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Run it on a store; gives what it writes. */
  readonly run: (root: string, ...args: readonly string[]) => string;
  /** Copy a script, or a folder of them, to where its imports of `cleave` mean what is installed. */
  readonly script: (path: string) => string;
};

/** Pack cleave and unpack it below a folder, with the dependencies of the checkout. */
export function install(folder: string): Installed {
  const place = join(folder, "node_modules/cleave");
  mkdirSync(place, { recursive: true });
  const options: ExecFileSyncOptions = { cwd: repository, stdio: ["ignore", "ignore", "inherit"] };
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], options);
  const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  execFileSync("tar", ["-x", "-f", join(folder, tarball), "-C", place, "--strip-components", "1"], options);
  symlinkSync(join(repository, "node_modules"), join(place, "node_modules"));
  const cleave = join(place, "cleave");
  const env = { PATH: process.env["PATH"], HOME: folder, XDG_CACHE_HOME: join(folder, "cache") };
  return {
    cleave,
    env,
    run: (root, ...args) =>
      execFileSync(cleave, args, {
        env: { ...env, CLEAVE_ROOT: root },
        cwd: folder,
        stdio: ["ignore", "pipe", "ignore"],
        maxBuffer: 2 ** 30,
      }).toString(),
    script: (path) => {
      const copy = join(folder, basename(path));
      cpSync(path, copy, { recursive: true });
      return copy;
    },
  };
}
