/** The options of every command that prints hashes. */
import { CleaveError, quote } from "../base/index.ts";
import { type HashAlgorithm, type HashFormat, parseHashAlgorithm } from "../nix/hash.ts";
import type { Arguments, Option } from "./command.ts";

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

export const hashTypeOption: Readonly<Record<string, Option>> = {
  type: { type: "string", value: "ALGO", summary: "md5, sha1, sha256 (the default) or sha512" },
  algo: { type: "string", value: "ALGO", summary: "the same, by the name that newer Nix has for it" },
};

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

/**
 * Say which algorithm the arguments want. Throws `hash-malformed` where there is none such, `cli-usage` where they
 * want two.
 */
export function readHashType({ value }: Arguments): HashAlgorithm {
  const [type, algo] = [value("type"), value("algo")];
  if (type !== undefined && algo !== undefined && type !== algo)
    throw new CleaveError({
      code: "cli-usage",
      message: `--type and --algo are the same option, and here they are ${quote(type)} and ${quote(algo)}`,
    });
  return parseHashAlgorithm(type ?? algo ?? "sha256");
}
