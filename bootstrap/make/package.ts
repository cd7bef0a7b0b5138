/**
 * GNU make, without make: this source has no configure script, and what it would find out is in config.h. The functions fnmatch and
 * glob are those that make brings.
 */
import { mkForce, uses } from "cleave/modules";
import { fetchTarball } from "cleave/package";
import { file, script } from "cleave/recipe";
import { standard } from "cleave/stdenv";

const version = "4.3";

export default uses(standard).package("make", ({ define }) =>
  define({
    name: "make",
    version,
    source: fetchTarball({
      name: `make-source-${version}`,
      urls: [`mirror://debian/pool/main/m/make-dfsg/make-dfsg_${version}.orig.tar.gz`],
      hash: "sha256-vkwXVCV4gk50X4O80qm6JkIGGHJHy2pfXfmbCp0fkEc=",
    }),
    tools: { busybox: null, cc: "bootstrap.cc" },
    phases: {
      patch: mkForce(null),
      configure: { after: ["unpack"], script: script("configure.ts"), data: { config: file("config.h") } },
      build: { after: ["configure"], script: script("build.ts") },
      install: { after: ["build"], script: script("install.ts") },
      fixup: mkForce(null),
    },
    meta: {
      description: "What carries out makefiles",
      homepage: "https://www.gnu.org/software/make/",
      license: ["GPL-3.0-or-later"],
    },
  }),
);
