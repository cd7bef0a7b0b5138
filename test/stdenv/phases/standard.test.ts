/** One suite for the standard phases, run on every language that has them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { ConfigureData } from "../../../stdenv/phases/configure.ts";
import type { FixupData } from "../../../stdenv/phases/fixup.ts";
import type { MakeData } from "../../../stdenv/phases/make.ts";
import type { PatchData } from "../../../stdenv/phases/patch.ts";
import type { UnpackData } from "../../../stdenv/phases/unpack.ts";
import { type Language, languages, needs, openPhaseRig, type PhaseRig } from "./rig.ts";

/** Write files below a folder; those that begin with `#!` can be run. */
function writeTree(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    if (content.startsWith("#!")) chmodSync(join(folder, path), 0o755);
  }
}

/** Show a tree: `folder/`, `mode content` of a file, `-> target` of a symlink, by path. */
function readTree(folder: string, prefix = ""): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(join(folder, prefix)).sort()) {
    const path = `${prefix}${name}`;
    const file = join(folder, path);
    const status = lstatSync(file);
    if (status.isSymbolicLink()) tree[path] = `-> ${readlinkSync(file)}`;
    else if (status.isDirectory())
      Object.assign(tree, { [`${path}/`]: (status.mode & 0o7777).toString(8) }, readTree(folder, `${path}/`));
    else tree[path] = `${(status.mode & 0o7777).toString(8)} ${readFileSync(file, "utf8")}`;
  }
  return tree;
}

async function each(
  what: string,
  body: (rig: PhaseRig, language: Language) => void | Promise<void>,
): Promise<void> {
  for (const language of languages)
    test(`${what}: ${language}`, await needs(language), async () => {
      using rig = await openPhaseRig();
      await body(rig, language);
    });
}

const source = {
  "pkg-1/configure": "#!/bin/sh\n",
  "pkg-1/src/.hidden": "h",
  "pkg-1/src/a file": "a",
  "pkg-1/src/locked": "l",
};

/** Make the source as a folder, with modes that are unusual, and pack it by the host's tar. */
function pack(rig: PhaseRig, name: string, ...flags: readonly string[]): string {
  const folder = join(rig.folder, "source");
  writeTree(folder, source);
  chmodSync(join(folder, "pkg-1/configure"), 0o700);
  chmodSync(join(folder, "pkg-1/src/locked"), 0o400);
  chmodSync(join(folder, "pkg-1/src/a file"), 0o666);
  symlinkSync("src/a file", join(folder, "pkg-1/link"));
  chmodSync(join(folder, "pkg-1/src"), 0o555);
  const archive = join(rig.folder, name);
  execFileSync("tar", ["-c", "--format=ustar", ...flags, "-f", archive, "-C", folder, "pkg-1"]);
  chmodSync(join(folder, "pkg-1/src"), 0o755);
  return archive;
}

const unpacked = {
  configure: "755 #!/bin/sh\n",
  link: "-> src/a file",
  "src/": "755",
  "src/.hidden": "644 h",
  "src/a file": "644 a",
  "src/locked": "644 l",
};

function unpack(rig: PhaseRig, language: Language, data: UnpackData) {
  return rig.run({ language, script: { standard: "unpack" }, data });
}

for (const [name, ...flags] of [
  ["pkg.tar"],
  ["pkg.tar.gz", "-z"],
  ["pkg.tar.bz2", "-j"],
  ["pkg.tar.xz", "-J"],
] as const)
  await each(`unpack makes the work tree of ${name}, writable`, (rig, language) => {
    const ran = unpack(rig, language, { source: pack(rig, name, ...flags), sourceRoot: null });
    assert.equal(ran.code, 0, ran.log);
    assert.deepEqual(readTree(rig.work), unpacked);
    assert.deepEqual(readdirSync(join(rig.folder, "tmp")), []);
  });

await each("unpack copies a folder, and leaves the source as it is", (rig, language) => {
  pack(rig, "unused.tar");
  const folder = join(rig.folder, "source/pkg-1");
  const ran = unpack(rig, language, { source: folder, sourceRoot: null });
  assert.equal(ran.code, 0, ran.log);
  assert.deepEqual(readTree(rig.work), unpacked);
  assert.equal(lstatSync(join(folder, "src/locked")).mode & 0o777, 0o400);
});

