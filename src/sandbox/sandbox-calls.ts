/**
 * The system calls that make a sandbox.
 *
 * As bubblewrap does it: the processes are in namespaces of all kinds, the user namespace among them, which own nothing of the
 * caller's. They mount a root, change to it, detach the host's, and give up their capabilities.
 */
import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import type { Job } from "./engine.ts";
import { systemCallFilter } from "./filter.ts";
import { canCloseRange, coreLimits, openSelf } from "./libc.ts";
import { coveredProc, type Kind, kindMounts, ownMounts } from "./skeleton.ts";
import { type CallList, makeCallList, type Request } from "./system-calls.ts";
import { type Mount, makeReadOnly } from "./table.ts";

/** Flags of clone(2) and unshare(2): namespaces for mounts, control groups, host name and IPC, and the others. */
const apart = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000;
const CLONE_NEWUSER = 0x10000000;
const CLONE_NEWPID = 0x20000000;
const CLONE_NEWNET = 0x40000000;

const O_RDWR_CLOEXEC = 0o2000002;
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
const SIGKILL = 9;
const SIGPIPE = 13;
const SIGXFSZ = 25;
const SIG_SETMASK = 2;
const PR_SET_PDEATHSIG = 1;
const PR_SET_SECCOMP = 22;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_MODE_FILTER = 2;
const RLIMIT_CORE = 4;
const ADDR_NO_RANDOMIZE = 0x0040000;
const PER_LINUX32 = 8;
const POLLIN = 1;
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

export type SandboxCalls = {
  /** Whether system calls are filtered. */
  readonly filter: boolean;
  /** Say how to start a process that is ready for any job of a kind. */
  readonly prepare: (kind: Kind, root: string) => Request;
  /** Say how such a process becomes the builder of a job. */
  readonly become: (job: Omit<Job, "prefix">) => CallList;
};

