/**
 * GNU make, built by make. Its source has no configure script: what that would find out of Linux with musl is said here, and
 * upstream's makefile for systems without one does the rest.
 */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { script } from "cleave/recipe";
import { cc, make } from "cleave/stdenv";

const version = "4.3";

export default uses(make, cc).package("make", ({ config, define }) =>
  define({
    name: "make",
    version,
    // Debian leaves out the manual for its licence, and with it the configure script.
    source: fetchUrl({
      name: `make-dfsg-${version}.tar.gz`,
      urls: [`mirror://debian/pool/main/m/make-dfsg/make-dfsg_${version}.orig.tar.gz`],
      hash: "sha256-vkwXVCV4gk50X4O80qm6JkIGGHJHy2pfXfmbCp0fkEc=",
    }),
    makefile: "Basic.mk",
    makeFlags: () => [
      `CC=${config.env["CC"]}`,
      `CFLAGS=${config.env["CFLAGS"]} -std=gnu99 -w`,
      `LDFLAGS=${config.env["LDFLAGS"]}`,
      "MAKE_HOST=Posix",
      "PREFIX=/usr/local",
    ],
    phases: {
      configure: { after: ["patch"], before: ["build"], script: script("configure.ts") },
      // Its own tests are in Perl.
      check: { script: script("check.ts") },
      install: { script: script("install.ts") },
    },
    meta: {
      description: "What carries out makefiles",
      homepage: "https://www.gnu.org/software/make/",
      license: ["GPL-3.0-or-later"],
    },
  }),
);