await each("unpack copies a file under its name", (rig, language) => {
  const file = join(rig.folder, `${"h".repeat(32)}-main.c`);
  writeFileSync(file, "int main;\n");
  const ran = unpack(rig, language, { source: file, sourceRoot: null });
  assert.equal(ran.code, 0, ran.log);
  assert.deepEqual(readTree(rig.work), { "main.c": "644 int main;\n" });
});

await each("unpack takes the folder that it is told", (rig, language) => {
  const archive = pack(rig, "pkg.tar.gz", "-z");
  const all = unpack(rig, language, { source: archive, sourceRoot: "." });
  assert.equal(all.code, 0, all.log);
  assert.deepEqual(readdirSync(rig.work), ["pkg-1"]);
  const inner = unpack(rig, language, { source: archive, sourceRoot: "pkg-1/src" });
  assert.equal(inner.code, 0, inner.log);
  assert.deepEqual(readdirSync(rig.work).sort(), [".hidden", "a file", "locked", "pkg-1"]);
  const wrong = unpack(rig, language, { source: archive, sourceRoot: "pkg-2" });
  assert.equal(wrong.code, 1);
  assert.ok(
    wrong.log.includes("error in the phase unpack: the source has no folder pkg-2; at its top are: pkg-1\n"),
    wrong.log,
  );
});

await each("unpack makes nothing of no source, and fails where there is none", (rig, language) => {
  const none = unpack(rig, language, { source: null, sourceRoot: null });
  assert.equal(none.code, 0, none.log);
  assert.deepEqual(readTree(rig.work), {});
  const missing = unpack(rig, language, { source: "/nothing/here", sourceRoot: null });
  assert.equal(missing.code, 1);
  assert.ok(missing.log.includes("error in the phase unpack: the source /nothing/here does not exist\n"));
});

const change = `--- a/src/text
+++ b/src/text
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
`;

function patch(rig: PhaseRig, language: Language, data: PatchData) {
  return rig.run({ language, script: { standard: "patch" }, data });
}

await each("patch applies patches in their order", (rig, language) => {
  writeTree(rig.work, { "src/text": "one\ntwo\nthree\n" });
  writeTree(rig.folder, {
    "first.patch": change,
    "second.patch": change.replace("-two\n+TWO", "-TWO\n+too").replaceAll("/src/", "/"),
  });
  const patches = [
    { file: join(rig.folder, "first.patch"), strip: 1 },
    { file: join(rig.folder, "second.patch"), strip: 1 },
  ];
  const wrong = patch(rig, language, { patches: patches.slice(1), shebangs: false });
  assert.equal(wrong.code, 1, wrong.log);
  assert.match(wrong.log, /^error in the phase patch: the patch second\.patch does not apply: /m);
  const ran = patch(rig, language, { patches: patches.slice(0, 1), shebangs: false });
  assert.equal(ran.code, 0, ran.log);
  assert.deepEqual(readTree(rig.work)["src/text"], "644 one\nTWO\nthree\n");
});

await each("patch says which hunk does not fit", (rig, language) => {
  writeTree(rig.work, { "src/text": "one\n2\nthree\n" });
  const file = join(rig.folder, `${"h".repeat(32)}-fix.patch`);
  writeFileSync(file, change);
  const ran = patch(rig, language, { patches: [{ file, strip: 1 }], shebangs: false });
  assert.equal(ran.code, 1);
  assert.match(
    ran.log,
    /^error in the phase patch: the patch fix\.patch does not apply: hunk 1 of src\/text$/m,
  );
});

