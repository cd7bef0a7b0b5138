/** The C compiler of the machine, for tests of programs in C without the bootstrap. */
import { execFileSync, spawnSync } from "node:child_process";

const found = spawnSync("cc", ["--version"]).status === 0;
if (!found && process.env["CI"] === "true") throw new Error("there is no C compiler `cc` on this machine");

/** Options for `test()`: skips loudly where the machine has no C compiler. */
export const needsHostCompiler: { readonly skip: string | false } = {
  skip: found ? false : "there is no C compiler cc on this machine",
};

/** Compile a program, with all warnings as errors. */
export function compile(source: string, program: string, flags: readonly string[]): void {
  execFileSync("cc", ["-std=c11", "-Wall", "-Wextra", "-Werror", ...flags, source, "-o", program]);
}
