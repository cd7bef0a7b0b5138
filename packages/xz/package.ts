/** XZ Utils: LZMA compression, as programs and as a library. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { autotools } from "cleave/stdenv";

const version = "5.4.1";

export default uses(autotools).package("xz", ({ config, define }) =>
  define({
    name: "xz",
    version,
    source: fetchUrl({
      name: `xz-${version}.tar.xz`,
      urls: [
        `https://tukaani.org/xz/xz-${version}.tar.xz`,
        `mirror://debian/pool/main/x/xz-utils/xz-utils_${version}.orig.tar.xz`,
      ],
      hash: "sha256-XZgnqhh1shwoj3iGS7JtJlC0NuqNLK02Tkkh62JmpaU=",
    }),
    outputs: ["bin", "out", "dev", "man", "doc"],
    // The shell is that of xzgrep and its like, which is looked for at fixed places otherwise.
    configureFlags: () => ["--disable-shared", "--disable-nls", `gl_cv_posix_shell=${config.shell}`],
    exports: { link: ["lzma"] },
    meta: {
      description: "Compression by LZMA2: the programs xz and lzma, and the library liblzma",
      homepage: "https://tukaani.org/xz/",
      license: ["LicenseRef-xz-public-domain", "LGPL-2.1-or-later", "GPL-2.0-or-later"],
    },
  }),
);
