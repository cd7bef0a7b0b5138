/**
 * The system call filter, as the program of classic BPF that seccomp(2) takes.
 *
 * An instruction is 8 bytes (linux/filter.h): code u16, jump if true u8, jump if false u8, operand u32. It reads
 * `struct seccomp_data` (linux/seccomp.h): call number u32 at 0, architecture u32 at 4, six arguments u64 from
 * 16. The helper loads it for itself, and what it starts inherits it; the kernel checks it then.
 *
 * What it does is what Nix's does (`setupSeccomp` in its local-derivation-goal): setting set-user-id and
 * set-group-id bits fails with EPERM, setting extended attributes with ENOTSUP. It also hides the kernel's
 * keyrings (ENOSYS), which are the caller's and which no namespace separates.
 */
import { Buffer } from "node:buffer";
import { endianness } from "node:os";

type Calls = {
  /** AUDIT_ARCH of linux/audit.h. */
  readonly arch: number;
  /** Call number, and which argument holds the mode. */
  readonly modes: readonly (readonly [call: number, argument: number])[];
  readonly attributes: readonly number[];
  readonly keyrings: readonly number[];
};

/** Call numbers by what a kernel for one machine runs: its own and its 32-bit ancestor's (asm/unistd.h). */
const tables: Readonly<Record<string, readonly Calls[]>> = {
  x64: [
    {
      arch: 0xc000003e,
      modes: [
        [90, 1],
        [91, 1],
        [268, 2],
        [452, 2],
      ],
      attributes: [188, 189, 190, 463],
      keyrings: [248, 249, 250],
    },
    {
      arch: 0x40000003,
      modes: [
        [15, 1],
        [94, 1],
        [306, 2],
        [452, 2],
      ],
      attributes: [226, 227, 228, 463],
      keyrings: [286, 287, 288],
    },
  ],
  arm64: [
    {
      arch: 0xc00000b7,
      modes: [
        [52, 1],
        [53, 2],
        [452, 2],
      ],
      attributes: [5, 6, 7, 463],
      keyrings: [217, 218, 219],
    },
    {
      arch: 0x40000028,
      modes: [
        [15, 1],
        [94, 1],
        [333, 2],
        [452, 2],
      ],
      attributes: [226, 227, 228, 463],
      keyrings: [309, 310, 311],
    },
  ],
};

const load = 0x20; // BPF_LD | BPF_W | BPF_ABS
const and = 0x54; // BPF_ALU | BPF_AND | BPF_K
const jumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const jumpIfAnyBit = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const give = 0x06; // BPF_RET | BPF_K
const allow = 0x7fff0000;
const fail = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;
const ENOTSUP = 95;
const setIdBits = 0o6000;
/** Marks a call by x32's convention, which has its own numbers only from 512 on. */
const x32Bit = 0x40000000;

/** Give the filter for a machine as Node names it (`x64`, `arm64`); undefined for one that is not known. */
export function systemCallFilter(machine: string): Buffer | undefined {
  const table = tables[machine];
  if (table === undefined) return undefined;
  const program: (readonly [code: number, ifTrue: number, ifFalse: number, operand: number])[] = [];
  for (const { arch, modes, attributes, keyrings } of table) {
    const body: typeof program = [
      [load, 0, 0, 0],
      ...(machine === "x64" ? [[and, 0, 0, ~x32Bit >>> 0] as const] : []),
    ];
    for (const [call, argument] of modes)
      body.push(
        [jumpIfEqual, 0, 4, call],
        // Modes are in the low half of the argument, and both machines are little-endian.
        [load, 0, 0, 16 + 8 * argument],
        [jumpIfAnyBit, 0, 1, setIdBits],
        [give, 0, 0, fail | EPERM],
        [give, 0, 0, allow],
      );
    for (const [calls, error] of [
      [attributes, ENOTSUP],
      [keyrings, ENOSYS],
    ] as const)
      for (const call of calls) body.push([jumpIfEqual, 0, 1, call], [give, 0, 0, fail | error]);
    body.push([give, 0, 0, allow]);
    program.push([load, 0, 0, 4], [jumpIfEqual, 0, body.length, arch], ...body);
  }
  program.push([give, 0, 0, allow]);
  const bytes = Buffer.alloc(program.length * 8);
  if (endianness() !== "LE") return undefined;
  program.forEach(([code, ifTrue, ifFalse, operand], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(operand >>> 0, index * 8 + 4);
  });
  return bytes;
}
