/**
 * Starts a program for which the store lies at `/nix/store`, and all else is the machine as it is: built programs run so
 * from a store that is somewhere else. This isolates nothing.
 *
 * The program gets a mount namespace of its own, whose root is made of the machine's: every entry of `/` but `nix`, and the
 * store.
 */
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { shellWord } from "./shell.ts";
import { findProgram, findTools } from "./tools.ts";

export type StoreViewRequest = {
  /** The host's folder that is `/nix/store` for the program. */
  readonly store: string;
  /** An empty folder of the host's, which is mounted over where bubblewrap is not installed. */
  readonly stage: string;
  /** The program, an absolute path as it will see it. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Where the host's programs are looked for, apart by `:`. */
  readonly searchPath: string;
  readonly user: { readonly uid: number; readonly gid: number };
};

export type Started = { readonly file: string; readonly args: readonly string[] };

/** Give the command that starts such a program. Throws `sandbox-unavailable` where the machine has no means. */
export function storeView(request: StoreViewRequest): Started {
  const { store, program, args, cwd, searchPath } = request;
  if (store === "/nix/store") return { file: program, args };
  const bwrap = findProgram("bwrap", searchPath);
  return bwrap === undefined
    ? byUnshare(request)
    : { file: bwrap, args: [...byBubblewrap(store, cwd), program, ...args] };
}

function byBubblewrap(store: string, cwd: string): readonly string[] {
  const binds = entriesOfRoot().flatMap(({ path, target }) =>
    target === undefined
      ? [path === "/dev" ? "--dev-bind" : "--bind", path, path]
      : ["--symlink", target, path],
  );
  return ["--tmpfs", "/", ...binds, "--bind", store, "/nix/store", "--remount-ro", "/", "--chdir", cwd, "--"];
}

function byUnshare({ store, stage, program, args, cwd, searchPath, user }: StoreViewRequest): Started {
  const tools = findTools(searchPath, ["sh", "unshare", "mount", "umount", "pivot_root"]);
  const at = (path: string) => shellWord(stage + path);
  const lines = entriesOfRoot().map(({ path, target, isFile }) =>
    target === undefined
      ? `${isFile ? ":>" : "mkdir"} ${at(path)} && ${tools.mount} --rbind ${shellWord(path)} ${at(path)}`
      : `ln -s ${shellWord(target)} ${at(path)}`,
  );
  const script = [
    "set -e",
    `${tools.mount} -t tmpfs -o mode=755 none ${shellWord(stage)}`,
    ...lines,
    `mkdir -p ${at("/nix/store")}`,
    `${tools.mount} --rbind ${shellWord(store)} ${at("/nix/store")}`,
    `cd ${shellWord(stage)}`,
    `${tools.pivot_root} . .`,
    `${tools.umount} -l .`,
    `cd -- "$1"`,
    "shift",
    `exec ${tools.unshare} --user --map-user=${user.uid} --map-group=${user.gid} -- "$@"`,
  ].join("\n");
  return {
    file: tools.unshare,
    args: [
      "--user",
      "--map-root-user",
      "--mount",
      "--propagation",
      "slave",
      tools.sh,
      "-c",
      script,
      "sh",
      cwd,
      program,
      ...args,
    ],
  };
}

type RootEntry = { readonly path: string; readonly target: string | undefined; readonly isFile: boolean };

function entriesOfRoot(): readonly RootEntry[] {
  return readdirSync("/")
    .filter((name) => name !== "nix")
    .flatMap((name): RootEntry[] => {
      const path = `/${name}`;
      const status = lstatSync(path);
      if (status.isSymbolicLink()) return [{ path, target: readlinkSync(path), isFile: false }];
      if (!status.isDirectory() && !status.isFile()) return [];
      return [{ path, target: undefined, isFile: status.isFile() }];
    });
}
