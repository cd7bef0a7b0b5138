/** Makes sure that the runner is in a sandbox of its own: it kills processes and removes files, and trusts what it finds. */
import { lstat, pid } from "cleave:native";
import { getenv } from "std";
import { Failure } from "./failure.ts";
import { buildFolder, storeFolder } from "./places.ts";

/** Throw unless this process is the first one of a sandbox, with its own build folder and store. */
export function requireSandbox(): void {
  const refuse = (why: string): never => {
    throw new Failure(`the runner starts only in a sandbox, and ${why}`, {
      hint: "set `sandbox = true` in nix.conf: Debian's Nix has it off by default",
    });
  };
  const own = pid();
  if (own !== 1) refuse(`this is process ${own}, not process 1`);
  const top = getenv("NIX_BUILD_TOP");
  if (top !== buildFolder)
    refuse(top === undefined ? "NIX_BUILD_TOP is not set" : `the build folder is ${top}, not ${buildFolder}`);
  for (const path of [`${storeFolder}/.links`, "/nix/var/nix/db"])
    if (lstat(path) !== null) refuse(`the store is not private: there is ${path}`);
}
