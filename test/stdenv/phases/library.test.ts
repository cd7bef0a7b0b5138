import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needsTools } from "../../support/bootstrapped.ts";
import { openPhaseRig, type PhaseRig, type RanPhase } from "./rig.ts";

/** Run the body of a phase in TypeScript; what it returns is its result. */
function run(rig: PhaseRig, body: string, data: unknown = {}): RanPhase {
  const text = `import { definePhase } from "cleave/phase";

export default definePhase<any, unknown>(async (phase) => {
${body}
});
`;
  return rig.run({ language: "quickjs", script: { text }, data });
}

/** Run a body that fails, and give its log. */
function fail(rig: PhaseRig, body: string, data: unknown = {}): string {
  const { code, log, result } = run(rig, body, data);
  assert.equal(code, 1, log);
  assert.equal(result, undefined);
  return log;
}

function succeed(rig: PhaseRig, body: string, data: unknown = {}): unknown {
  const { code, log, result } = run(rig, body, data);
  assert.equal(code, 0, log);
  return result;
}

test("a script is told what phase.json says", needsTools, async () => {
  using rig = await openPhaseRig();
  const result = succeed(
    rig,
    `  const { name, index, cores, data, results, platforms } = phase;
  return { name, index, cores, data, results, package: phase.package, abi: platforms.host.abi, out: phase.output(),
    tool: phase.tool("make"), none: phase.findTool("nothing") ?? null };`,
    { flags: ["-x", "ü"] },
  );
  assert.deepEqual(result, {
    name: "test",
    index: 0,
    cores: 2,
    data: { flags: ["-x", "ü"] },
    results: {},
    package: { name: "test", version: "1.0" },
    abi: "musl",
    out: rig.output(),
    tool: join(rig.make, "bin/make"),
    none: null,
  });
});

test("a script that gives nothing reports nothing", needsTools, async () => {
  using rig = await openPhaseRig();
  assert.equal(succeed(rig, "  phase.log('done', { n: 1 });"), undefined);
  assert.equal(run(rig, "  phase.log('done', { n: 1 });").log, 'done {"n":1}\n');
});

test("a command gets its arguments and variables, and no others", needsTools, async () => {
  using rig = await openPhaseRig();
  const result = succeed(
    rig,
    `  const { stdout } = await phase.exec(["env"], { env: { A: "b c" }, stdout: "capture" });
  const words = await phase.exec(["printf", "%s|", "", "a b", "$HOME", "'"], { stdout: "capture" });
  const text = await phase.exec(["cat"], { stdin: "given", stdout: "capture" });
  const folder = await phase.exec(["sh", "-c", "pwd; echo oops >&2; exit 3"], { cwd: "/tmp", stdout: "capture", stderr: "stdout", check: [0, 3] });
  await phase.exec(["echo", "to a file"], { stdout: { file: "made" } });
  await phase.exec(["echo", "more"], { stdout: { file: "made", append: true } });
  const bytes = await phase.exec(["printf", "\\\\377z"], { stdout: "capture" });
  phase.write("bytes", bytes.stdout);
  const apart = await phase.exec(["sh", "-c", "echo 1; echo 2 >&2; cat"], { stdout: "capture", stderr: "capture" });
  return [stdout, words.stdout, text.stdout, folder.stdout, folder.code, phase.read("made"), [...phase.readBytes("bytes")], apart.stdout, apart.stderr];`,
  );
  assert.deepEqual(result, [
    "A=b c\n",
    "|a b|$HOME|'|",
    "given",
    "/tmp\noops\n",
    3,
    "to a file\nmore\n",
    [0xff, 0x7a],
    "1\n",
    "2\n",
  ]);
});

