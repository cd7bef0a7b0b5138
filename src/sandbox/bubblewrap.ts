/**
 * The engine on bubblewrap (https://github.com/containers/bubblewrap), version 0.8 or later.
 *
 * bubblewrap reads the whole mount table of the kernel after each of its mounts, so its time grows with the
 * square of their number: 1.5 s for 1,000. From {@link manyInputs} on the sandbox's root is therefore mounted before it
 * starts, by one `mount -a` in a mount namespace around it.
 */
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { encodeText } from "../base/index.ts";
import type { Job, ProgramEngine } from "./engine.ts";
import { shellCommand } from "./shell.ts";
import { filesOfHost, rootMounts } from "./skeleton.ts";
import type { KnownInput } from "./spec.ts";
import { writeTable } from "./table.ts";

/** The host's programs that it needs besides bubblewrap. */
export const bubblewrapTools = ["sh", "unshare", "mount"] as const;

/** Where the mount table gets cheaper than bubblewrap's own mounts (`bench/sandbox.bench.ts`). */
const manyInputs = 24;

type Options = {
  readonly bwrap: string;
  readonly tools: Readonly<Record<(typeof bubblewrapTools)[number], string>>;
  readonly readOnly: (host: string) => string;
  /** What of `/proc` is mounted over. */
  readonly covered: readonly string[];
};

export function bubblewrap({ bwrap, tools, readOnly, covered }: Options): ProgramEngine {
  return {
    name: "bubblewrap",
    prepare: (job) => {
      const { spec, inputs, root, prefix } = job;
      const many = inputs.length >= manyInputs;
      const files = { args: `${prefix}.args`, script: `${prefix}.sh`, table: `${prefix}.table` };
      const view = many ? ["--dev-bind", root, "/", "--proc", "/proc"] : ownMounts(job);
      const args = ["--clearenv", ...namespaces(job), ...view];
      // Its own --proc covers these two.
      const left = covered.filter((path) => path !== "/proc/irq" && path !== "/proc/bus");
      args.push(...left.flatMap((path) => ["--ro-bind", path, path]));
      args.push("--chdir", spec.cwd);
      for (const [name, value] of Object.entries(spec.env)) args.push("--setenv", name, value);
      writeFileSync(files.args, Buffer.concat(args.map((arg) => encodeText(`${arg}\0`))));
      const start = [bwrap, "--args", "4", "--", spec.program, ...spec.args];
      const descriptors = [files.args];
      if (!many) return { command: start, descriptors, files: [files.args] };
      const mount = shellCommand([tools.mount, "-n", "-i", "-c", "-a", "-T", files.table]);
      writeFileSync(files.table, writeTable(rootMounts(spec, { root, target: root, inputs, readOnly })));
      writeFileSync(files.script, encodeText(`set -e\n${mount} 2>&3\nexec ${shellCommand(start)}\n`));
      return {
        command: [tools.unshare, "--mount", "--propagation", "slave", tools.sh, files.script],
        descriptors,
        files: Object.values(files),
      };
    },
  };
}

function namespaces({ spec }: Job): string[] {
  return [
    ...["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup"],
    ...(spec.network ? [] : ["--unshare-net"]),
    // A user namespace of its own would let the process mount control groups, which belong to the caller.
    "--disable-userns",
    ...["--hostname", "localhost", "--uid", "1000", "--gid", "100"],
    ...["--die-with-parent", "--new-session", "--as-pid-1", "--json-status-fd", "3"],
  ];
}

function ownMounts({ spec, inputs, root }: Job): string[] {
  return [
    ...[
      "--ro-bind",
      root,
      "/",
      "--dev",
      "/dev",
      "--perms",
      "1777",
      "--tmpfs",
      "/dev/shm",
      "--remount-ro",
      "/dev",
    ],
    ...["--perms", "1777", "--tmpfs", "/tmp", "--proc", "/proc"],
    ...filesOfHost(spec, root).flatMap(({ source, target }) => ["--ro-bind", source, target]),
    ...["--bind", spec.build, "/build", "--bind", spec.store, "/nix/store"],
    ...inputs.filter(isMounted).flatMap(({ host, inside }) => ["--ro-bind", host, inside]),
  ];
}

function isMounted({ kind }: KnownInput): boolean {
  return kind !== "symlink";
}
