/** GNU sed: changes texts line by line. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { autotools } from "cleave/stdenv";

const version = "4.9";

const shellTests = [
  ...["eval", "execute-tests", "posix-mode-s", "sandbox"].map((name) => `testsuite/${name}.sh`),
  ...["test-pthread_sigmask1", "test-sigprocmask"],
];

export default uses(autotools).package("sed", ({ define }) =>
  define({
    name: "sed",
    version,
    source: fetchUrl({
      name: `sed-${version}.tar.xz`,
      urls: [
        `https://ftp.gnu.org/gnu/sed/sed-${version}.tar.xz`,
        `mirror://gnu/sed/sed-${version}.tar.xz`,
        `mirror://debian/pool/main/s/sed/sed_${version}.orig.tar.xz`,
      ],
      hash: "sha256-biJrcy4c1zlGStaGK9Ghq6QteYKSLaelNRljHSSXUYE=",
    }),
    // These start commands by system or popen, which look for /bin/sh: a build has none. They must fail, then.
    checkFlags: [`XFAIL_TESTS=${shellTests.join(" ")}`],
    meta: {
      description: "A stream editor",
      homepage: "https://www.gnu.org/software/sed/",
      license: ["GPL-3.0-or-later"],
    },
  }),
);
