/** Says why a sandbox could not be made, and what of the system forbids it. */
import { readFileSync } from "node:fs";
import { CleaveError } from "../base/index.ts";

/** Settings of Linux that forbid user namespaces: path, the value that does, and what mends it. */
const settings: readonly (readonly [path: string, value: string, remedy: string])[] = [
  ["/proc/sys/user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"],
  ["/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"],
  [
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "1",
    "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
  ],
];

/**
 * Turn what an engine said into an error: `sandbox-unavailable` where a setting forbids namespaces, else
 * `sandbox-setup`. `read` gives the text of a file, or undefined.
 */
export function describeFailure(said: string, read: (path: string) => string | undefined): CleaveError {
  const lines = said
    .replaceAll("\0", "")
    .split("\n")
    .filter((line) => line !== "");
  const text = lines.slice(0, 5).join("; ") || "it said nothing";
  if (/namespace|unshare|clone/i.test(said)) {
    const found = settings.filter(([path, value]) => read(path)?.trim() === value);
    if (found.length > 0)
      return new CleaveError({
        code: "sandbox-unavailable",
        message: `this system lets nobody make user namespaces (${found.map(([path, value]) => `${path} is ${value}`).join(", ")}), and without them there is no sandbox: ${text}`,
        hint: `as root, run: ${found.map(([, , remedy]) => remedy).join(" && ")}`,
      });
  }
  return new CleaveError({
    code: "sandbox-setup",
    message: `the sandbox could not be made: ${text}`,
    hint: "docs/sandbox.md says what it needs; in a container it needs the right to mount and to make namespaces",
  });
}

/** Read a file, if it can be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
