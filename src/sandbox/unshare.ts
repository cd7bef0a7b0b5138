/**
 * The engine on util-linux alone: `unshare`, `mount`, `pivot_root`, `umount`.
 *
 * A shell in new namespaces mounts two roots: the stage, with the host's programs that are still needed, and in
 * it the sandbox. It pivots into the stage and detaches the host. The last `unshare` makes a user namespace in
 * which the process has no capabilities, changes its root to the sandbox and becomes the process. As the process's
 * root is not that of its mount namespace, the kernel gives it no further user namespace.
 */
import { lstatSync, mkdirSync, readlinkSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { encodeText } from "../base/index.ts";
import { type ProgramEngine, starter } from "./engine.ts";
import { shellCommand, shellWord } from "./shell.ts";
import { rootMounts } from "./skeleton.ts";
import { type Mount, writeTable } from "./table.ts";

/** The host's programs that it needs. */
export const unshareTools = [
  "sh",
  "unshare",
  "mount",
  "umount",
  "pivot_root",
  "setsid",
  "env",
  "hostname",
] as const;

type Tools = Readonly<Record<(typeof unshareTools)[number], string>>;

type Options = {
  readonly tools: Tools;
  /** A folder to be made, the stage. */
  readonly stage: string;
  readonly readOnly: (host: string) => string;
  /** What of `/proc` is mounted over. */
  readonly covered: readonly string[];
};

export function unshare({ tools, stage, readOnly, covered }: Options): ProgramEngine {
  const programs = makeStage(stage, tools);
  return {
    name: "unshare",
    prepare: ({ spec, inputs, root, prefix }) => {
      const files = { script: `${prefix}.sh`, table: `${prefix}.table` };
      const inside = `${stage}/new`;
      const proc = (target: string): Mount => ({
        source: "proc",
        target,
        type: "proc",
        options: "nosuid,nodev,noexec",
      });
      const covers = covered.map(
        (path): Mount => ({
          source: `${inside}${path}`,
          target: `${inside}${path}`,
          type: "none",
          options: "bind,ro,nosuid,nodev,noexec",
        }),
      );
      writeFileSync(
        files.table,
        writeTable([
          { source: stage, target: stage, type: "none", options: readOnly(stage) },
          ...programs.map(
            (path): Mount => ({ source: path, target: `${stage}${path}`, type: "none", options: "rbind" }),
          ),
          proc(`${stage}/proc`),
          ...(spec.network
            ? []
            : [
                {
                  source: "sysfs",
                  target: `${stage}/sys`,
                  type: "sysfs",
                  options: "nosuid,nodev,noexec",
                } as const,
              ]),
          ...rootMounts(spec, { root, target: inside, inputs, readOnly }),
          proc(`${inside}/proc`),
          ...covers,
        ]),
      );
      const env = Object.entries({ ...spec.env, PWD: spec.cwd }).map(([name, value]) => `${name}=${value}`);
      const enter = ["--user", "--map-user=1000", "--map-group=100", "--root=/new", `--wd=${spec.cwd}`, "--"];
      const start = [tools.env, "-i", "--", ...env, `/${starter}`, ...enter, spec.program, ...spec.args];
      writeFileSync(
        files.script,
        encodeText(
          // Read whole before it runs, because the host is gone at its end.
          [
            "{",
            "set -e",
            "exec 4>&2 2>&3",
            shellCommand([tools.hostname, "localhost"]),
            shellCommand([tools.mount, "-n", "-i", "-c", "-a", "-T", files.table]),
            // IFF_UP and IFF_LOOPBACK: `ip link set lo up` without ip.
            ...(spec.network ? [] : [`echo 9 >${shellWord(stage)}/sys/class/net/lo/flags`]),
            `cd ${shellWord(stage)}`,
            shellCommand([tools.pivot_root, ".", "old"]),
            "cd /",
            shellCommand([tools.umount, "-n", "-l", "/old", ...(spec.network ? [] : ["/sys"])]),
            'echo "ready $0" >&3',
            `exec ${shellCommand(start)} 2>&4 3>&- 4>&-`,
            "}",
            "",
          ].join("\n"),
        ),
      );
      const apart = ["--mount", "--pid", "--ipc", "--uts", "--cgroup", ...(spec.network ? [] : ["--net"])];
      return {
        command: [
          tools.unshare,
          ...apart,
          "--propagation",
          "slave",
          "--fork",
          "--kill-child",
          // A session of its own, so that a signal to its process group stays in the sandbox.
          ...[tools.setsid, tools.sh, files.script],
        ],
        descriptors: [],
        files: [files.script, files.table],
      };
    },
  };
}

/** Make the stage, and give the host's folders that are mounted in it: those that the tools and their libraries are in. */
function makeStage(stage: string, tools: Tools): string[] {
  for (const name of ["new", "old", "proc", "sys"]) mkdirSync(`${stage}/${name}`, { recursive: true });
  symlinkSync(tools.unshare, `${stage}/${starter}`);
  const tops = [tools.unshare, tools.umount, tools.env].flatMap((path) => [path, realpathSync(path)]);
  const names = new Set(tops.map((path) => path.split("/")[1] ?? ""));
  for (const name of ["bin", "sbin", "lib", "lib32", "lib64", "usr"]) names.add(name);
  const mounted: string[] = [];
  for (const name of names) {
    const path = `/${name}`;
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status === undefined || name === "") continue;
    if (status.isSymbolicLink()) symlinkSync(readlinkSync(path), `${stage}${path}`);
    else {
      mkdirSync(`${stage}${path}`);
      mounted.push(path);
    }
  }
  return mounted;
}
