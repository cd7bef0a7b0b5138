/** Platforms and their names. */
import { CleaveError, quote } from "../base/index.ts";
import type { Platform } from "./interface.ts";

const aliases: Readonly<Record<string, Platform>> = {
  "x86_64-linux": { cpu: "x86_64", kernel: "linux", abi: "musl" },
  "aarch64-linux": { cpu: "aarch64", kernel: "linux", abi: "musl" },
};

/** Read the name of a platform: `cpu-kernel`, or `cpu-kernel-abi`. Throws `package-platform`. */
export function parsePlatform(text: string): Platform {
  const known = aliases[text] ?? Object.values(aliases).find((each) => formatPlatform(each) === text);
  if (known !== undefined) return known;
  throw new CleaveError({
    code: "package-platform",
    message: `${quote(text)} is no platform that cleave knows`,
    hint: `there are ${Object.keys(aliases).join(", ")}`,
  });
}

/** Write a platform as `cpu-kernel-abi`, the triple of autoconf without its vendor. */
export function formatPlatform({ cpu, kernel, abi }: Platform): string {
  return `${cpu}-${kernel}-${abi}`;
}

/** Give what Nix calls a platform. */
export function nixSystem({ cpu, kernel }: Platform): string {
  return `${cpu}-${kernel}`;
}
