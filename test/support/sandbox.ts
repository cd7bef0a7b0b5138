/** Programs that run inside sandboxes: a static busybox and the host's perl, for what no shell can do. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { SandboxInput } from "../../src/sandbox/index.ts";

const busybox = ["/bin/busybox", "/usr/bin/busybox"].find(isStatic);
if (busybox === undefined && process.env["CI"] === "true")
  throw new Error(
    "a static busybox is missing, and the sandbox's tests run nothing without it: apt-get install busybox-static",
  );

/** Options for `test()`: skips loudly where there is no static busybox. */
export const needsBusybox: { readonly skip: string | false } = {
  skip: busybox === undefined ? "no static busybox (apt-get install busybox-static)" : false,
};

/** Make the input `/nix/store/tools`, whose `bin` has every applet of busybox. */
export function busyboxTools(folder: string): SandboxInput {
  const host = join(folder, "tools");
  mkdirSync(join(host, "bin"), { recursive: true });
  if (busybox !== undefined) {
    copyFileSync(busybox, join(host, "bin/busybox"));
    chmodSync(join(host, "bin/busybox"), 0o555);
    for (const applet of execFileSync(busybox, ["--list"], { encoding: "utf8" }).split("\n"))
      if (applet !== "" && applet !== "busybox") symlinkSync("busybox", join(host, "bin", applet));
  }
  return { host, inside: "/nix/store/tools" };
}

export type Perl = { readonly inputs: readonly SandboxInput[]; readonly command: readonly string[] };

/** The host's perl as inputs, and the words that start it inside, after which its arguments come. */
export function hostPerl(): Perl | undefined {
  const perl = "/usr/bin/perl";
  if (!existsSync(perl)) return undefined;
  const loader = /\/lib[\w/]*\/ld-linux[\w.-]+/.exec(readFileSync(perl).toString("latin1"))?.[0];
  if (loader === undefined || !existsSync(loader)) return undefined;
  const real = realpathSync(loader);
  return {
    inputs: [
      { host: dirname(real), inside: "/nix/store/libraries" },
      { host: realpathSync(perl), inside: "/nix/store/perl" },
    ],
    command: [
      real.replace(dirname(real), "/nix/store/libraries"),
      "--library-path",
      "/nix/store/libraries",
      "/nix/store/perl",
    ],
  };
}

function isStatic(path: string): boolean {
  if (!existsSync(path)) return false;
  return !readFileSync(path).toString("latin1").includes("/ld-linux");
}
