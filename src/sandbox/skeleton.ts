/** What a sandbox's root is made of. */
import {
  chmodSync,
  closeSync,
  type Dirent,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { encodeText, quote } from "../base/index.ts";
import { inputName, type KnownInput, refuse, type SandboxSpec } from "./spec.ts";
import type { Mount } from "./table.ts";

/** The devices that a process sees, which are the host's. */
const devices = ["null", "zero", "full", "random", "urandom", "tty"] as const;

/** What name resolution and TLS need of the host: inside path, and the host's paths of which the first counts. */
const networkFiles: readonly (readonly [inside: string, ...host: string[]])[] = [
  ["/etc/resolv.conf", "/etc/resolv.conf"],
  ["/etc/services", "/etc/services"],
  ["/etc/hosts", "/etc/hosts"],
  [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
  ],
];

/**
 * List what of `/proc` is mounted over, read-only: what the host's root may write without any capability. Give the
 * text of `/proc/self/uid_map`; a process of another user can write none of it.
 */
export function coveredProc(uidMap: string): string[] {
  const [, outside] = uidMap.trim().split(/\s+/);
  if (outside !== "0") return [];
  return ["sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "mtrr", "scsi"]
    .map((name) => `/proc/${name}`)
    .filter(isWritable);
}

/** Whether a file, or one below a folder, has a mode that lets its owner write. */
function isWritable(path: string): boolean {
  try {
    const status = lstatSync(path);
    if (!status.isDirectory()) return status.isFile() && (status.mode & 0o200) !== 0;
    return readdirSync(path).some((name) => isWritable(`${path}/${name}`));
  } catch {
    return false;
  }
}

/** The parts of the root that differ between sandboxes. */
export type Kind = Pick<SandboxSpec, "network" | "shell">;

/** Give what makes the root of a kind of sandbox, in a folder, when it is first wanted. */
export function makeRoots(folder: string): (kind: Kind) => string {
  const roots = new Map<string, string>();
  let count = 0;
  return ({ network, shell }) => {
    const kind = `${network} ${shell !== undefined}`;
    const made = roots.get(kind);
    if (made !== undefined) return made;
    // A name of its own: one that could not be made whole is in the way of no other.
    const root = `${folder}/root-${count++}`;
    makeRoot(root, { network, shell });
    roots.set(kind, root);
    return root;
  };
}

/**
 * Make a root folder: mount points and the few files of `/etc`, which are those of Nix's sandbox. It is shared by
 * all sandboxes of a kind and mounted read-only. Its modes are the same whatever the umask.
 */
function makeRoot(root: string, { network, shell }: Kind): void {
  const makeFolder = (path: string): void => {
    mkdirSync(root + path);
    chmodSync(root + path, 0o755);
  };
  const makeFile = (path: string, text: string): void => {
    writeFileSync(root + path, text);
    chmodSync(root + path, 0o644);
  };
  for (const path of [
    "",
    "/build",
    "/dev",
    "/dev/pts",
    "/dev/shm",
    "/etc",
    "/nix",
    "/nix/store",
    "/proc",
    "/tmp",
  ])
    makeFolder(path);
  for (const name of devices) makeFile(`/dev/${name}`, "");
  symlinkSync("pts/ptmx", `${root}/dev/ptmx`);
  symlinkSync("/proc/self/fd", `${root}/dev/fd`);
  for (const [index, name] of ["stdin", "stdout", "stderr"].entries())
    symlinkSync(`/proc/self/fd/${index}`, `${root}/dev/${name}`);
  makeFile(
    "/etc/passwd",
    "root:x:0:0:Nix build user:/build:/noshell\n" +
      "nixbld:x:1000:100:Nix build user:/build:/noshell\n" +
      "nobody:x:65534:65534:Nobody:/:/noshell\n",
  );
  makeFile("/etc/group", "root:x:0:\nnixbld:!:100:\nnogroup:x:65534:\n");
  makeFile("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
  if (network) {
    makeFolder("/etc/ssl");
    makeFolder("/etc/ssl/certs");
    makeFile("/etc/nsswitch.conf", "hosts: files dns\nservices: files\n");
    for (const { target } of networkMounts()) makeFile(target, "");
  }
  if (shell !== undefined) {
    makeFolder("/bin");
    makeFile("/bin/sh", "");
  }
}

/** The read-only bind mounts of a kind of root, with targets inside. What the host has not had when the root was made is none. */
export function filesOfHost(
  { network, shell }: Kind,
  root: string,
): { readonly source: string; readonly target: string }[] {
  return [
    ...(shell === undefined ? [] : [{ source: shell, target: "/bin/sh" }]),
    ...(network ? networkMounts().filter(({ target }) => existsSync(root + target)) : []),
  ];
}

function networkMounts(): { readonly source: string; readonly target: string }[] {
  return networkFiles.flatMap(([target, ...hosts]) => {
    const host = hosts.find((path) => existsSync(path));
    return host === undefined ? [] : [{ source: realpathSync(host), target }];
  });
}

/**
 * Make what inputs are mounted on: an empty file or folder in the store folder for each. A symlink cannot be
 * mounted, so it is made there itself. What is there already stays. Throws `sandbox-spec`.
 */
export function makeMountPoints(store: string, inputs: readonly KnownInput[]): void {
  const there = new Map(readdirSync(store, { withFileTypes: true }).map((entry) => [entry.name, entry]));
  for (const input of inputs) {
    const name = inputName(input);
    const entry = there.get(name);
    if (entry !== undefined && fits(input, entry)) continue;
    const place = encodeText(`${store}/${name}`);
    try {
      if (input.kind === "folder") mkdirSync(place);
      else if (input.kind === "file") closeSync(openSync(place, "wx"));
      else symlinkSync(readlinkSync(encodeText(input.host), { encoding: "buffer" }), place);
    } catch (cause) {
      const found = lstatSync(place, { throwIfNoEntry: false });
      if (found !== undefined && fits(input, found)) continue;
      const what = found === undefined ? "cannot be made" : "is something else already";
      refuse(
        `the place of the input ${quote(input.inside)} in the store folder ${what}`,
        "give each sandbox a store folder of its own on a disk with space left",
        store,
        cause,
      );
    }
  }
}

function fits({ kind }: KnownInput, found: Dirent | Stats): boolean {
  switch (kind) {
    case "folder":
      return found.isDirectory();
    case "file":
      return found.isFile();
    case "symlink":
      return found.isSymbolicLink();
  }
}

type Place = {
  readonly root: string;
  /** Where on the host the sandbox's root will be mounted. */
  readonly target: string;
  readonly inputs: readonly KnownInput[];
  /** Gives the options of a read-only bind mount of a path. */
  readonly readOnly: (host: string) => string;
};

/** List the mounts that make a whole sandbox, all but `/proc`. */
export function rootMounts(spec: SandboxSpec, place: Place): Mount[] {
  return [...kindMounts(spec, place), ...ownMounts(spec, place)];
}

const bind = (source: string, target: string, options: string): Mount => ({
  source,
  target,
  type: "none",
  options,
});

/** List the mounts that all sandboxes of a kind have alike. */
export function kindMounts(kind: Kind, { root, target, readOnly }: Omit<Place, "inputs">): Mount[] {
  const memory = (inside: string): Mount => ({
    source: "tmpfs",
    target: `${target}${inside}`,
    type: "tmpfs",
    options: "nosuid,nodev,mode=1777",
  });
  return [
    bind(root, target, readOnly(root)),
    ...devices.map((name) => bind(`/dev/${name}`, `${target}/dev/${name}`, "bind")),
    {
      source: "devpts",
      target: `${target}/dev/pts`,
      type: "devpts",
      options: "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620",
    },
    memory("/dev/shm"),
    memory("/tmp"),
    ...filesOfHost(kind, root).map((file) => bind(file.source, target + file.target, readOnly(file.source))),
  ];
}

/** List the mounts that a sandbox does not share, which come after those of its kind. */
export function ownMounts(spec: SandboxSpec, { target, inputs, readOnly }: Omit<Place, "root">): Mount[] {
  return [
    bind(spec.build, `${target}/build`, "rbind"),
    bind(spec.store, `${target}/nix/store`, "rbind"),
    ...inputs
      .filter(({ kind }) => kind !== "symlink")
      .map(({ host, inside }) => bind(host, target + inside, readOnly(host))),
  ];
}
