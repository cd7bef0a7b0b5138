/**
 * Reads derivations as Nix stores them (ATerms).
 *
 *     derivation = "Derive(" fields ")" | "DrvWithVersion(" '"xp-dyn-drv"' "," fields ")"
 *     fields     = outputs "," inputs "," strings "," string "," string "," strings "," env
 *                  (the last four: sources, platform, builder, arguments)
 *     outputs    = list of "(" name "," path "," method algorithm "," hash ")"
 *     inputs     = list of "(" path "," wanted ")"
 *     wanted     = strings | "(" strings "," list of "(" name "," wanted ")" ")"     the second only versioned
 *     env        = list of "(" string "," string ")"
 *     list of x  = "[" [ x ( "," x )* ] "]"
 *     string     = '"' ( byte | "\n" | "\r" | "\t" | "\\" | "\"" )* '"'
 *
 * The output's three strings tell its kind: a path alone is input-addressed; all three fixed; method and
 * algorithm alone floating, with the hash `impure` impure; none deferred.
 *
 * The reader takes exactly what the writer writes, so that a file read and written again is the same bytes: lists
 * of names, paths and variables in the order of their bytes and each once, no other escapes, no raw newline, return
 * or tab where there is an escape for it, hashes in small base16, the versioned form only where it is needed. Nix
 * writes nothing else either, but reads more. Outputs of outputs nest {@link deepestInput} deep at most.
 */
import { Buffer, isAscii } from "node:buffer";
import { CleaveError, compareText, decodeText, quote } from "../../base/index.ts";
import { type Hash, type HashAlgorithm, hashAlgorithms, parseHash } from "../hash.ts";
import { isForeignStorePath, type StorePath } from "../store-path.ts";
import type { Derivation, InputOutputs, Output, OutputMethod } from "./type.ts";

/** How deep outputs of outputs may nest. */
const deepestInput = 1000;

/**
 * Read the bytes of a `.drv` file. `name` is that of its store path without `.drv`. Throws `derivation-syntax`
 * with the offset. What the derivation means is not looked at: that is `validate.ts`.
 */
export function parseDerivation(bytes: Uint8Array, name: string): Derivation {
  const cursor = makeCursor(bytes);
  const { expect, isNext, fail } = cursor;
  let versioned = false;
  if (isNext("DrvWithVersion(")) {
    expect("DrvWithVersion(");
    const start = cursor.offset();
    const version = cursor.plain();
    if (version !== "xp-dyn-drv")
      fail(`it is of the version ${quote(version)}, which there is not but xp-dyn-drv`, start);
    expect(",");
    versioned = true;
  } else expect("Derive(");

  const outputs = new Map<string, Output>();
  cursor.set("output", () => {
    expect("(");
    const output = cursor.plain();
    outputs.set(output, parseOutput(cursor));
    expect(")");
    return output;
  });
  expect(",");

  let dynamic = false;
  const wanted = (depth: number): InputOutputs => {
    if (depth > deepestInput) fail(`outputs of outputs nest more than ${deepestInput} deep`);
    if (!isNext("(")) return { outputs: cursor.set("output name", cursor.plain) };
    if (!versioned) fail("outputs of outputs need the form DrvWithVersion");
    dynamic = true;
    expect("(");
    const names = cursor.set("output name", cursor.plain);
    expect(",");
    const children = new Map<string, InputOutputs>();
    const start = cursor.offset();
    cursor.set("output", () => {
      expect("(");
      const output = cursor.plain();
      expect(",");
      children.set(output, wanted(depth + 1));
      expect(")");
      return output;
    });
    if (children.size === 0) fail("a list of outputs of outputs is empty", start);
    expect(")");
    return { outputs: names, dynamic: children };
  };
  const inputDrvs = new Map<StorePath, InputOutputs>();
  cursor.set("input derivation", () => {
    expect("(");
    const path = cursor.path();
    expect(",");
    inputDrvs.set(path, wanted(1));
    expect(")");
    return path;
  });
  if (versioned && !dynamic) fail("the form DrvWithVersion is for outputs of outputs, and there are none", 0);
  expect(",");
  const inputSrcs = cursor.set("source", cursor.path);
  expect(",");
  const platform = cursor.plain();
  expect(",");
  const builder = cursor.string();
  expect(",");
  const args = cursor.list(cursor.string);
  expect(",");
  const env = new Map<string, string>();
  cursor.set("variable", () => {
    expect("(");
    const variable = cursor.string();
    expect(",");
    env.set(variable, cursor.string());
    expect(")");
    return variable;
  });
  expect(")");
  cursor.end();
  return { name, outputs, inputDrvs, inputSrcs, platform, builder, args, env };
}

/** Split `r:sha256` into method and algorithm; `undefined` where it is not that. */
export function splitMethod(
  text: string,
): { readonly method: OutputMethod; readonly algorithm: HashAlgorithm } | undefined {
  const [prefix = "", method]: readonly [string, OutputMethod] = text.startsWith("r:")
    ? ["r:", "recursive"]
    : text.startsWith("text:")
      ? ["text:", "text"]
      : ["", "flat"];
  const algorithm = hashAlgorithms.find((each) => each === text.slice(prefix.length));
  return algorithm === undefined ? undefined : { method, algorithm };
}

