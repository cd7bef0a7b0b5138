/**
 * Lists of system calls, which a new process carries out one after the other until one of them makes it a program.
 *
 * The process shares this one's memory until then (CLONE_VM), so that making it costs nothing of what memory costs, and
 * runs no code of Node or libc, which could not bear that. What it runs is 108 bytes for x86-64, which use no stack:
 *
 *              mov  r12, rdi           the area
 *              lea  rbx, [r12+40]      the first call
 *     next:    mov  rax, [rbx]         its number
 *              test rax, rax
 *              js   jump
 *              mov  rdi, [rbx+8]       its arguments
 *              mov  rsi, [rbx+16]
 *              mov  rdx, [rbx+24]
 *              mov  r10, [rbx+32]
 *              mov  r8,  [rbx+40]
 *              mov  r9,  [rbx+48]
 *              syscall
 *              mov  rcx, [rbx+56]      where its result goes
 *              mov  [rcx], rax
 *              mov  rcx, [rbx+64]      1 where it may fail; beyond, where to go on if its result is 0
 *              add  rbx, 72
 *              test rax, rax
 *              js   failed
 *              jnz  next
 *              cmp  rcx, 1
 *              jbe  next
 *              mov  rbx, rcx
 *              jmp  next
 *     failed:  cmp  rcx, 1
 *              je   next
 *              mov  [r12], rax         an errno, negative
 *              mov  [r12+8], rbx       the end of the call that failed
 *              mov  eax, 231           exit_group(127)
 *              mov  edi, 127
 *              syscall
 *     jump:    mov  rbx, [rbx+8]
 *              jmp  next
 *
 * An area is words of 8 bytes: the errno, the end of the call, a place for results that nobody wants, whether there is more to do, how the
 * inner process has ended; the calls, 9 words each as above; bytes that they point to; the stack of libc's clone(). The first list
 * of an inner process ends with a call that waits for more, and with a jump: back to that call, until it leads to the second list.
 */
import { Buffer } from "node:buffer";
import { encodeText } from "../base/index.ts";
import { describeErrno } from "../base/libc.ts";
import { addressOf, clone, makeCode, statusOf, wake } from "./libc.ts";

const machineCode =
  "4989fc498d5c2428488b034885c07856488b7b08488b7310488b53184c8b53204c8b43284c8b4b300f05488b4b38488901488b4b" +
  "404883c3484885c0780d75c84883f90176c24889cbebbd4883f90174b74989042449895c2408b8e7000000bf7f0000000f05488b5b08eb9c";

/** Numbers of x86-64 (asm/unistd_64.h). */
const numbers = {
  jump: -1,
  write: 1,
  open: 2,
  close: 3,
  poll: 7,
  rt_sigaction: 13,
  rt_sigprocmask: 14,
  ioctl: 16,
  dup2: 33,
  socket: 41,
  clone: 56,
  execve: 59,
  wait4: 61,
  chdir: 80,
  umask: 95,
  setsid: 112,
  capset: 126,
  personality: 135,
  pivot_root: 155,
  prctl: 157,
  setrlimit: 160,
  mount: 165,
  umount2: 166,
  sethostname: 170,
  setdomainname: 171,
  futex: 202,
  exit_group: 231,
  unshare: 272,
  close_range: 436,
} as const;

type Name = keyof typeof numbers;

/** A number; a text, whose address is passed, with a NUL at its end; or bytes, whose address is passed. */
type Plain = number | string | Buffer;
/** An array of numbers and addresses, a word each, with a null pointer at its end. */
type Words = { readonly words: readonly Plain[] };
/** What an earlier call gave, for one later call. */
type Result = { readonly resultOf: Call };
type Argument = Plain | Words | Result;

type Call = {
  readonly name: Name;
  readonly args: readonly Argument[];
  readonly mayFail: boolean;
};

export type CallList = {
  readonly add: (name: Name, ...args: Argument[]) => Result;
  /** Add a call whose failure changes nothing. */
  readonly try: (name: Name, ...args: Argument[]) => void;
  readonly calls: readonly Call[];
};

/** Whether this machine's processes can carry out lists. */
export const hasSystemCalls: boolean = process.arch === "x64" && process.platform === "linux";

export function makeCallList(): CallList {
  const calls: Call[] = [];
  return {
    calls,
    add: (name, ...args) => {
      const call: Call = { name, args, mayFail: false };
      calls.push(call);
      return { resultOf: call };
    },
    try: (name, ...args) => {
      calls.push({ name, args, mayFail: true });
    },
  };
}

/**
 * Two processes. The outer one is around the inner one, which it starts, waits for and ends with. Where it is in a pid
 * namespace of its own, nothing is left of the inner one and its children when it is gone.
 */
export type Request = {
  readonly outer: CallList;
  readonly inner: CallList;
  /** What the outer process does when it has started the inner one. */
  readonly afterwards: CallList;
  /** New namespaces by the flags of clone(2). */
  readonly outerNamespaces: number;
  readonly innerNamespaces: number;
};

export type Process = {
  /** The outer process; `undefined` where there can be none. */
  readonly pid: number | undefined;
  /** Have the inner process carry out its second and last list. */
  readonly goOn: (list: CallList) => void;
  /**
   * Say how the inner process has ended, as a shell does: its exit code, or 128 and the signal's number. `undefined` while
   * the outer process lives; to be called once it does not any more, and never again.
   */
  readonly end: () => number | undefined;
  /** Say what failed and why, where there is no process or it has ended because of that. */
  readonly failure: () => string | undefined;
};

const trash = 16;
const flag = 24;
const innerStatus = 32;
const header = 40;
const callSize = 72;
const stackSize = 4096;
const CLONE_VM = 0x100;
const SIGCHLD = 17;
const FUTEX_WAIT_PRIVATE = 128;
const notEnded = 0xffff_ffff;

