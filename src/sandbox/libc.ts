/** What sandboxes need of Linux that Node does not have. */
import { Buffer } from "node:buffer";
import { CleaveError, encodeText } from "../base/index.ts";
import { describeErrno, libcWith } from "../base/libc.ts";

const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const SIG_BLOCK = 0;
const SIG_SETMASK = 2;
const WNOHANG = 1;
const ADDR_NO_RANDOMIZE = 0x0040000n;
const RLIMIT_CORE = 4;
const FUTEX_WAKE_PRIVATE = 129;
/** Of x86-64. */
const SYS_futex = 202n;
const SYS_pidfd_open = 434n;
const SYS_close_range = 436n;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;

const libc = libcWith({
  mkfifo: { arguments: ["buffer", "u32"], return: "i32" },
  mmap: { arguments: ["u64", "u64", "i32", "i32", "i32", "i64"], return: "u64" },
  mprotect: { arguments: ["u64", "u64", "i32"], return: "i32" },
  clone: { arguments: ["u64", "u64", "i32", "u64"], return: "i32" },
  waitpid: { arguments: ["i32", "buffer", "i32"], return: "i32" },
  personality: { arguments: ["u64"], return: "i32" },
  getrlimit: { arguments: ["i32", "buffer"], return: "i32" },
  setrlimit: { arguments: ["i32", "buffer"], return: "i32" },
  prctl: { arguments: ["i32", "u64", "u64", "u64", "u64"], return: "i32" },
  pthread_sigmask: { arguments: ["i32", "buffer", "buffer"], return: "i32" },
  syscall: { arguments: ["i64", "u64", "i32", "i32"], return: "i64" },
});

/** Make a named pipe that only its owner can open. */
export function makePipe(path: string): void {
  if (libc().mkfifo(Buffer.concat([encodeText(path), Buffer.of(0)]), 0o600) === 0) return;
  throw new Error(`mkfifo ${path}: ${describeErrno(libc().errno())}`);
}

/** Give the address of a buffer's bytes, which stay there for as long as the buffer is reachable. */
export function addressOf(bytes: Buffer): number {
  return Number(libc().ffi.getRawPointer(bytes));
}

/** Put machine code into memory that can be run and no longer be written; gives its address. It stays for good. */
export function makeCode(code: Buffer): number {
  const { mmap, mprotect, ffi, errno } = libc();
  const size = BigInt(code.length);
  const place = mmap(0n, size, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0n);
  if (place === 0xffff_ffff_ffff_ffffn) throw new Error(`mmap: ${describeErrno(errno())}`);
  ffi.exportBuffer(code, place, code.length);
  if (mprotect(place, size, PROT_READ | PROT_EXEC) !== 0)
    throw new Error(`mprotect: ${describeErrno(errno())}`);
  return Number(place);
}

/** Let processes that will be started have the same addresses each time; a container may forbid it. */
export function fixAddresses(): void {
  libc().personality(ADDR_NO_RANDOMIZE);
}

/** Let no process that will be started leave a core dump, unless it asks for one. */
export function dumpNoCore(): void {
  libc().setrlimit(RLIMIT_CORE, coreLimits());
}

/**
 * Filter the system calls of this thread, and of all processes that it will start, by a program of classic BPF. Takes no new
 * privileges to be set already.
 */
export function loadFilter(program: Buffer): void {
  const { prctl, ffi, errno } = libc();
  // `struct sock_fprog` (linux/filter.h): the number of instructions, and where they are.
  const filter = Buffer.alloc(16);
  filter.writeUInt16LE(program.length / 8);
  filter.writeBigUInt64LE(ffi.getRawPointer(program), 8);
  if (prctl(PR_SET_SECCOMP, BigInt(SECCOMP_MODE_FILTER), ffi.getRawPointer(filter), 0n, 0n) !== 0)
    throw new CleaveError({
      code: "sandbox-unavailable",
      message: `the kernel takes no system call filter: ${describeErrno(errno())}`,
      hint: "it needs CONFIG_SECCOMP_FILTER",
    });
}

/** As large as any libc's set of signals. */
const everySignal = Buffer.alloc(128, 0xff);
const oldSignals = Buffer.alloc(128);
const nothing = Buffer.alloc(0);

export type CloneRequest = {
  /** The address of the code that the new process runs. */
  readonly code: number;
  /** What the code gets as its argument. */
  readonly argument: number;
  /** The end of memory for its stack, a multiple of 16. */
  readonly stack: number;
  /** CLONE_VM, SIGCHLD and what else clone(2) takes. */
  readonly flags: number;
};

/** Make a process that starts with all signals blocked. Gives its number, or an errno, negative. */
export function clone({ code, argument, stack, flags }: CloneRequest): number {
  const { pthread_sigmask, clone, errno } = libc();
  // A handler of Node's would run in the new process, in this one's memory.
  pthread_sigmask(SIG_BLOCK, everySignal, oldSignals);
  const pid = clone(BigInt(code), BigInt(stack), flags, BigInt(argument));
  const failed = pid < 0 ? -errno() : 0;
  pthread_sigmask(SIG_SETMASK, oldSignals, nothing);
  return failed < 0 ? failed : pid;
}

/** Wake who waits at an address by futex(2), with its private form. */
export function wake(address: number): void {
  libc().syscall(SYS_futex, BigInt(address), FUTEX_WAKE_PRIVATE, 1);
}

const status = Buffer.alloc(4);

/** Give how a child has ended, as wait4(2) tells it, once. `undefined` while it lives. */
export function statusOf(pid: number): number | undefined {
  const ended = libc().waitpid(pid, status, WNOHANG);
  if (ended === 0) return undefined;
  if (ended < 0) throw new Error(`waitpid ${pid}: ${describeErrno(libc().errno())}`);
  return status.readInt32LE();
}

/** Open a descriptor of this process that can be read from once it is gone; `undefined` before Linux 5.3. */
export function openSelf(): number | undefined {
  const fd = Number(libc().syscall(SYS_pidfd_open, BigInt(process.pid), 0, 0));
  return fd < 0 ? undefined : fd;
}

/** Whether there is close_range(2), as from Linux 5.9 on. */
export function canCloseRange(): boolean {
  return libc().syscall(SYS_close_range, 0xffff_ffffn, -1, 0) === 0n;
}

/** Give the limits of core dumps, `struct rlimit` (sys/resource.h), with none for those who do not ask for one. */
export function coreLimits(): Buffer {
  const limits = Buffer.alloc(16);
  libc().getrlimit(RLIMIT_CORE, limits);
  limits.writeBigUInt64LE(0n, 0);
  return limits;
}
