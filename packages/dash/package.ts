/** dash: a small POSIX shell. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { file, script } from "cleave/recipe";
import { autotools } from "cleave/stdenv";

const version = "0.5.12";

export default uses(autotools).package("dash", ({ define }) =>
  define({
    name: "dash",
    version,
    source: fetchUrl({
      name: `dash-${version}.tar.gz`,
      urls: [
        `http://gondor.apana.org.au/~herbert/dash/files/dash-${version}.tar.gz`,
        `mirror://debian/pool/main/d/dash/dash_${version}.orig.tar.gz`,
      ],
      hash: "sha256-akdKxG6LCzKRbExg32lMggWNMpfYs4W3RQgDDKSo8oo=",
    }),
    // It has no tests of its own.
    phases: { check: { script: script("check.ts"), data: { test: file("check.sh") } } },
    meta: {
      description: "A POSIX shell that is small and fast",
      homepage: "http://gondor.apana.org.au/~herbert/dash/",
      license: ["BSD-3-Clause", "GPL-2.0-or-later"],
    },
  }),
);