/** For a list that has not made the process a program. */
const exit: Call = { name: "exit_group", args: [0], mayFail: true };

let code: number | undefined;

/**
 * Start a process and another one in it, which carries out its first list and then waits. Hold on to what this gives until the
 * process has ended.
 */
export function startProcess(request: Request): Process {
  const outer: Call[] = [
    ...request.outer.calls,
    { name: "clone", args: [CLONE_VM | SIGCHLD | request.innerNamespaces, 0, 0, 0, 0], mayFail: false },
    ...request.afterwards.calls,
    { name: "wait4", args: [-1, 0, 0, 0], mayFail: false },
    exit,
  ];
  const calls: Call[] = [
    ...outer,
    ...request.inner.calls,
    // Waits while the flag is 0; where it is not any more, there is nothing to wait for.
    { name: "futex", args: [0, FUTEX_WAIT_PRIVATE, 0, 0], mayFail: true },
    { name: "jump", args: [0], mayFail: true },
  ];
  const area = layOut(calls);
  const start = addressOf(area);
  const place = (index: number): number => header + index * callSize;
  const point = (at: number, to: number): void => {
    area.writeBigUInt64LE(BigInt(to), at);
  };
  point(place(request.outer.calls.length) + 64, start + place(outer.length));
  point(place(outer.length - 2) + 16, start + innerStatus);
  const wait = place(calls.length - 2);
  point(wait + 8, start + flag);
  const target = wait + callSize + 8;
  point(target, start + wait);
  area.writeUInt32LE(notEnded, innerStatus);
  code ??= makeCode(Buffer.from(machineCode, "hex"));
  const stack = Math.floor((start + area.length) / 16) * 16;
  const flags = CLONE_VM | SIGCHLD | request.outerNamespaces;
  const pid = clone({ code, argument: start, stack, flags });
  if (pid < 0) {
    const failure = `clone, for a process in new namespaces: ${describeErrno(-pid)}`;
    return { pid: undefined, goOn: () => {}, end: () => undefined, failure: () => failure };
  }
  const parts: { readonly calls: readonly Call[]; readonly area: Buffer }[] = [{ calls, area }];
  return {
    pid,
    goOn: (list) => {
      const rest = layOut([...list.calls, exit]);
      parts.push({ calls: list.calls, area: rest });
      point(target, addressOf(rest) + header);
      area.writeUInt32LE(1, flag);
      wake(start + flag);
    },
    end: () => {
      const status = statusOf(pid);
      const inner = area.readUInt32LE(innerStatus);
      return status === undefined ? undefined : codeOf(inner === notEnded ? status : inner);
    },
    failure: () => {
      const errno = -area.readInt32LE(0);
      if (errno === 0) return undefined;
      const after = Number(area.readBigUInt64LE(8));
      for (const part of parts) {
        const failed = part.calls[(after - addressOf(part.area) - header) / callSize - 1];
        if (failed !== undefined) return `${describeCall(failed)}: ${describeErrno(errno)}`;
      }
      return describeErrno(errno);
    },
  };
}

/** Give an exit code, or 128 and a signal's number, of a status of wait4(2). */
function codeOf(status: number): number {
  return (status & 0x7f) === 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
}

function describeCall({ name, args }: Call): string {
  return [name, ...args.filter((each) => typeof each === "string")].join(" ");
}

/** Make the area for a list. */
function layOut(calls: readonly Call[]): Buffer {
  let end = header + calls.length * callSize;
  const places = new Map<Argument, number>();
  const reserve = (item: Argument, length: number): void => {
    places.set(item, end);
    end += Math.ceil(length / 8) * 8;
  };
  const contents: { readonly item: Argument; readonly bytes: Buffer }[] = [];
  const arrays: Words[] = [];
  const place = (item: Argument): void => {
    if (typeof item === "number" || places.has(item)) return;
    if (typeof item === "string" || Buffer.isBuffer(item)) {
      const bytes = typeof item === "string" ? encodeText(item) : item;
      contents.push({ item, bytes });
      // A text's NUL is what the area is filled with.
      reserve(item, bytes.length + 1);
    } else if ("words" in item) {
      for (const each of item.words) place(each);
      arrays.push(item);
      reserve(item, 8 * (item.words.length + 1));
    }
  };
  for (const { args } of calls) for (const arg of args) place(arg);
  const area = Buffer.alloc(end + stackSize);
  const start = addressOf(area);
  const halves = new Uint32Array(area.buffer, area.byteOffset, end / 4);
  const write = (at: number, word: number): void => {
    const high = Math.floor(word / 2 ** 32);
    halves[at / 4] = word - high * 2 ** 32;
    halves[at / 4 + 1] = high;
  };
  const placeOf = (item: Argument): number => places.get(item) ?? 0;
  const wordOf = (item: Argument): number => (typeof item === "number" ? item : start + placeOf(item));
  for (const { item, bytes } of contents) bytes.copy(area, placeOf(item));
  for (const array of arrays)
    for (const [index, item] of array.words.entries()) write(placeOf(array) + 8 * index, wordOf(item));
  const callPlaces = new Map<Call, number>();
  for (const [index, call] of calls.entries()) {
    const { name, args, mayFail } = call;
    const at = header + index * callSize;
    callPlaces.set(call, at);
    write(at, numbers[name]);
    write(at + 56, start + trash);
    write(at + 64, mayFail ? 1 : 0);
    for (const [number, arg] of args.entries()) {
      const argument = at + 8 + 8 * number;
      if (typeof arg === "object" && "resultOf" in arg)
        write((callPlaces.get(arg.resultOf) ?? 0) + 56, start + argument);
      else write(argument, wordOf(arg));
    }
  }
  return area;
}
