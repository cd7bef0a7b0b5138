/**
 * The engine that needs no program: the helper has a new process make the sandbox around itself by system calls, and then
 * become the builder.
 *
 * As bubblewrap does it: the process is made in namespaces of all kinds, the user namespace among them, which own
 * nothing of the caller's. It mounts its root, changes to it, detaches the host's, and gives up its capabilities.
 *
 * Most of that is the same for all jobs of a kind. So the next process is made, and goes that far, while the builder of
 * the one before runs.
 */
import { Buffer } from "node:buffer";
import { openSync, readFileSync } from "node:fs";
import type { Ended, Engine, Job, Running } from "./engine.ts";
import { endOf } from "./libc.ts";
import { type Kind, kindMounts, ownMounts } from "./skeleton.ts";
import { type CallList, makeCallList, type Process, startProcess } from "./system-calls.ts";
import type { Mount } from "./table.ts";

/** Flags of clone(2): namespaces for mounts, control groups, host name, IPC, users, processes; and for the network. */
const apart = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000;
const CLONE_NEWNET = 0x40000000;

const O_WRONLY_CLOEXEC = 0o2000001;
const MS_RDONLY = 1;
const MS_REMOUNT = 32;
const MS_BIND = 4096;
const MS_REC = 16384;
const MS_PRIVATE = 1 << 18;
const MS_SLAVE = 1 << 19;
const MNT_DETACH = 2;
const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const SIOCSIFFLAGS = 0x8914;
const SIGPIPE = 13;
const SIGXFSZ = 25;
const SIG_SETMASK = 2;
const PR_CAPBSET_DROP = 24;
const lastDescriptor = 0xffffffff;

/** Options of a mount that are flags to mount(2). */
const mountFlags: Readonly<Record<string, number>> = {
  bind: MS_BIND,
  rbind: MS_BIND | MS_REC,
  ro: MS_RDONLY,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
};

type Options = {
  readonly readOnly: (host: string) => string;
  /** What of `/proc` is mounted over. */
  readonly covered: readonly string[];
};

/** A process that waits for a job, or has one. */
type Started = {
  readonly process: Process;
  readonly pid: number;
  end: ((ended: Ended) => void) | undefined;
};

export function direct(options: Options): Engine {
  const lastCapability = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
  const nothing = openSync("/dev/null", "r+");
  const alive = new Map<number, Started>();
  /** What waits for a job, by the kind that it is ready for. */
  const ready = new Map<string, Started>();

  process.on("SIGCHLD", () => {
    for (const [pid, { process, end }] of alive) {
      const code = endOf(pid);
      if (code === undefined) continue;
      alive.delete(pid);
      end?.({ code, status: process.failure() ?? "" });
    }
  });

  /** Start a process and let it come as far as it can without a job; gives why there is none, where there is none. */
  function startKind(kind: Kind, root: string): Started | string {
    const list = makeCallList();
    list.add("dup2", nothing, 0);
    // All that Node opens is closed by execve; its channel is not its own.
    list.add("close", 3);
    list.try("close_range", 3, lastDescriptor, 0);
    mapUser(list);
    list.add("mount", 0, "/", 0, MS_REC | MS_SLAVE, 0);
    prepareRoot(list, kind, root, options);
    takeRights(list, lastCapability);
    const process = startProcess(list, apart | (kind.network ? 0 : CLONE_NEWNET));
    if (process.pid === undefined) return process.failure() ?? "";
    const started: Started = { process, pid: process.pid, end: undefined };
    alive.set(process.pid, started);
    return started;
  }

  function start(job: Job): Running {
    const { spec, root } = job;
    const kind = { network: spec.network, shell: spec.shell };
    const key = `${root}\0${spec.shell}`;
    const waiting = ready.get(key);
    ready.delete(key);
    const started = waiting !== undefined && alive.has(waiting.pid) ? waiting : startKind(kind, root);
    if (typeof started === "string")
      return { ended: Promise.resolve({ code: -1, status: started }), kill: () => {} };
    const list = makeCallList();
    enterRoot(list, job, options);
    becomeBuilder(list, job);
    const { promise: ended, resolve } = Promise.withResolvers<Ended>();
    started.end = resolve;
    started.process.goOn(list);
    setImmediate(() => {
      const next = ready.has(key) ? "" : startKind(kind, root);
      if (typeof next !== "string") ready.set(key, next);
    });
    return {
      ended,
      kill: () => {
        // Its number is its own until it is waited for.
        if (alive.get(started.pid) === started) process.kill(started.pid, "SIGKILL");
      },
    };
  }

  return { name: "direct", start };
}

