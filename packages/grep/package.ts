/** GNU grep: finds lines that match a pattern. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { file } from "cleave/recipe";
import { autotools } from "cleave/stdenv";

const version = "3.8";

export default uses(autotools).package("grep", ({ define }) =>
  define({
    name: "grep",
    version,
    source: fetchUrl({
      name: `grep-${version}.tar.xz`,
      urls: [
        `https://ftp.gnu.org/gnu/grep/grep-${version}.tar.xz`,
        `mirror://gnu/grep/grep-${version}.tar.xz`,
        `mirror://debian/pool/main/g/grep/grep_${version}.orig.tar.xz`,
      ],
      hash: "sha256-SY18wbT7CBkE2HND/rtzR1z3ceQk+35hQa/2YBOrw4I=",
    }),
    configureFlags: ["--disable-perl-regexp"],
    // A build has no /bin/sh, which system and popen look for.
    patches: [file("tests-without-shell.patch")],
    meta: {
      description: "Finds lines that match a pattern",
      homepage: "https://www.gnu.org/software/grep/",
      license: ["GPL-3.0-or-later"],
    },
  }),
);
