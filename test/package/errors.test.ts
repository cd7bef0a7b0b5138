import assert from "node:assert/strict";
import { test } from "node:test";
import { CleaveError, describeError } from "../../src/base/index.ts";
import { uses } from "../../src/modules/index.ts";
import { base, evaluatePackage, fetchUrl, parsePlatform } from "../../src/package/index.ts";
import { contextOf, fileOf, packageOf } from "./rig.ts";

function textOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof CleaveError) return describeError(error);
    throw error;
  }
  return "no error";
}

const lower = (data: unknown) => textOf(() => packageOf({ phases: { build: { data } } }).lower("joined"));

test("data that is not JSON is refused with its place", () => {
  assert.equal(
    lower({ flags: ["-O2", undefined] }),
    "error[package-data]: phases.build.data.flags[1] of sample is undefined, which no data for a build can be\n" +
      "  hint: data for a build is null, booleans, integers, text, lists and records of these, files and fetched things\n" +
      "  more: cleave explain package-data\n",
  );
  assert.match(
    lower({ when: new Map() }),
    /phases\.build\.data\.when of sample is an instance of Map, which no data for a build can be\n/,
  );
  assert.equal(
    lower({ half: 0.5 }),
    "error[package-data]: phases.build.data.half of sample is the number 0.5, which no data for a build can be\n" +
      "  hint: data has integers within ±2^53 alone; write this as a text\n" +
      "  more: cleave explain package-data\n",
  );
});

test("a store path that nobody declared is refused", () => {
  const path = "/nix/store/00000000000000000000000000000000-tool";
  assert.equal(
    lower({ env: { TOOL: `${path}/bin/tool` } }),
    `error[package-undeclared-path]: phases.build.data.env.TOOL of sample names a store path that is no tool, library, file or source of it: ${path}/bin/tool\n` +
      "  hint: add the package that it belongs to to tools or libraries, or hand over the file itself instead of its path\n" +
      "  more: cleave explain package-undeclared-path\n",
  );
});

test("nor may a name in data, or an argument of an interpreter, be such a path", () => {
  const path = "/nix/store/00000000000000000000000000000000-tool";
  assert.match(
    lower({ env: { [path]: "yes" } }),
    /^error\[package-undeclared-path\]: phases\.build\.data\.env of sample names/,
  );
  const made = evaluatePackage(
    uses(base).package("sample", ({ define }) =>
      define({
        name: "sample",
        version: "1",
        runner: { tool: "qjs", program: "bin/qjs", script: fileOf("runner.js") },
        interpreters: { quickjs: { tool: "qjs", program: "bin/qjs", args: [`--with=${path}`] } },
        phases: { build: { script: fileOf("build.js") } },
      }),
    ),
    contextOf("sample"),
  );
  assert.match(
    textOf(() => made.lower("joined")),
    /^error\[package-undeclared-path\]: args\[0\] of the interpreter quickjs names a store path /,
  );
});

test("an interpreter that there is not is refused before the script is asked for", () => {
  const made = evaluatePackage(
    uses(base).package("sample", ({ define }) =>
      define({
        name: "sample",
        version: "1",
        interpreter: "ruby",
        interpreters: { quickjs: { tool: "qjs", program: "bin/qjs" } },
        phases: {
          build: {
            script: () => {
              throw new Error("there is no script in ruby");
            },
          },
        },
      }),
    ),
    contextOf("sample"),
  );
  assert.match(
    textOf(() => made.plan),
    /^error\[package-interpreter\]: the phase build of sample is run by ruby,/,
  );
});

test("an interpreter that there is not is refused, with the nearest names", () => {
  const made = (interpreter: string) =>
    evaluatePackage(
      uses(base).package("sample", ({ define }) =>
        define({
          name: "sample",
          version: "1",
          interpreter,
          runner: { tool: "qjs", program: "bin/qjs", script: fileOf("runner.js") },
          interpreters: { quickjs: { tool: "qjs", program: "bin/qjs" } },
          phases: { build: { script: fileOf("build.js") } },
        }),
      ),
      contextOf("sample"),
    );
  assert.equal(
    textOf(() => made("quickj").lower("joined")),
    "error[package-interpreter]: the phase build of sample is run by quickj, and there is no such interpreter\n" +
      "  hint: did you mean quickjs?\n" +
      "  more: cleave explain package-interpreter\n",
  );
  assert.match(
    textOf(() => made("python").lower("joined")),
    /hint: there are quickjs; a module of stdenv brings each\n/,
  );
});

test("exports in an output that there is not are refused", () => {
  const made = evaluatePackage(
    uses(base).package("sample", ({ define }) =>
      define({
        name: "sample",
        version: "1",
        runner: { tool: "qjs", program: "bin/qjs", script: fileOf("runner.js") },
        interpreters: { quickjs: { tool: "qjs", program: "bin/qjs" } },
        phases: { build: { script: fileOf("build.js") } },
        exports: { include: ["dev/include"] },
      }),
    ),
    contextOf("sample"),
  );
  assert.equal(
    textOf(() => made.interface),
    "error[package-output]: exports.include of sample names dev/include, and there is no output dev\n" +
      "  hint: write OUTPUT/FOLDER; the outputs are out\n" +
      "  more: cleave explain package-output\n",
  );
});

test("a hash that is none, and a URL that is none, are refused", () => {
  assert.equal(
    textOf(() => fetchUrl({ name: "a", urls: ["https://host.example/a"], hash: "sha256-short" })),
    "error[package-fetch]: the hash of a, sha256-short, is none\n" +
      "  because[hash-malformed]: the hash sha256-short is not sri of the 32 bytes of sha256\n" +
      "  hint: cleave fetch URL prints the hash of what is there\n" +
      "  more: cleave explain package-fetch\n",
  );
  assert.match(
    textOf(() =>
      fetchUrl({
        name: "a",
        urls: ["two words"],
        hash: "sha256-MeBmE3qWJnbon2nRtlOC3pWn732RS4y5VvQepy4PUWs=",
      }),
    ),
    /^error\[package-fetch\]: a is to be fetched from what is no URL\n/,
  );
});

test("a platform that is not known is refused", () => {
  assert.equal(
    textOf(() => parsePlatform("vax-vms")),
    "error[package-platform]: vax-vms is no platform that cleave knows\n" +
      "  hint: there are x86_64-linux, aarch64-linux\n" +
      "  more: cleave explain package-platform\n",
  );
});