function writeFile(list: CallList, path: string, text: string): void {
  const file = list.add("open", path, O_WRONLY_CLOEXEC);
  list.add("write", file, text, text.length);
}

/** Become user 1000 and group 100 of a new user namespace, who are the caller outside. */
function mapUser(list: CallList): void {
  writeFile(list, "/proc/self/uid_map", `1000 ${process.geteuid?.()} 1`);
  writeFile(list, "/proc/self/setgroups", "deny");
  writeFile(list, "/proc/self/gid_map", `100 ${process.getegid?.()} 1`);
}

function prepareRoot(list: CallList, kind: Kind, root: string, { readOnly, covered }: Options): void {
  for (const each of kindMounts(kind, { root, target: root, readOnly })) mount(list, each);
  mount(list, { source: "proc", target: `${root}/proc`, type: "proc", options: "nosuid,nodev,noexec" });
  // A user namespace of its own would let the process mount control groups, which belong to the caller.
  writeFile(list, `${root}/proc/sys/user/max_user_namespaces`, "0");
  for (const path of covered)
    mount(list, {
      source: root + path,
      target: root + path,
      type: "none",
      options: "bind,ro,nosuid,nodev,noexec",
    });
  list.add("sethostname", "localhost", "localhost".length);
  list.add("setdomainname", "(none)", "(none)".length);
  if (kind.network) return;
  // `struct ifreq` (linux/if.h): a name of 16 bytes, then IFF_UP and IFF_LOOPBACK.
  const request = Buffer.alloc(40);
  request.write("lo");
  request.writeUInt16LE(9, 16);
  const socket = list.add("socket", AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  list.add("ioctl", socket, SIOCSIFFLAGS, request);
}

/** Take away what the process could do to others. The helper has no new privileges and a system call filter already. */
function takeRights(list: CallList, lastCapability: number): void {
  list.add("setsid");
  for (let capability = 0; capability <= lastCapability; capability += 1)
    list.add("prctl", PR_CAPBSET_DROP, capability);
  // What Node ignores; its handlers are gone with execve.
  for (const signal of [SIGPIPE, SIGXFSZ]) list.add("rt_sigaction", signal, Buffer.alloc(32), 0, 8);
}

function enterRoot(list: CallList, { spec, inputs, root, output }: Job, { readOnly }: Options): void {
  // Until here it has followed what the host mounts.
  list.add("mount", 0, "/", 0, MS_REC | MS_PRIVATE, 0);
  for (const each of ownMounts(spec, { target: root, inputs, readOnly })) mount(list, each);
  list.add("dup2", list.add("open", output, O_WRONLY_CLOEXEC), 1);
  list.add("dup2", 1, 2);
  list.add("chdir", root);
  // Stacks the host's root on the sandbox's, from where it is taken away.
  list.add("pivot_root", ".", ".");
  list.add("umount2", ".", MNT_DETACH);
  list.add("chdir", spec.cwd);
}

function mount(list: CallList, { source, target, type, options }: Mount): void {
  let flags = 0;
  const data: string[] = [];
  for (const option of options.split(",")) {
    const flag = mountFlags[option];
    if (flag === undefined) data.push(option);
    else flags |= flag;
  }
  if (type !== "none") list.add("mount", source, target, type, flags, data.join(","));
  else {
    const binding = flags & (MS_BIND | MS_REC);
    list.add("mount", source, target, 0, binding, 0);
    // The kernel takes no other flags when it binds.
    if (flags !== binding) list.add("mount", 0, target, 0, MS_REMOUNT | MS_BIND | (flags & ~MS_REC), 0);
  }
}

function becomeBuilder(list: CallList, { spec: { program, args, env, cwd } }: Job): void {
  // _LINUX_CAPABILITY_VERSION_3 for itself, and three sets of 64 bits.
  list.add("capset", Buffer.from("2205082000000000", "hex"), Buffer.alloc(24));
  list.add("rt_sigprocmask", SIG_SETMASK, Buffer.alloc(8), 0, 8);
  const variables = Object.entries({ ...env, PWD: cwd }).map(([name, value]) => `${name}=${value}`);
  list.add("execve", program, { words: [program, ...args] }, { words: variables });
}
