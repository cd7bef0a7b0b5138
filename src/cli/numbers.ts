/** Numbers as values of options: counts, sizes and times. Each reader throws `cli-usage`. */
import { CleaveError, quote } from "../base/index.ts";
import type { Arguments } from "./command.ts";

/** More than any option can mean, and far from where JavaScript's numbers end. */
const mostCount = 10 ** 15;
const mostBytes = 2 ** 50;
/** Eleven days: Node's timers end at 24. */
const mostSeconds = 10 ** 6;

/** Read a whole number from `least` on. */
export function readCount({ value }: Arguments, option: string, least: 0 | 1): number | undefined {
  const text = value(option);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^[0-9]+$/.test(text) && count >= least && count <= mostCount) return count;
  throw wrong(option, `a whole number from ${least} to ${mostCount}`, text);
}

/** Read a number of bytes, which may have a binary unit as in Nix: `K`, `M`, `G` or `T`. */
export function readBytes({ value }: Arguments, option: string): number | undefined {
  const text = value(option);
  if (text === undefined) return undefined;
  const [, digits = "", unit = ""] = /^([0-9]+)([KMGT]?)$/.exec(text.toUpperCase()) ?? [];
  const bytes = Number(digits) * 1024 ** ["", "K", "M", "G", "T"].indexOf(unit);
  if (digits !== "" && bytes <= mostBytes) return bytes;
  throw wrong(option, `a number of bytes up to ${mostBytes / 2 ** 40}T, such as 1048576, 1024K or 1M`, text);
}

/** Read a time in seconds, which may have a fraction. */
export function readSeconds({ value }: Arguments, option: string): number | undefined {
  const text = value(option);
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (/^[0-9]+(\.[0-9]+)?$/.test(text) && seconds > 0 && seconds <= mostSeconds) return seconds;
  throw wrong(option, `a number of seconds above 0 and up to ${mostSeconds}`, text);
}

function wrong(option: string, wanted: string, text: string): CleaveError {
  return new CleaveError({ code: "cli-usage", message: `--${option} takes ${wanted}, not ${quote(text)}` });
}