/** Look at the machine and give the calls for it. */
export function sandboxCalls(): SandboxCalls {
  const readOnly = makeReadOnly(readFileSync("/proc/self/mountinfo"));
  const covered = coveredProc(readFileSync("/proc/self/uid_map", "utf8"));
  const lastCapability = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
  const filter = systemCallFilter(process.arch);
  const limits = coreLimits();
  const self = openSelf();
  const closesRanges = canCloseRange();

  return {
    filter: filter !== undefined,
    prepare: (kind, root) => {
      const outer = makeCallList();
      dieWithCaller(outer, self);
      // All that Node has open: locks among it, which would be held on here.
      closeAll(outer, closesRanges);
      giveNixDefaults(outer, limits);
      if (filter !== undefined) {
        // `struct sock_fprog` (linux/filter.h): the number of instructions, and where they are.
        const program = { words: [filter.length / 8, filter] };
        outer.add("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program);
      }
      mapUser(outer);
      // Making these takes a while, which the caller does not wait for.
      outer.add("unshare", apart | (kind.network ? 0 : CLONE_NEWNET));
      outer.add("chdir", "/");
      outer.add("mount", 0, "/", 0, MS_REC | MS_SLAVE, 0);
      for (const each of kindMounts(kind, { root, target: root, readOnly })) mount(outer, each);
      nameHost(outer);
      if (!kind.network) raiseLoopback(outer);
      for (let capability = 0; capability <= lastCapability; capability += 1)
        outer.add("prctl", PR_CAPBSET_DROP, capability);
      const afterwards = makeCallList();
      dropCapabilities(afterwards);
      const inner = makeCallList();
      inner.add("setsid");
      mountProc(inner, root, covered);
      return {
        outer,
        inner,
        afterwards,
        outerNamespaces: CLONE_NEWUSER | CLONE_NEWPID,
        innerNamespaces: CLONE_NEWPID,
      };
    },
    become: ({ spec, inputs, root, output }) => {
      const list = makeCallList();
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
      dropCapabilities(list);
      list.add("rt_sigprocmask", SIG_SETMASK, Buffer.alloc(8), 0, 8);
      if (spec.is32Bit === true) setPersonality(list, PER_LINUX32);
      const { program, args, env, cwd } = spec;
      const own = program.slice(program.lastIndexOf("/") + 1);
      const variables = Object.entries({ ...env, PWD: cwd }).map(([name, value]) => `${name}=${value}`);
      list.add("execve", program, { words: [own, ...args] }, { words: variables });
      return list;
    },
  };
}

/** End when the caller's process does; at once where it is gone already, from before that could be asked for. */
function dieWithCaller(list: CallList, self: number | undefined): void {
  list.add("prctl", PR_SET_PDEATHSIG, SIGKILL);
  if (self === undefined) return;
  // `struct pollfd` (poll.h): what polls as readable is gone. `unshare` does nothing for 0, and fails for 1.
  const question = Buffer.alloc(8);
  question.writeInt32LE(self, 0);
  question.writeInt16LE(POLLIN, 4);
  list.add("unshare", list.add("poll", question, 1, 0));
}

/** Have `/dev/null` as the only descriptors. */
function closeAll(list: CallList, closesRanges: boolean): void {
  list.add("dup2", list.add("open", "/dev/null", O_RDWR_CLOEXEC), 0);
  list.add("dup2", 0, 1);
  list.add("dup2", 0, 2);
  if (closesRanges) list.add("close_range", 3, lastDescriptor, 0);
  else for (const name of readdirSync("/proc/self/fd")) if (Number(name) > 2) list.try("close", Number(name));
}

/** What Nix gives its builders: a session, umask, no core dumps, fixed addresses, no new privileges. */
function giveNixDefaults(list: CallList, coreLimits: Buffer): void {
  list.add("setsid");
  list.add("umask", 0o022);
  list.add("setrlimit", RLIMIT_CORE, coreLimits);
  setPersonality(list, 0);
  list.add("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  // What Node ignores; its handlers are gone with execve.
  for (const signal of [SIGPIPE, SIGXFSZ]) list.add("rt_sigaction", signal, Buffer.alloc(32), 0, 8);
}

/** Set the kind of system that a program is told of, with fixed addresses, which a container may forbid. */
function setPersonality(list: CallList, kind: number): void {
  if (kind !== 0) list.add("personality", kind);
  list.try("personality", kind | ADDR_NO_RANDOMIZE);
}

/** Become user 1000 and group 100 of the user namespace, who are the caller outside. */
function mapUser(list: CallList): void {
  writeFile(list, "/proc/self/uid_map", `1000 ${process.geteuid?.()} 1`);
  writeFile(list, "/proc/self/setgroups", "deny");
  writeFile(list, "/proc/self/gid_map", `100 ${process.getegid?.()} 1`);
}

function writeFile(list: CallList, path: string, text: string): void {
  const file = list.add("open", path, O_WRONLY_CLOEXEC);
  list.add("write", file, text, text.length);
}

function nameHost(list: CallList): void {
  list.add("sethostname", "localhost", "localhost".length);
  list.add("setdomainname", "(none)", "(none)".length);
}

function raiseLoopback(list: CallList): void {
  // `struct ifreq` (linux/if.h): a name of 16 bytes, then IFF_UP and IFF_LOOPBACK.
  const request = Buffer.alloc(40);
  request.write("lo");
  request.writeUInt16LE(9, 16);
  const socket = list.add("socket", AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  list.add("ioctl", socket, SIOCSIFFLAGS, request);
}

/** Mount `/proc` with the processes of the caller's pid namespace, and shut what could be set there. */
function mountProc(list: CallList, root: string, covered: readonly string[]): void {
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
}

function dropCapabilities(list: CallList): void {
  // _LINUX_CAPABILITY_VERSION_3 for itself, and three sets of 64 bits.
  list.add("capset", Buffer.from("2205082000000000", "hex"), Buffer.alloc(24));
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
