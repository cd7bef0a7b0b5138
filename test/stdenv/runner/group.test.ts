/** What a group of phases is told, tells, and says when it fails. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { needsTools } from "../../support/bootstrapped.ts";
import { needsBusybox } from "../../support/sandbox.ts";
import { inStore, openRunnerRig, placeholderOf, type RunnerRig, readOutput, realPath } from "./rig.ts";

const options = needsTools.skip === false ? needsBusybox : needsTools;

let rig: RunnerRig;
before(async () => {
  if (options.skip === false) rig = await openRunnerRig();
});
after(() => rig?.[Symbol.asyncDispose]());

/** Run one phase and give the exit code and the log but for the announcement. */
async function failing(script: string, phase: { readonly result?: unknown; readonly program?: string } = {}) {
  const ran = await rig.group({
    phases: [{ name: "build", script: `mkdir "$out"\n${script}`, result: phase.result ?? null }],
    end: "seal",
    change: ({ cleave }) => {
      if (phase.program !== undefined)
        Object.assign((cleave["phases"] as object[])[0] ?? {}, { program: phase.program });
    },
  });
  const announced = '@nix {"action":"setPhase","phase":"build"}\n';
  assert.ok(ran.log.startsWith(announced), ran.log);
  return `${ran.code}: ${ran.log.slice(announced.length)}`;
}

test("a phase is told all that the contract says, and nothing else", options, async () => {
  const ran = await rig.group({
    phases: [
      {
        name: "configure",
        result: { type: "object" },
        script: `echo '{"answer":42}' >/build/phase/result.json`,
      },
      {
        name: "build",
        reads: ["configure"],
        script: `mkdir "$out"; cp "$phase" "$out/phase.json"; cat /proc/$$/environ >"$out/env"; pwd >"$out/pwd"; umask >"$out/umask"
readlink /proc/self/fd/0 >"$out/stdin"; ls /proc/self/fd >"$out/descriptors"; echo "$0 $*" >"$out/arguments"
ls -A /build /build/phase >"$out/files"; cat /proc/1/environ >"$out/environ" 2>/dev/null || echo closed >"$out/environ"`,
      },
    ],
    end: "seal",
  });
  assert.equal(ran.code, 0, ran.log);
  const platform = { cpu: "x86_64", kernel: "linux", abi: "musl" };
  assert.deepEqual(JSON.parse(readOutput(ran, "phase.json")), {
    contract: 1,
    package: { name: "leaky", version: "1.0" },
    phase: { name: "build", index: 1 },
    platforms: { build: platform, host: platform, target: platform },
    cores: 3,
    workDirectory: "/build/work",
    temporaryDirectory: "/build/tmp",
    outputs: { out: realPath("out") },
    inputs: { tools: {}, libraries: {} },
    data: { number: 1 },
    results: { configure: { answer: 42 } },
  });
  assert.equal(readOutput(ran, "env"), "");
  assert.equal(readOutput(ran, "pwd"), "/build/work\n");
  assert.equal(readOutput(ran, "umask"), "0022\n");
  assert.equal(readOutput(ran, "stdin"), "/dev/null\n");
  assert.equal(readOutput(ran, "descriptors"), "0\n1\n2\n3\n");
  assert.equal(readOutput(ran, "arguments"), "/nix/store/build.sh /build/phase/phase.json\n");
  assert.equal(readOutput(ran, "files"), "/build:\nphase\ntmp\nwork\n\n/build/phase:\nphase.json\n");
  assert.equal(readOutput(ran, "environ"), "closed\n");
});

test("a failing phase is named, with its exit code or signal", options, async () => {
  assert.equal(await failing("exit 7"), "7: cleave: the phase build of leaky 1.0 failed with exit code 7\n");
  assert.equal(
    await failing("kill -9 $$"),
    "137: cleave: the phase build of leaky 1.0 was ended by signal 9\n",
  );
  assert.equal(
    await failing("", { program: "/nix/store/missing/bin/sh" }),
    `1: cleave: the phase build of leaky 1.0 cannot be started: start /nix/store/missing/bin/sh: No such file or directory
  hint: its interpreter must be a program for this platform that needs nothing outside of the inputs
`,
  );
  assert.equal(
    await failing("cd /; mv /build/work /build/tmp/"),
    `1: cleave: the phase build left no folder at /build/work
  hint: the work tree itself stays where it is; what is in it may change
`,
  );
});

test("a result that breaks its schema is an error", options, async () => {
  const schema = {
    type: "object",
    properties: {
      tests: { type: "integer", minimum: 1 },
      names: { type: "array", items: { type: "string" } },
    },
    required: ["tests"],
    additionalProperties: false,
  };
  const report = (text: string) => `printf '%s' '${text}' >/build/phase/result.json`;
  const broken = "1: cleave: the result of the phase build breaks its schema:";
  const hint = "\n  hint: report what the schema says, or change the schema\n";
  for (const [script, message] of [
    [
      report('{"tests":0,"names":["a",1],"more":{}}'),
      `${broken} /tests must be at least 1; /names/1 must be string; /more is not declared${hint}`,
    ],
    [report("[]"), `${broken} the value must be object${hint}`],
    [report("{}"), `${broken} the value must have tests${hint}`],
    [report('{"tests":1.5}'), `${broken} /tests must be integer${hint}`],
    [
      "",
      "1: cleave: the result of the phase build is missing\n  hint: the phase has a result schema, so it must write result.json\n",
    ],
    [
      "mkdir /build/phase/result.json",
      "1: cleave: the result of the phase build is a folder\n  hint: result.json is a file of at most 67108864 bytes\n",
    ],
  ] as const)
    assert.equal(await failing(script, { result: schema }), message);
  assert.match(
    await failing(report("{"), { result: schema }),
    /^1: cleave: the result of the phase build is not JSON: /,
  );
  assert.equal(
    await failing(report("{}")),
    "1: cleave: the result of the phase build is not declared\n  hint: give the phase a result schema, or write no result.json\n",
  );
});

