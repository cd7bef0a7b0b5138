/**
 * busybox: the shell, and a little of every tool that configure scripts and makefiles call. It is built without any of these:
 * configure makes the headers that its own makefiles would make by shell, sed and Kconfig.
 */
import { mkForce, uses } from "cleave/modules";
import { fetchTarball } from "cleave/package";
import { file, script } from "cleave/recipe";
import { standard } from "cleave/stdenv";
import { on, values } from "./config.ts";

const version = "1.35.0";

export default uses(standard).package("busybox", ({ define }) =>
  define({
    name: "busybox",
    version,
    source: fetchTarball({
      name: `busybox-source-${version}`,
      urls: [
        `https://busybox.net/downloads/busybox-${version}.tar.bz2`,
        `mirror://debian/pool/main/b/busybox/busybox_${version}.orig.tar.bz2`,
      ],
      hash: "sha256-+u6yRMNaNIozT0pZ5EYm7ocPsHtohNaMEK6LwZ+DppQ=",
    }),
    tools: { busybox: null, cc: "bootstrap.cc" },
    phases: {
      patch: mkForce(null),
      configure: {
        after: ["unpack"],
        script: script("configure.ts"),
        data: { on, values },
        result: { type: "object", properties: { sources: { type: "array", items: { type: "string" } } } },
      },
      build: {
        after: ["configure"],
        script: script("build.ts"),
        data: { shell: file("shell.c") },
        reads: ["configure"],
      },
      install: { after: ["build"], script: script("install.ts") },
      fixup: mkForce(null),
    },
    meta: {
      description: "A shell and many small tools in one program",
      homepage: "https://busybox.net/",
      license: ["GPL-2.0-only"],
    },
  }),
);
