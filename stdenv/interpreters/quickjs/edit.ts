/** Changes in the content of files, byte by byte: modes stay as they are, and times where that is asked for. */
import * as native from "cleave:native";
import { PhaseFailure, quote } from "./failure.ts";
import { readStart } from "./files.ts";
import { replaceTexts } from "./replace.ts";
import { parseShebang } from "./shebang.ts";
import { rawBytes, rawText } from "./text.ts";

export type EditOptions = {
  /** Whether the time of the last change stays, as `make` may want; it does not by default. */
  readonly keepTime?: boolean;
  /** Whether a text that is not there is no failure. */
  readonly optional?: boolean;
};

/**
 * Replace texts in files, all at once from left to right; where several begin at one place the longest is taken. Fails with
 * file and text where one is not found in a file.
 */
export function substitute(
  files: string | readonly string[],
  replacements: Readonly<Record<string, string>>,
  options: EditOptions = {},
): void {
  for (const file of typeof files === "string" ? [files] : files) {
    const { text, missing } = replaceTexts(rawText(new Uint8Array(native.readFile(file))), replacements);
    const [first] = missing;
    if (first !== undefined && options.optional !== true)
      throw new PhaseFailure(
        `${file} does not hold ${quote(first)}, which was to be replaced`,
        "mend the text, or say optional: true",
      );
    if (missing.length < Object.keys(replacements).length) overwrite(file, rawBytes(text), options);
  }
}

/** Say what a file's first line names as its interpreter: the line without `#!`; `undefined` where it is no script. */
function readShebang(file: string): string | undefined {
  const start = readStart(file, 512);
  return start.startsWith("#!") ? start.slice(2).split("\n", 1)[0] : undefined;
}

/**
 * Have scripts name programs by the paths that `find` gives for their names; those that it does not know stay as they are, and so
 * do scripts that name a program in the store. Gives the names that it did not know. Modes and times stay.
 */
export function patchShebangs(
  files: readonly string[],
  find: (program: string) => string | undefined,
): string[] {
  const unknown = new Set<string>();
  for (const file of files) {
    if (native.lstat(file)?.type !== "file") continue;
    const line = readShebang(file);
    const parsed = line === undefined ? undefined : parseShebang(line);
    if (line === undefined || parsed === undefined) continue;
    const program = find(parsed.program);
    if (program === undefined) {
      unknown.add(parsed.program);
      continue;
    }
    const raw = rawText(new Uint8Array(native.readFile(file)));
    const first = `#!${program}${parsed.argument === "" ? "" : ` ${parsed.argument}`}`;
    overwrite(file, rawBytes(first + raw.slice(2 + line.length)), { keepTime: true });
  }
  return [...unknown];
}

/** Write a file's whole content, where its owner may not write it too. Its mode stays, its time where that is asked for. */
function overwrite(file: string, content: Uint8Array, { keepTime = false }: EditOptions): void {
  const before = native.lstat(file);
  if (before === null) throw new PhaseFailure(`there is no ${file}`);
  const locked = before.type === "file" && (before.mode & 0o200) === 0;
  if (locked) native.chmod(file, before.mode | 0o200);
  native.writeFile(file, content);
  if (locked) native.chmod(file, before.mode);
  if (keepTime) native.setTime(file, before.seconds, before.nanoseconds);
}