test(
  "a command that fails names itself, how it ended, and where the script asked for it",
  needsTools,
  async () => {
    using rig = await openPhaseRig();
    assert.equal(
      fail(rig, '  await phase.exec(["sh", "-c", "echo some; exit 7"], { cwd: "/" });'),
      `$ sh -c 'echo some; exit 7'
some
error in the phase test: a command of the phase test ended with exit code 7
  command: sh -c 'echo some; exit 7'
  in /
  at script.ts:4:15
`,
    );
    assert.equal(
      fail(rig, '  await phase.exec(["sh", "-c", "echo caught; kill -9 $$"], { stdout: "capture" });'),
      `$ sh -c 'echo caught; kill -9 $$'
error in the phase test: a command of the phase test ended by signal 9 (SIGKILL)
  command: sh -c 'echo caught; kill -9 $$'
  it said:
caught
  at script.ts:4:15
`,
    );
    assert.equal(
      fail(rig, '  await phase.exec(["/nothing/here", "it\'s"]);'),
      `$ /nothing/here 'it'\\''s'
error in the phase test: cannot start /nothing/here: No such file or directory
  at script.ts:4:15
`,
    );
  },
);

test("a tool that is not there fails with the nearest names", needsTools, async () => {
  using rig = await openPhaseRig();
  assert.equal(
    fail(rig, '  await phase.exec(["mkae", "all"]);'),
    `error in the phase test: no tool of the phase test has a program mkae; its tools are: busybox, make
  at script.ts:4:15
  hint: did you mean make?
`,
  );
  assert.equal(
    fail(rig, '  phase.output("oat");'),
    `error in the phase test: the package has no output oat; its outputs are: out
  at script.ts:4:9
  hint: did you mean out?
`,
  );
});

test("a mistake in a script shows its place in the TypeScript as written", needsTools, async () => {
  using rig = await openPhaseRig();
  const { log } = rig.run({
    language: "quickjs",
    script: {
      text: `import { definePhase } from "cleave/phase";

type Data = { readonly deep?: { readonly flags: readonly string[] } };

/** A helper with types, which are gone when it runs. */
function first<T>(list: readonly T[]): T | undefined {
  return list[0];
}

export default definePhase<Data>((phase) => {
  first<string>((phase.data.deep as { readonly flags: readonly string[] }).flags);
});
`,
    },
  });
  assert.match(log, /^error in the phase test: TypeError: cannot read property 'flags' of undefined\n/);
  assert.match(log, /\(script\.ts:11:\d+\)\n$/);
});

test("a promise that is rejected at once is caught", needsTools, async () => {
  using rig = await openPhaseRig();
  assert.equal(
    succeed(
      rig,
      "  try { await (async () => phase.fail('early'))(); } catch (error) { return String(error); }",
    ),
    "PhaseFailure: early",
  );
});

test("as many commands run beside each other as there are cores", needsTools, async () => {
  using rig = await openPhaseRig();
  // Each waits for the one before it, so that two have to run at once; three at once would show as "3".
  const body = `  const script = "echo x >>running-$0; ls running-* | wc -l; sleep 0.2; rm running-$0";
  const ends = await phase.execAll([1, 2, 3, 4].map((n) => ["sh", "-c", script, String(n)]), { stdout: "capture", echo: false, env: { PATH: phase.path() } });
  return ends.map(({ stdout }) => Number(stdout));`;
  const counts = succeed(rig, body) as number[];
  assert.equal(counts.length, 4);
  assert.equal(Math.max(...counts), 2);
});

