/** Lua 5.4, for people and for programs that have it inside. It has a makefile and no configure script. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { file, script } from "cleave/recipe";
import { cc, make } from "cleave/stdenv";

const version = "5.4.4";

export default uses(make, cc).package("lua", ({ config, define }) =>
  define({
    name: "lua",
    version,
    source: fetchUrl({
      name: `lua-${version}.tar.gz`,
      urls: [
        `https://www.lua.org/ftp/lua-${version}.tar.gz`,
        `mirror://debian/pool/main/l/lua5.4/lua5.4_${version}.orig.tar.gz`,
      ],
      hash: "sha256-Fkx4SWU7gK5nvsS3RzuIS/XMjS3KBWU0dewu0nuev2E=",
    }),
    makeFlags: () => [
      `CC=${config.env["CC"]} -std=gnu99`,
      `MYCFLAGS=${config.env["CFLAGS"]}`,
      `MYLDFLAGS=${config.env["LDFLAGS"]}`,
      `INSTALL_TOP=${config.placeholders["out"]}`,
    ],
    // What is linked statically loads no modules in C: posix has all that linux has but for these.
    buildTargets: ["posix"],
    phases: {
      // Lua looks for modules where it was installed.
      root: { after: ["patch"], before: ["build"], script: script("root.ts") },
      // The makefile only has Lua say its version; the tests that its authors have are not in this archive.
      check: { script: script("check.ts"), data: { test: file("check.lua") } },
    },
    installFlags: () => [`INSTALL_MAN=${config.placeholders["out"]}/share/man/man1`],
    exports: { link: ["lua", "m"] },
    meta: {
      description: "A small language to extend programs with",
      homepage: "https://www.lua.org",
      license: ["MIT"],
    },
  }),
);