await each("patch has scripts name tools by their paths, and keeps their times", (rig, language) => {
  writeTree(rig.work, {
    run: "#!/bin/sh -e\nexit\n",
    "deep/a make": "#! /usr/bin/env make -f\nall:\n",
    "deep/perl": "#!/usr/bin/perl\n",
    "deep/store": "#!/nix/store/x/bin/sh\n",
    binary: "\0#!/bin/sh\n",
    empty: "",
  });
  chmodSync(join(rig.work, "run"), 0o555);
  symlinkSync("run", join(rig.work, "link"));
  for (const file of ["run", "deep/a make"]) utimesSync(join(rig.work, file), 315619200, 315619260);
  const ran = patch(rig, language, { patches: [], shebangs: true });
  assert.equal(ran.code, 0, ran.log);
  assert.deepEqual(readTree(rig.work), {
    binary: "644 \0#!/bin/sh\n",
    "deep/": "755",
    "deep/a make": `755 #!${rig.make}/bin/make -f\nall:\n`,
    "deep/perl": "755 #!/usr/bin/perl\n",
    "deep/store": "755 #!/nix/store/x/bin/sh\n",
    empty: "644 ",
    link: "-> run",
    run: `555 #!${rig.busybox}/bin/sh -e\nexit\n`,
  });
  for (const file of ["run", "deep/a make"])
    assert.equal(lstatSync(join(rig.work, file)).mtimeMs, 315619260_000);
});

/** A script that writes its arguments and variables. */
const reporter = `#!/bin/sh
for each; do echo "$each"; done >told
env | grep -v -E '^(PWD|SHLVL|_)=' | sort >variables
`;

function configure(rig: PhaseRig, language: Language, data: Partial<ConfigureData>, outputs = ["out"]) {
  const shell = join(rig.busybox, "bin/sh");
  const all: ConfigureData = {
    shell,
    env: { CC: "cc -m64", TZ: "CET" },
    script: "configure",
    directory: null,
    style: "autoconf",
    flags: ["--with=a b", "$HOME'"],
    log: "config.log",
    ...data,
  };
  return rig.run({ language, script: { standard: "configure" }, data: all, outputs });
}

await each(
  "configure tells the script where things go, and the tools of a fixed environment",
  (rig, language) => {
    writeTree(rig.work, { configure: reporter });
    const ran = configure(rig, language, {});
    assert.equal(ran.code, 0, ran.log);
    assert.deepEqual(readFileSync(join(rig.work, "told"), "utf8").split("\n"), [
      `--prefix=${rig.output()}`,
      "--build=x86_64-unknown-linux-musl",
      "--host=x86_64-unknown-linux-musl",
      "--with=a b",
      "$HOME'",
      "",
    ]);
    assert.deepEqual(readFileSync(join(rig.work, "variables"), "utf8").split("\n"), [
      "CC=cc -m64",
      `CONFIG_SHELL=${rig.busybox}/bin/sh`,
      "HOME=/homeless-shelter",
      "LC_ALL=C",
      `PATH=${rig.make}/bin:${rig.busybox}/bin`,
      `SHELL=${rig.busybox}/bin/sh`,
      "SOURCE_DATE_EPOCH=315619200",
      `TMPDIR=${rig.folder}/tmp`,
      "TZ=CET",
      "",
    ]);
  },
);

await each("configure has a flag for every further output, and a folder of its own", (rig, language) => {
  writeTree(rig.work, { "sub/configure": reporter });
  const ran = configure(
    rig,
    language,
    { directory: "build/here", script: "sub/configure", style: "prefix", flags: [] },
    ["out", "bin", "dev", "doc", "lib", "man"],
  );
  assert.equal(ran.code, 0, ran.log);
  assert.ok(ran.log.includes("bin/sh ../../sub/configure"), ran.log);
  assert.deepEqual(readFileSync(join(rig.work, "build/here/told"), "utf8").split("\n"), [
    `--prefix=${rig.output()}`,
    `--bindir=${rig.output("bin")}/bin`,
    `--sbindir=${rig.output("bin")}/sbin`,
    `--libdir=${rig.output("lib")}/lib`,
    `--includedir=${rig.output("dev")}/include`,
    `--mandir=${rig.output("man")}/share/man`,
    `--infodir=${rig.output("doc")}/share/info`,
    `--docdir=${rig.output("doc")}/share/doc`,
    "",
  ]);
});

