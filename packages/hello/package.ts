/** GNU hello: says hello. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { autotools } from "cleave/stdenv";

const version = "2.10";

export default uses(autotools).package("hello", ({ define }) =>
  define({
    name: "hello",
    version,
    source: fetchUrl({
      name: `hello-${version}.tar.gz`,
      urls: [
        `https://ftp.gnu.org/gnu/hello/hello-${version}.tar.gz`,
        `mirror://gnu/hello/hello-${version}.tar.gz`,
        `mirror://debian/pool/main/h/hello/hello_${version}.orig.tar.gz`,
      ],
      hash: "sha256-MeBmE3qWJnbon2nRtlOC3pWn732RS4y5VvQepy4PUWs=",
    }),
    meta: {
      description: "A program that says hello",
      homepage: "https://www.gnu.org/software/hello/",
      license: ["GPL-3.0-or-later"],
    },
  }),
);
