/** The options of every command that prints hashes. */
import { CleaveError, quote } from "../base/index.ts";
import { type HashAlgorithm, type HashFormat, parseHashAlgorithm } from "../nix/hash.ts";
import type { Arguments, Option } from "./command.ts";
import { readValue } from "./option-value.ts";

const formats: Readonly<Record<string, HashFormat>> = {
  base16: "base16",
  base32: "nix32",
  base64: "base64",
  sri: "sri",
};

export const hashFormatOptions: Readonly<Record<string, Option>> = {
  base16: { type: "boolean", summary: "print the hash in base-16" },
  base32: { type: "boolean", summary: "print the hash in Nix's base-32" },
  base64: { type: "boolean", summary: "print the hash in base-64" },
  sri: { type: "boolean", summary: "print the hash in SRI format (the default)" },
};

/** The names that Nix has had for the option that says the algorithm. */
const typeNames = ["type", "algo", "hash-algo"] as const;

/** Make the option that says the algorithm, under each of its names; `what` completes its summary. */
export function hashTypeOption(what: string): Readonly<Record<(typeof typeNames)[number], Option>> {
  const same: Option = { type: "string", value: "ALGO", summary: "the same, as newer Nix calls it" };
  return { type: { ...same, summary: `md5, sha1, sha256 or sha512${what}` }, algo: same, "hash-algo": same };
}

/** Say in which format the arguments want a hash. Throws `cli-usage` where they want two. */
export function readHashFormat({ flag }: Arguments): HashFormat {
  const [wanted = "sri", other] = Object.keys(formats).filter(flag);
  if (other !== undefined)
    throw new CleaveError({
      code: "cli-usage",
      message: `a hash is printed in one format, not with both --${wanted} and --${other}`,
    });
  return formats[wanted] ?? "sri";
}

/** Say which algorithm the arguments want, if they say it. Throws `cli-usage` where there is none such or they want two. */
export function readHashType({ value }: Arguments): HashAlgorithm | undefined {
  const [first, ...others] = typeNames.flatMap((name) => {
    const text = value(name);
    return text === undefined ? [] : [{ name, text }];
  });
  if (first === undefined) return undefined;
  for (const { name, text } of others)
    if (text !== first.text)
      throw new CleaveError({
        code: "cli-usage",
        message: `--${first.name} and --${name} are the same option, and here they are ${quote(first.text)} and ${quote(text)}`,
      });
  return readValue(first.name, first.text, parseHashAlgorithm);
}