test("files are read, written, copied, moved and listed", needsTools, async () => {
  using rig = await openPhaseRig();
  mkdirSync(join(rig.work, "from/inner"), { recursive: true });
  writeFileSync(join(rig.work, "from/program"), "x");
  chmodSync(join(rig.work, "from/program"), 0o755);
  symlinkSync("../program", join(rig.work, "from/inner/link"));
  const result = succeed(
    rig,
    `  phase.write("new/deep/file", "text ü\\n", 0o600);
  phase.append("new/deep/file", "more\\n");
  phase.writeJson("new/data.json", { a: [1] });
  phase.copyTree("from", "copy");
  phase.copy("from/program", "some/where/program");
  phase.move("new", "moved/here");
  phase.symlink("a", "links/one");
  phase.symlink("b", "links/one");
  phase.makeFolder("empty/folder");
  phase.remove("from", "not there");
  return {
    read: phase.read("moved/here/deep/file"),
    json: phase.readJson("moved/here/data.json"),
    mode: phase.status("moved/here/deep/file").mode,
    program: phase.status("some/where/program").mode,
    link: phase.readLink("links/one"),
    walk: phase.walk(".").map(({ path, status }) => path + " " + status.type),
    list: phase.list("copy"),
    is: [phase.exists("from"), phase.exists("copy/inner/link"), phase.isFile("copy/inner/link"), phase.isFolder("empty")],
    names: [phase.parent("a/b/"), phase.parent("a"), phase.parent("/a"), phase.baseName("a/b/"), phase.storeName("/nix/store/${"a".repeat(32)}-some-1.0.tar.gz")],
  };`,
  ) as Record<string, unknown>;
  assert.deepEqual(result, {
    read: "text ü\nmore\n",
    json: { a: [1] },
    mode: 0o600,
    program: 0o755,
    link: "b",
    walk: [
      "copy folder",
      "copy/inner folder",
      "copy/inner/link symlink",
      "copy/program file",
      "empty folder",
      "empty/folder folder",
      "links folder",
      "links/one symlink",
      "moved folder",
      "moved/here folder",
      "moved/here/data.json file",
      "moved/here/deep folder",
      "moved/here/deep/file file",
      "some folder",
      "some/where folder",
      "some/where/program file",
    ],
    list: ["inner", "program"],
    is: [false, true, true, true],
    names: ["a", "", "/", "b", "some-1.0.tar.gz"],
  });
  assert.equal(readlinkSync(join(rig.work, "copy/inner/link")), "../program");
});

test("texts in files are replaced, and what is not there is named", needsTools, async () => {
  using rig = await openPhaseRig();
  const file = join(rig.work, "locked");
  writeFileSync(file, Buffer.from([0xff, 0x40, 0x61, 0x40, 0xfe]));
  chmodSync(file, 0o444);
  utimesSync(file, 1000, 1000);
  succeed(rig, '  phase.substitute("locked", { "@a@": "ß" }, { keepTime: true });');
  assert.deepEqual([...readFileSync(file)], [0xff, 0xc3, 0x9f, 0xfe]);
  assert.equal(lstatSync(file).mode & 0o777, 0o444);
  assert.equal(lstatSync(file).mtimeMs, 1_000_000);
  succeed(rig, '  phase.substitute(["locked"], { ß: "s", none: "" }, { optional: true });');
  assert.deepEqual([...readFileSync(file)], [0xff, 0x73, 0xfe]);
  assert.notEqual(lstatSync(file).mtimeMs, 1_000_000);
  assert.equal(
    fail(rig, '  phase.substitute("locked", { "@prefix@": "/x" });'),
    `error in the phase test: locked does not hold "@prefix@", which was to be replaced
  at script.ts:4:9
  hint: mend the text, or say optional: true
`,
  );
});

test("patterns that match nothing fail unless they may", needsTools, async () => {
  using rig = await openPhaseRig();
  writeFileSync(join(rig.work, "b.c"), "");
  writeFileSync(join(rig.work, "a.c"), "");
  assert.deepEqual(succeed(rig, '  return phase.glob(["b*", "*.c", "*.c"]);'), ["b.c", "a.c"]);
  assert.deepEqual(succeed(rig, '  return phase.glob("*.h", { optional: true });'), []);
  assert.equal(
    fail(rig, '  phase.glob(["*.c", "*.{h,hh}"]);'),
    `error in the phase test: nothing matches *.{h,hh}
  at script.ts:4:9
  hint: mend the pattern, or say optional: true
`,
  );
});
