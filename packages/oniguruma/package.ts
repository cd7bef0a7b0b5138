/**
 * Oniguruma: regular expressions, as jq has them. Its source has no configure script; what that would find out is little, and the
 * compiler says it.
 */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { script } from "cleave/recipe";
import { cc } from "cleave/stdenv";

const version = "6.9.8";

export default uses(cc).package("oniguruma", ({ config, define }) =>
  define({
    name: "oniguruma",
    version,
    // Upstream makes this archive anew whenever somebody asks for it, so Debian's is the one that keeps its bytes.
    source: fetchUrl({
      name: `oniguruma-${version}.tar.gz`,
      urls: [`mirror://debian/pool/main/libo/libonig/libonig_${version}.orig.tar.gz`],
      hash: "sha256-JjcnILq2czyGmp62k3f3OXETjcXj7/SoH1uorqVDX7I=",
    }),
    outputs: ["out", "dev"],
    phases: {
      configure: { after: ["patch"], script: script("configure.ts") },
      build: { after: ["configure"], script: script("build.ts"), data: () => ({ env: config.env }) },
      check: {
        after: ["build"],
        branch: true,
        script: script("check.ts"),
        data: () => ({ env: config.env }),
      },
      install: { after: ["build"], before: ["fixup"], script: script("install.ts") },
    },
    exports: { link: ["onig"] },
    meta: {
      description: "A library for regular expressions",
      homepage: "https://github.com/kkos/oniguruma",
      license: ["BSD-2-Clause"],
    },
  }),
);