await each(
  "configure says nothing of itself in plain style, and shows config.log where it fails",
  (rig, language) => {
    writeTree(rig.work, {
      configure: "#!/bin/sh\necho \"told: $*\"\necho 'the compiler is broken' >config.log\nexit 77\n",
    });
    const ran = configure(rig, language, { style: "plain", flags: ["-x"] });
    assert.equal(ran.code, 1);
    assert.match(ran.log, /^told: -x$/m);
    assert.match(ran.log, /^the compiler is broken$/m);
    assert.match(
      ran.log,
      /^error in the phase configure: a command of the phase configure ended with exit code 77$/m,
    );
  },
);

await each("configure leaves no log where it does not fail", (rig, language) => {
  writeTree(rig.work, {
    "sub/config.log": "",
    configure: "#!/bin/sh\ndate >config.log; date >sub/config.log; date >own.log\n",
  });
  assert.equal(configure(rig, language, {}).code, 0);
  assert.deepEqual(readdirSync(rig.work).sort(), ["configure", "own.log", "sub"]);
  assert.deepEqual(readdirSync(join(rig.work, "sub")), []);
  assert.equal(configure(rig, language, { log: "own.log" }).code, 0);
  assert.deepEqual(readdirSync(rig.work).sort(), ["config.log", "configure", "sub"]);
});

await each("configure fails where there is no script", (rig, language) => {
  writeTree(rig.work, { "autogen.sh": "#!/bin/sh\n", "main.c": "" });
  const ran = configure(rig, language, {});
  assert.equal(ran.code, 1);
  assert.match(
    ran.log,
    /^error in the phase configure: there is no script configure in the source; there are: autogen\.sh,? ?\n?main\.c/m,
  );
});

function makeData(rig: PhaseRig, data: Partial<MakeData>): MakeData {
  const shell = join(rig.busybox, "bin/sh");
  return {
    shell,
    env: { A: "b" },
    directory: null,
    makefile: null,
    targets: [],
    flags: [],
    parallel: true,
    ...data,
  };
}

for (const standard of ["build", "check", "install"])
  await each(`${standard} runs make with its shell, flags and targets`, (rig, language) => {
    writeTree(rig.work, {
      "sub/rules.mk":
        "all: ; false\none two:\n\t@echo $@ $(V) $$A $(filter -j% -O%,$(MAKEFLAGS)) $(SHELL) >>$(OUT)\n",
    });
    const ran = rig.run({
      language,
      script: { standard },
      data: makeData(rig, {
        directory: "sub",
        makefile: "rules.mk",
        targets: ["one", "two"],
        flags: ["V=c d", `OUT=${rig.folder}/made`],
        parallel: false,
      }),
    });
    assert.equal(ran.code, 0, ran.log);
    const shell = join(rig.busybox, "bin/sh");
    assert.equal(readFileSync(join(rig.folder, "made"), "utf8"), `one c d b ${shell}\ntwo c d b ${shell}\n`);
    const parallel = rig.run({
      language,
      script: { standard },
      cores: 3,
      data: makeData(rig, { directory: "sub", makefile: "rules.mk", targets: ["one"], flags: ["OUT=many"] }),
    });
    assert.equal(parallel.code, 0, parallel.log);
    // Only commands of a build are kept apart in the log: one of a check may run for long.
    const flags = standard === "build" ? "-j3 -Oline" : "-j3";
    assert.equal(readFileSync(join(rig.work, "sub/many"), "utf8"), `one b ${flags} ${shell}\n`);
  });

await each("check shows the logs of tests that failed", (rig, language) => {
  writeTree(rig.work, {
    Makefile: "check:\n\tmkdir -p tests; echo 'FAIL: number seven' >tests/test-suite.log; exit 1\n",
  });
  const ran = rig.run({
    language,
    script: { standard: "check" },
    data: makeData(rig, { targets: ["check"] }),
  });
  assert.equal(ran.code, 1);
  assert.match(ran.log, /^FAIL: number seven$/m);
  assert.match(ran.log, /^error in the phase check: a command of the phase check ended with exit code 2$/m);
});

function fixup(rig: PhaseRig, language: Language, outputs: readonly string[], data: Partial<FixupData> = {}) {
  const all: FixupData = { shebangs: true, move: {}, ...data };
  const libraries = { runtime: [join(rig.folder, "runtime")] };
  return rig.run({ language, script: { standard: "fixup" }, data: all, outputs, libraries });
}

