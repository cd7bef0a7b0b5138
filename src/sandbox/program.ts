/** Says why a program cannot be started, before a sandbox is made for it: the kernel's own answer is one word. */
import { accessSync, closeSync, constants, openSync, readdirSync, readSync } from "node:fs";
import { CleaveError, encodeText, quote } from "../base/index.ts";
import { refuse, type SandboxSpec } from "./spec.ts";
import { type Found, makeView } from "./view.ts";

/** Names of ELF machines that people meet (e_machine). */
const machines: Readonly<Record<number, string>> = {
  3: "i386",
  8: "MIPS",
  20: "PowerPC",
  21: "PowerPC64",
  22: "S/390",
  40: "ARM",
  62: "x86-64",
  183: "AArch64",
  243: "RISC-V",
  258: "LoongArch",
};

/** What a kernel runs by itself, by the name that Node has for its machine. */
const native: Readonly<Record<string, readonly number[]>> = { x64: [62, 3], arm64: [183, 40] };

/** Check the program, what interprets it, and the working directory. Throws `sandbox-program`, `sandbox-spec`. */
export function checkProgram(spec: SandboxSpec): void {
  const view = makeView(spec);
  checkFile(view, spec.program, `the program ${quote(spec.program)}`, 0);
  const cwd = view(spec.cwd);
  const made = ["/", "/tmp", "/dev/shm", "/bin", "/etc", "/nix"].includes(spec.cwd);
  if (!made && !(cwd.found && cwd.status.isDirectory()))
    refuse(
      `the working directory ${quote(spec.cwd)} is no folder in the sandbox`,
      "the usual one is /build",
      cwd.found ? cwd.host : undefined,
    );
}

function checkFile(view: (inside: string) => Found, inside: string, what: string, depth: number): void {
  const file = view(inside);
  if (!file.found)
    fail(
      `${what} is not in the sandbox: ${file.reason}${file.at === inside ? "" : ` at ${quote(file.at)}`}`,
      "the process sees its inputs, /build and /bin/sh; add the store path that holds the program to its inputs",
    );
  if (!file.status.isFile()) fail(`${what} is not a file`, "name the program itself", file.host);
  try {
    accessSync(encodeText(file.host), constants.X_OK);
  } catch {
    fail(`${what} is not executable`, "chmod +x it before it is added to the store", file.host);
  }
  const head = readHead(file.host);
  if (head === undefined) return;
  if (head.length >= 2 && head[0] === 0x23 && head[1] === 0x21) {
    const end = head.indexOf(0x0a);
    const line = head.toString("latin1", 2, end < 0 ? 256 : Math.min(end, 256)).trim();
    const interpreter = line.split(/[ \t]/)[0] ?? "";
    if (interpreter === "") fail(`${what} starts with #! and names no interpreter`, "name one", file.host);
    // The kernel follows four interpreters of interpreters (fs/exec.c).
    if (depth >= 4) fail(`${what} has too many interpreters of interpreters`, "name a binary", file.host);
    if (interpreter.startsWith("/"))
      checkFile(view, interpreter, `the interpreter ${quote(interpreter)} of ${inside}`, depth + 1);
    return;
  }
  checkElf(view, head, { inside, what, host: file.host });
}

type Subject = { readonly inside: string; readonly what: string; readonly host: string };

/** Follows the ELF header and its PT_INTERP, where they are in the first bytes of the file. */
function checkElf(view: (inside: string) => Found, head: Buffer, { inside, what, host }: Subject): void {
  const foreign = hasForeignFormats();
  if (head.length < 52 || head.toString("latin1", 0, 4) !== "\x7fELF") {
    if (foreign) return;
    fail(
      `${what} is neither an ELF binary nor a script`,
      "a script starts with #! and the path of its interpreter",
      host,
    );
  }
  const wide = head[4] === 2;
  const little = head[5] === 1;
  const u16 = (at: number) => (little ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const machine = u16(18);
  if (!(native[process.arch] ?? []).includes(machine)) {
    if (foreign) return;
    fail(
      `${what} is for ${machines[machine] ?? `the ELF machine ${machine}`}, which this machine (${process.arch}) does not run`,
      "build it on such a machine, or install qemu-user with binfmt_misc",
      host,
    );
  }
  if (!little) return;
  const u32 = (at: number) => (at + 4 <= head.length ? head.readUInt32LE(at) : 0);
  const table = u32(wide ? 32 : 28);
  const size = u16(wide ? 54 : 42);
  const count = u16(wide ? 56 : 44);
  for (let index = 0; index < count; index += 1) {
    const at = table + index * size;
    if (u32(at) !== 3) continue;
    const start = u32(at + (wide ? 8 : 4));
    const end = head.indexOf(0, start);
    if (end <= start) return;
    const loader = head.toString("utf8", start, end);
    if (!view(loader).found)
      fail(
        `the loader ${quote(loader)} of ${inside} is not in the sandbox`,
        "link the program against a C library of its inputs, or statically",
        host,
      );
    return;
  }
}

/** Whether the kernel was told of formats of others, such as binaries that qemu runs. */
function hasForeignFormats(): boolean {
  try {
    return readdirSync("/proc/sys/fs/binfmt_misc").some((name) => name !== "register" && name !== "status");
  } catch {
    return false;
  }
}

function readHead(host: string): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(encodeText(host), "r");
  } catch {
    // Executable and not readable: the kernel will see.
    return undefined;
  }
  try {
    const head = Buffer.alloc(4096);
    return head.subarray(0, readSync(descriptor, head, 0, head.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

function fail(message: string, hint: string, file?: string): never {
  throw new CleaveError({
    code: "sandbox-program",
    message,
    hint,
    location: file === undefined ? undefined : { file },
  });
}
