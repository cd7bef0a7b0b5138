/** GNU bash: the shell. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { script } from "cleave/recipe";
import { autotools } from "cleave/stdenv";

const version = "5.2.15";

/** Tests that write something else than they should, by the reason. */
const differing = {
  "musl's regular expressions have no [[=x=]] and no [[.x.]]": ["cond"],
  "the new bash is not at /tmp/bash, and signals have other numbers": ["execscript"],
  "there is no /usr, and sh is not in /bin": ["dirstack", "histexpand", "tilde"],
  "there is no terminal": ["read", "test", "vredir"],
  "there are no locales and no time zones": ["glob-test", "intl", "printf"],
  "the diff of busybox writes another format": ["shopt"],
};

export default uses(autotools).package("bash", ({ config, define }) =>
  define({
    name: "bash",
    version,
    // Upstream has 5.2 and fifteen patches to it; Debian has the two as one archive.
    source: fetchUrl({
      name: `bash-${version}.tar.gz`,
      urls: [`mirror://debian/pool/main/b/bash/bash_${version}.orig.tar.gz`],
      hash: "sha256-ejFbwOnZBxMVnkOQ7BCWpB5PM82Mw9GnSajlrVZgD1E=",
    }),
    // Static programs load no libraries, so there are no builtins to load.
    configureFlags: ["--without-bash-malloc", "--disable-nls", "ac_cv_func_dlopen=no"],
    // It is written in the C of long ago.
    cflags: ["-O2", "-w", "-Wno-implicit-function-declaration", "-Wno-implicit-int", "-Wno-int-conversion"],
    phases: {
      prune: { after: ["install"], before: ["fixup"], script: script("prune.ts") },
      check: {
        script: script("check.ts"),
        tools: { sed: "sed" },
        data: () => ({ shell: config.shell, env: config.env, differing }),
      },
    },
    meta: {
      description: "The shell of the GNU system",
      homepage: "https://www.gnu.org/software/bash/",
      license: ["GPL-3.0-or-later"],
    },
  }),
);