function parseOutput(cursor: Cursor): Output {
  const { expect, fail, offset, plain } = cursor;
  expect(",");
  const pathAt = offset();
  const pathText = plain();
  expect(",");
  const methodAt = offset();
  const methodText = plain();
  expect(",");
  const hashAt = offset();
  const hashText = plain();
  const path = pathText === "" ? undefined : cursor.toPath(pathText, pathAt);
  if (methodText === "") {
    if (hashText !== "") fail("an output has a hash but no algorithm", hashAt);
    return path === undefined ? { type: "deferred" } : { type: "input-addressed", path };
  }
  const how = splitMethod(methodText);
  if (how === undefined)
    return fail(`${quote(methodText)} is no method and algorithm (such as sha256, r:sha256)`, methodAt);
  if (hashText === "" || hashText === "impure") {
    if (path !== undefined) fail("an output has a path although its hash is not known", pathAt);
    return { type: hashText === "" ? "floating" : "impure", ...how };
  }
  if (path === undefined) return fail("an output with a known hash has no path", pathAt);
  let hash: Hash | undefined;
  if (/^[0-9a-f]*$/.test(hashText) && hashText.length === hexLength[how.algorithm])
    hash = parseHash(hashText, how.algorithm);
  if (hash === undefined) return fail(`${quote(hashText)} is no ${how.algorithm} in small base16`, hashAt);
  return { type: "fixed", path, method: how.method, hash };
}

const hexLength: Readonly<Record<HashAlgorithm, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };

type Cursor = ReturnType<typeof makeCursor>;

/** Step through a file; every step throws `derivation-syntax` where the file does not go on as it must. */
function makeCursor(bytes: Uint8Array) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // One character per byte, so that indices are offsets.
  const text = buffer.toString("latin1");
  const ascii = isAscii(buffer);
  let at = 0;
  // Where the next backslash and the next raw control character are: both are rare, so they are looked for once.
  let backslash = find("\\", 0);
  let control = -1;

  function find(char: string, from: number): number {
    const found = text.indexOf(char, from);
    return found < 0 ? text.length : found;
  }
  function fail(message: string, offset = at): never {
    throw new CleaveError({
      code: "derivation-syntax",
      message: `this is no derivation: ${message}`,
      location: { offset },
    });
  }
  function decode(raw: string): string {
    return ascii || !/[\x80-\xff]/.test(raw) ? raw : decodeText(Buffer.from(raw, "latin1"));
  }
  function show(from: number, length: number): string {
    const part = text.slice(from, from + length).replace(/[^ -~]/g, "?");
    return part === "" ? "the end" : part;
  }
  function isNext(token: string): boolean {
    return text.startsWith(token, at);
  }
  function expect(token: string): void {
    if (!text.startsWith(token, at)) fail(`${token} must follow, not ${show(at, token.length)}`);
    at += token.length;
  }
  /** Find where the string that starts here closes, escapes not counted. */
  function open(): { start: number; end: number } {
    const start = at;
    expect('"');
    const end = text.indexOf('"', at);
    if (end < 0) fail("a string does not close", start);
    if (backslash < at) backslash = find("\\", at);
    return { start, end };
  }

  /** Read a string that Nix writes without escapes: a name, a path, a hash, the platform. */
  function plain(): string {
    const { end } = open();
    if (backslash < end) fail("a backslash stands in a string that has no escapes", backslash);
    const value = decode(text.slice(at, end));
    at = end + 1;
    return value;
  }

  function string(): string {
    const { start, end: first } = open();
    let end = first;
    let value = "";
    while (backslash < end) {
      value += text.slice(at, backslash);
      const char = escapes[text[backslash + 1] ?? ""];
      if (char === undefined)
        fail(
          backslash + 1 < text.length
            ? `a string has the escape ${quote(`\\${text[backslash + 1]?.replace(/[^ -~]/, "?")}`)}, which Nix does not write`
            : "a string does not close",
          backslash,
        );
      value += char;
      checkRaw(backslash);
      at = backslash + 2;
      if (end < at) end = text.indexOf('"', at);
      if (end < 0) fail("a string does not close", start);
      backslash = find("\\", at);
    }
    checkRaw(end);
    value += text.slice(at, end);
    at = end + 1;
    return decode(value);
  }
  function checkRaw(end: number): void {
    if (control < at) {
      rawControl.lastIndex = at;
      control = rawControl.exec(text)?.index ?? text.length;
    }
    if (control < end)
      fail("a newline, return or tab in a string stands as it is, where Nix writes an escape", control);
  }

  function toPath(path: string, offset: number): StorePath {
    return isForeignStorePath(path) ? path : fail(`${quote(path)} is no store path`, offset);
  }

  function list<T>(element: () => T): T[] {
    expect("[");
    const elements: T[] = [];
    if (isNext("]")) at += 1;
    else
      for (;;) {
        elements.push(element());
        if (isNext("]")) {
          at += 1;
          break;
        }
        if (!isNext(",")) fail(`a comma or ] must follow, not ${show(at, 1)}`);
        at += 1;
      }
    return elements;
  }

  return {
    fail,
    expect,
    isNext,
    plain,
    string,
    list,
    toPath,
    offset: () => at,
    path: (): StorePath => {
      const offset = at;
      return toPath(plain(), offset);
    },
    /** Read a list whose elements' keys stand in the order of their bytes, each once. */
    set: <T extends string>(what: string, element: () => T): T[] => {
      let last: string | undefined;
      return list(() => {
        const start = at;
        const key = element();
        const order = last === undefined ? -1 : compareText(last, key);
        if (order === 0) fail(`the ${what} ${quote(key)} stands twice`, start);
        if (order > 0) fail(`the ${what} ${quote(key)} is out of order, after ${quote(last ?? "")}`, start);
        last = key;
        return key;
      });
    },
    end: (): void => {
      if (at < text.length) fail(`it is over, but ${text.length - at} bytes follow`);
    },
  };
}

const rawControl = /[\n\r\t]/g;

const escapes: Readonly<Record<string, string>> = { '"': '"', "\\": "\\", n: "\n", r: "\r", t: "\t" };