test("a branch makes a file of what it reports, whatever becomes of the tree", options, async () => {
  const ran = await rig.group({
    phases: [
      {
        name: "check",
        result: { type: "number" },
        script: `echo 12 >/build/phase/result.json; mkdir "$out" x`,
      },
    ],
    end: "branch",
  });
  assert.equal(ran.code, 0, ran.log);
  assert.deepEqual(JSON.parse(readFileSync(inStore(ran, realPath("out")), "utf8")), {
    phase: "check",
    result: 12,
  });
});

test("a group can end with the work tree itself", options, async () => {
  const ran = await rig.group({
    phases: [
      {
        name: "patch",
        script: `mkdir "$out" empty; echo text >file; chmod 0 file; echo run >run; chmod 700 run`,
      },
    ],
    end: "tree",
  });
  assert.equal(ran.code, 0, ran.log);
  const out = inStore(ran, realPath("out"));
  assert.deepEqual(
    ["empty", "file", "run"].map((name) => statSync(join(out, name)).mode & 0o777),
    [0o555, 0o444, 0o555],
  );
  assert.equal(readOutput(ran, "file"), "text\n");
});

test("writing to an input fails", options, async () => {
  const ran = await rig.group({
    phases: [
      {
        name: "build",
        script: `mkdir "$out"; echo x 2>/dev/null >/nix/store/tools/new || echo refused >"$out/said"`,
      },
    ],
    end: "seal",
  });
  assert.equal(ran.code, 0, ran.log);
  assert.equal(readOutput(ran, "said"), "refused\n");
});

test("the runner starts only in a sandbox, and only on groups that it knows", options, async () => {
  const outside = spawnSync(join(rig.quickjs, "bin/qjs"), [rig.runner], {
    encoding: "utf8",
    env: { NIX_BUILD_TOP: "/build" },
  });
  assert.equal(outside.status, 1);
  assert.match(
    outside.stderr,
    /^cleave: the runner starts only in a sandbox, and this is process \d+, not process 1\n {2}hint: set `sandbox = true` in nix\.conf: Debian's Nix has it off by default\n$/,
  );
  const refused = async (env: Record<string, string>, attributes: string | null) => {
    const spec = rig.specOf(env);
    if (attributes !== null) writeFileSync(join(spec.build, ".attrs.json"), attributes);
    const { code, output } = await rig.rig.run(spec);
    return `${code}: ${output.split("\n")[0]}`;
  };
  const top = { NIX_BUILD_TOP: "/build" };
  assert.equal(
    await refused({}, "{}"),
    "1: cleave: the runner starts only in a sandbox, and NIX_BUILD_TOP is not set",
  );
  assert.equal(
    await refused({ NIX_BUILD_TOP: "/tmp/nix-build-x" }, "{}"),
    "1: cleave: the runner starts only in a sandbox, and the build folder is /tmp/nix-build-x, not /build",
  );
  assert.equal(
    await refused(top, null),
    "1: cleave: the structured attributes cannot be read: read /build/.attrs.json: No such file or directory",
  );
  assert.equal(await refused(top, "{}"), "1: cleave: the structured attributes hold no group of phases");
  assert.equal(
    await refused(top, '{"cleave":{"version":2},"outputs":{}}'),
    "1: cleave: the group of phases is of version 2, and this runner knows 1",
  );
});

test("a state of another version, or after another phase, is refused", options, async () => {
  const phases = [{ name: "build", script: `mkdir "$out"` }];
  const saved = await rig.group({ phases, end: "state" });
  assert.equal(saved.code, 0, saved.log);
  const state = inStore(saved, realPath("out"));
  const next = (first: number) => rig.group({ phases, end: "seal", first, state });
  assert.match(
    (await next(2)).log,
    /^cleave: the state \S+-state is the one after phase 0, not after phase 1\n$/,
  );
  const manifest = join(state, "manifest.json");
  const text = readFileSync(manifest, "utf8");
  assert.deepEqual(JSON.parse(text), {
    version: 1,
    last: 0,
    results: { build: null },
    outputs: ["out"],
    entries: [
      [0, "work", 493, 0],
      [0, placeholderOf("out").slice(11), 493, 0],
    ],
  });
  writeFileSync(manifest, text.replace('"version":1', '"version":2'));
  assert.match(
    (await next(1)).log,
    /^cleave: the state \S+-state is of version 2, and this runner knows 1\n/,
  );
});
