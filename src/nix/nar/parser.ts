/**
 * Reads a NAR that comes in chunks of any size, for the grammar and limits of `format.ts`.
 *
 * No recursion. What is kept is one string that a chunk border cut, and the names on the way to the current node:
 * a few KiB for usual trees, at most some 40 MiB whatever comes.
 */
import { Buffer } from "node:buffer";
import { decodeText, quote } from "../../base/index.ts";
import {
  faultOfName,
  faultOfTarget,
  longestName,
  longestTarget,
  type NarEvent,
  paddingOf,
  strings,
} from "./format.ts";
import { checkPadding, malformed, oneOf, tooLarge, unexpected } from "./parse-error.ts";
import { trail } from "./trail.ts";

export type NarParser = {
  /**
   * Take the next bytes; gives how many of them were used: all, unless the NAR ended before.
   * Throws `nar-malformed` or `nar-too-large` with the offset; after that the parser is of no use.
   */
  readonly push: (chunk: Uint8Array) => number;
  /** Say that no more bytes come. Throws `nar-malformed` if the NAR is not whole. */
  readonly end: () => void;
  readonly done: () => boolean;
};

/** Fixed strings that may come next. */
type Choice = { readonly name: ChoiceName; readonly words: readonly string[]; readonly bytes: Buffer };
type ChoiceName =
  | "opening"
  | "node"
  | "regular"
  | "symlink"
  | "directory"
  | "contents"
  | "executable"
  | "entry"
  | "end"
  | "close";

type Awaited =
  | { readonly kind: "one of"; readonly choices: readonly Choice[] }
  | { readonly kind: "length"; readonly of: "name" | "target" | "contents" }
  | { readonly kind: "name" | "target"; readonly length: number }
  | { readonly kind: "contents" }
  | { readonly kind: "padding" }
  | { readonly kind: "nothing" };

function choice(name: ChoiceName, ...words: string[]): Choice {
  return { name, words, bytes: strings(...words) };
}

// Every list of choices differs in the first 16 bytes, and every choice has as many.
const opening = [choice("opening", "nix-archive-1", "(", "type")];
const node = [choice("node", "node", "(", "type")];
const kinds = [
  choice("regular", "regular"),
  choice("symlink", "symlink", "target"),
  choice("directory", "directory"),
];
const ofRegular = [choice("contents", "contents"), choice("executable", "executable", "", "contents")];
// A node in a folder is followed by the end of its entry.
const inFolder = [choice("end", ")", ")"), choice("entry", "entry", "(", "name")];
const inOutermost = [choice("end", ")"), choice("entry", "entry", "(", "name")];
const closeInner = [choice("close", ")", ")")];
const closeOuter = [choice("close", ")")];

