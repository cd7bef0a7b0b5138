/** GNU awk: takes texts apart into fields, and works with these. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { script } from "cleave/recipe";
import { autotools } from "cleave/stdenv";

const version = "5.2.1";

/** Tests that write something else than they should, by the reason. */
const differing = {
  "commands are started by /bin/sh, which a build has not": [
    ...[
      "childin",
      "clos1way",
      "clos1way2",
      "clos1way3",
      "clos1way4",
      "clos1way5",
      "clos1way6",
      "close_status",
    ],
    ...["exitval2", "fflush", "getline", "getline3", "getline5", "getlnhd", "id", "iobug1", "iolint"],
    ...["longwrds", "nsidentifier", "pipeio1", "pipeio2", "profile2", "pty1", "pty2", "rstest4", "rstest5"],
    ...["sigpipe1", "spacere", "status-close", "strftime", "symtab12", "timeout"],
  ],
  "there are no locales": ["commas"],
};

export default uses(autotools).package("gawk", ({ config, define }) =>
  define({
    name: "gawk",
    version,
    // Debian leaves out the manual for its licence, and with it the library of functions that is taken out of it.
    source: fetchUrl({
      name: `gawk-${version}-debian.tar.xz`,
      urls: [`mirror://debian/pool/main/g/gawk/gawk_${version}.orig.tar.xz`],
      hash: "sha256-IzegKDsYDsG5xyeXOjR4HGR4s66by9zKCk3EmGHXWmU=",
    }),
    makeFlags: ["SUBDIRS=support ."],
    // Extensions are shared libraries, which the compiler does not make.
    configureFlags: [
      "--disable-extensions",
      "--disable-mpfr",
      "--disable-nls",
      "--without-readline",
      "--disable-pma",
    ],
    phases: {
      check: {
        script: script("check.ts"),
        data: () => ({ shell: config.shell, env: config.env, differing }),
      },
    },
    meta: {
      description: "A language for texts made of fields",
      homepage: "https://www.gnu.org/software/gawk/",
      license: ["GPL-3.0-or-later"],
    },
  }),
);