const installed = {
  "bin/pkg-config-like": "#!/bin/sh\necho\n",
  "bin/run": "#!/usr/bin/env special\n",
  "include/pkg/a.h": "a",
  "lib/libpkg.a": "archive",
  "lib/libpkg.la": "# libpkg.la - a libtool library file\n",
  "lib/other.la": "something else",
  "lib/pkgconfig/pkg.pc": "prefix=/old\nincludedir=${prefix}/include\nlibdir=/old/lib\nLibs: -L${libdir}\n",
  "share/doc/pkg/README": "read",
  "share/info/dir": "index",
  "share/info/pkg.info": "info",
  "share/man/man1/run.1": "man",
  "share/pkg/data.txt": "#!/bin/sh not to be run",
};

await each("fixup leaves one output together, without what is of no use", (rig, language) => {
  writeTree(rig.output(), installed);
  chmodSync(join(rig.output(), "share/pkg/data.txt"), 0o644);
  writeTree(rig.folder, { "runtime/bin/special": "#!" });
  const ran = fixup(rig, language, ["out"]);
  assert.equal(ran.code, 0, ran.log);
  const tree = readTree(rig.output());
  const files = Object.keys(tree).filter((path) => !path.endsWith("/"));
  assert.deepEqual(
    files,
    Object.keys(installed).filter((path) => path !== "lib/libpkg.la" && path !== "share/info/dir"),
  );
  assert.equal(tree["bin/pkg-config-like"], `755 #!${rig.busybox}/bin/sh\necho\n`);
  assert.equal(tree["bin/run"], `755 #!${rig.folder}/runtime/bin/special\n`);
  assert.equal(tree["share/pkg/data.txt"], `644 ${installed["share/pkg/data.txt"]}`);
  assert.equal(tree["lib/pkgconfig/pkg.pc"], `644 ${installed["lib/pkgconfig/pkg.pc"]}`);
});

await each("fixup moves what belongs to other outputs", (rig, language) => {
  writeTree(rig.output(), installed);
  writeTree(rig.output("dev"), { "include/pkg/there.h": "t" });
  const outputs = ["out", "dev", "lib", "man", "doc"];
  const ran = fixup(rig, language, outputs, { move: { dev: ["bin/*-like"] }, shebangs: false });
  assert.equal(ran.code, 0, ran.log);
  const trees = Object.fromEntries(
    outputs.map((output) => [
      output,
      Object.keys(readTree(rig.output(output))).filter((path) => !path.endsWith("/")),
    ]),
  );
  assert.deepEqual(trees, {
    out: ["bin/run", "share/pkg/data.txt"],
    dev: ["bin/pkg-config-like", "include/pkg/a.h", "include/pkg/there.h", "lib/pkgconfig/pkg.pc"],
    lib: ["lib/libpkg.a", "lib/other.la"],
    man: ["share/man/man1/run.1"],
    doc: ["share/doc/pkg/README", "share/info/pkg.info"],
  });
  assert.equal(
    readFileSync(join(rig.output("dev"), "lib/pkgconfig/pkg.pc"), "utf8"),
    `prefix=/old\nincludedir=${rig.output("dev")}/include\nlibdir=${rig.output("lib")}/lib\nLibs: -L\${libdir}\n`,
  );
  assert.deepEqual(readdirSync(rig.output()).sort(), ["bin", "share"]);
});

await each(
  "fixup fails where a pattern matches nothing, and where two files would be one",
  (rig, language) => {
    writeTree(rig.output(), { "bin/run": "x", "include/a.h": "a" });
    const missing = fixup(rig, language, ["out", "dev"], { move: { dev: ["bin/*-config"] } });
    assert.equal(missing.code, 1);
    assert.match(missing.log, /nothing matches <rig>\/store\/o*-test-1\.0-out\/bin\/\*-config/);
    writeTree(rig.output("dev"), { "include/a.h": "b" });
    const twice = fixup(rig, language, ["out", "dev"]);
    assert.equal(twice.code, 1);
    assert.match(
      twice.log,
      /out\/include\/a\.h cannot go to .*dev\/include\/a\.h, where there is something already/,
    );
  },
);