/** Make a parser that hands each part of a NAR to `emit` as soon as it is there. */
export function narParser(emit: (event: NarEvent) => void): NarParser {
  let awaited: Awaited = { kind: "one of", choices: opening };
  /** How many bytes the next step takes. */
  let need = 16;
  /** Offset in the NAR of the first byte that no step has taken. */
  let offset = 0;
  let executable = false;
  let size = 0;
  /** Bytes of contents still to come. */
  let remaining = 0;
  const names = trail();
  // The start of a string whose rest is in the next chunk, and how much of it there is.
  const carry = Buffer.alloc(longestTarget + 8);
  let carried = 0;

  function expect(choices: readonly Choice[]): void {
    awaited = { kind: "one of", choices };
    need = 16;
  }

  function expectLength(of: "name" | "target" | "contents"): void {
    awaited = { kind: "length", of };
    need = 8;
  }

  /** Take `need` bytes of `from` at `at`; gives false where more are needed to tell. */
  function take(from: Buffer, at: number): boolean {
    switch (awaited.kind) {
      case "one of": {
        for (const { name, bytes } of awaited.choices) {
          if (need > bytes.length || from.compare(bytes, 0, need, at, at + need) !== 0) continue;
          if (need < bytes.length) {
            need = bytes.length;
            return false;
          }
          follow(name);
          return true;
        }
        throw unexpected(awaited.choices, from.subarray(at, at + need), offset, names.describe());
      }
      case "length":
        takeLength(awaited.of, from.readUInt32LE(at), from.readUInt32LE(at + 4));
        return true;
      case "name": {
        const name = from.subarray(at, at + awaited.length);
        const fault = faultOfName(name);
        if (fault !== undefined)
          throw malformed(`a name in ${names.describeFolder()} ${fault}: ${quote(decodeText(name))}`, offset);
        checkPadding(from.subarray(at + awaited.length, at + need), offset + awaited.length, names);
        const problem = names.rename(name);
        if (problem !== undefined) throw malformed(problem, offset);
        emit({ type: "entry", name });
        expect(node);
        return true;
      }
      case "target": {
        const target = from.subarray(at, at + awaited.length);
        const fault = faultOfTarget(target);
        if (fault !== undefined)
          throw malformed(`the target of the symlink ${names.describe()} ${fault}`, offset);
        checkPadding(from.subarray(at + awaited.length, at + need), offset + awaited.length, names);
        emit({ type: "symlink", target });
        afterNode();
        return true;
      }
      case "padding":
        checkPadding(from.subarray(at, at + need), offset, names);
        afterNode();
        return true;
      case "contents":
      case "nothing":
        throw new Error(`contents are not taken as a string`);
    }
  }

  function follow(name: ChoiceName): void {
    switch (name) {
      case "opening":
      case "node":
        expect(kinds);
        return;
      case "regular":
        expect(ofRegular);
        return;
      case "symlink":
        expectLength("target");
        return;
      case "contents":
      case "executable":
        executable = name === "executable";
        expectLength("contents");
        return;
      case "directory": {
        const problem = names.enter();
        if (problem !== undefined) throw tooLarge(problem, offset);
        emit({ type: "directory" });
        expect(names.depth() === 1 ? inOutermost : inFolder);
        return;
      }
      case "entry":
        expectLength("name");
        return;
      case "end":
        names.leave();
        emit({ type: "end" });
        afterClosed();
        return;
      case "close":
        afterClosed();
        return;
    }
  }

  function takeLength(of: "name" | "target" | "contents", low: number, high: number): void {
    const length = high * 2 ** 32 + low;
    if (of === "contents") {
      if (high >= 2 ** 21)
        throw tooLarge(
          `the contents of ${names.describe()} would have ${(BigInt(high) << 32n) + BigInt(low)} bytes, not less than 2^53`,
          offset,
        );
      emit({ type: "regular", executable, size: length, offset: offset + 8 });
      size = length;
      remaining = length;
      awaited = { kind: "contents" };
      if (length === 0) afterContents();
      return;
    }
    const longest = of === "name" ? longestName : longestTarget;
    if (length === 0 || length > longest)
      throw malformed(
        `${of === "name" ? `a name in ${names.describeFolder()}` : `the target of the symlink ${names.describe()}`} ${
          length === 0 ? "is empty" : `has ${(BigInt(high) << 32n) + BigInt(low)} bytes, more than ${longest}`
        }`,
        offset,
      );
    awaited = { kind: of, length };
    need = length + paddingOf(length);
  }

  function afterContents(): void {
    need = paddingOf(size);
    if (need === 0) afterNode();
    else awaited = { kind: "padding" };
  }

  /** Go on after the last part of a file or symlink. */
  function afterNode(): void {
    expect(names.depth() === 0 ? closeOuter : closeInner);
  }

  /** Go on after a node and the entry around it are closed. */
  function afterClosed(): void {
    if (names.depth() === 0) awaited = { kind: "nothing" };
    else expect(names.depth() === 1 ? inOutermost : inFolder);
  }

  function push(given: Uint8Array): number {
    const chunk = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
    let at = 0;
    while (awaited.kind !== "nothing") {
      if (awaited.kind === "contents") {
        const length = Math.min(remaining, chunk.length - at);
        if (length === 0) return at;
        emit({ type: "contents", bytes: chunk.subarray(at, at + length) });
        at += length;
        offset += length;
        remaining -= length;
        if (remaining === 0) afterContents();
        continue;
      }
      const wanted = need;
      if (carried === 0 && chunk.length - at >= wanted) {
        if (!take(chunk, at)) continue;
        at += wanted;
        offset += wanted;
        continue;
      }
      const length = Math.min(wanted - carried, chunk.length - at);
      chunk.copy(carry, carried, at, at + length);
      carried += length;
      at += length;
      if (carried < wanted) return at;
      if (!take(carry, 0)) continue;
      carried = 0;
      offset += wanted;
    }
    return at;
  }

  function end(): void {
    if (awaited.kind === "nothing") return;
    const missing =
      awaited.kind === "contents"
        ? `${remaining} of the ${size} bytes of ${names.describe()}`
        : awaited.kind === "one of"
          ? oneOf(awaited.choices.map(({ words }) => quote(words[0] ?? "")))
          : `a ${awaited.kind === "length" ? `length of ${awaited.of}` : awaited.kind} at ${names.describe()}`;
    throw malformed(`the NAR is cut off: it lacks ${missing}`, offset + carried);
  }

  return { push, end, done: () => awaited.kind === "nothing" };
}

/**
 * Hand each part of a NAR to `emit`, a turn for each chunk of the source; gives the size of the NAR in bytes.
 * Throws `nar-malformed`, also for bytes after the NAR, and `nar-too-large`.
 */
export async function* parseInTurns(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  emit: (event: NarEvent) => void,
): AsyncGenerator<undefined, number> {
  const parser = narParser(emit);
  let size = 0;
  for await (const chunk of source) {
    const used = parser.push(chunk);
    size += used;
    if (used < chunk.length) throw malformed("there are bytes after the end of the NAR", size);
    yield;
  }
  parser.end();
  return size;
}

/** Hand each part of a NAR to `emit`, as {@link parseInTurns}, in one go. */
export async function parseNar(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  emit: (event: NarEvent) => void,
): Promise<number> {
  const turns = parseInTurns(source, emit);
  for (;;) {
    const turn = await turns.next();
    if (turn.done === true) return turn.value;
  }
}
