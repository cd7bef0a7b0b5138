/**
 * SQLite: a database in one file. Its source is the one that is a single file of C: upstream's archive, which lies within
 * another, so there is a second phase that unpacks.
 */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { script } from "cleave/recipe";
import { autotools } from "cleave/stdenv";

const version = "3.44.2";
const archive = "sqlite-autoconf-3440200.tar.gz";

export default uses(autotools).package("sqlite", ({ config, define }) => {
  const unpack = () => {
    const phase = config.phases["unpack"];
    if (phase === undefined || phase === null) throw new Error("the phase unpack was taken away");
    return phase.script;
  };
  return define({
    name: "sqlite",
    version,
    // Not Debian's 3.40.1: that source is the one of many files, which needs Tcl to be built. This package of npm holds upstream's
    // own archive, sqlite.org/2023/sqlite-autoconf-3440200.tar.gz.
    source: fetchUrl({
      name: `sqlite-${version}-npm.tgz`,
      urls: ["mirror://npm/sqlite3/-/sqlite3-5.1.7.tgz"],
      hash: "sha256-RMyb3uAnBae2NvdpaNdF4hwdCy8cYoEMZ4vDsOzsqxs=",
    }),
    sourceRoot: "package/deps",
    outputs: ["out", "dev"],
    configureFlags: ["--disable-shared", "--enable-static", "--disable-readline", "--disable-editline"],
    cppflags: ["-DSQLITE_ENABLE_COLUMN_METADATA"],
    phases: {
      "unpack-archive": {
        after: ["unpack"],
        before: ["patch"],
        script: () => unpack(),
        data: { source: `/build/work/${archive}`, sourceRoot: null },
      },
      // This source has no tests of its own.
      check: { script: script("check.ts") },
    },
    exports: { link: ["sqlite3"] },
    meta: {
      description: "A database in one file",
      homepage: "https://sqlite.org/",
      license: ["blessing"],
      mainProgram: "sqlite3",
    },
  });
});
