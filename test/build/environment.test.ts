import assert from "node:assert/strict";
import { test } from "node:test";
import { startOf } from "../../src/build/environment.ts";
import {
  type Derivation,
  formatHash,
  hashBytes,
  outputPlaceholder,
  parseBaseName,
} from "../../src/nix/index.ts";

const out = parseBaseName("00000000000000000000000000000000-x");

function derivation(env: Record<string, string>, fixed = false): Derivation {
  return {
    name: "x",
    outputs: new Map([
      [
        "out",
        fixed
          ? { type: "fixed", path: out, method: "flat", hash: hashBytes("sha256", "") }
          : { type: "input-addressed", path: out },
      ],
    ]),
    inputDrvs: new Map(),
    inputSrcs: [],
    platform: "x86_64-linux",
    builder: "/bin/sh",
    args: ["-c", outputPlaceholder("out")],
    env: new Map(Object.entries(env)),
  };
}

const start = (each: Derivation, userEnv = {}) =>
  startOf({ derivation: each, outputs: new Map([["out", out]]), graphs: new Map(), cores: 3, userEnv });

const always = {
  PATH: "/path-not-set",
  HOME: "/homeless-shelter",
  NIX_STORE: "/nix/store",
  NIX_BUILD_CORES: "3",
  NIX_BUILD_TOP: "/build",
  TMPDIR: "/build",
  TEMPDIR: "/build",
  TMP: "/build",
  TEMP: "/build",
  PWD: "/build",
  NIX_LOG_FD: "2",
  TERM: "xterm-256color",
};

test("a builder gets Nix's variables and its own, which win where Nix lets them", () => {
  const { env, args, files } = start(
    derivation({ a: "1", PATH: "/own", TERM: "mine", TMPDIR: "mine", out: outputPlaceholder("out") }),
  );
  assert.deepEqual(env, { ...always, a: "1", PATH: "/own", out });
  assert.deepEqual(args, ["-c", out]);
  assert.deepEqual(files, new Map());
});

test("passAsFile puts variables into files", () => {
  const { env, files } = start(derivation({ passAsFile: "a  b", a: "A", c: "C" }));
  const file = `.attr-${formatHash(hashBytes("sha256", "a"), "nix32")}`;
  assert.deepEqual(env, { ...always, passAsFile: "a  b", aPath: `/build/${file}`, c: "C" });
  assert.deepEqual(files, new Map([[file, "A"]]));
});

test("fixed outputs get the user's variables that they name", () => {
  const names = "http_proxy no_proxy toString";
  const { env } = start(derivation({ impureEnvVars: names }, true), { http_proxy: "p" });
  assert.deepEqual(env, {
    ...always,
    impureEnvVars: names,
    NIX_OUTPUT_CHECKED: "1",
    http_proxy: "p",
    no_proxy: "",
    toString: "",
  });
});

test("structured attributes are two files, and no variables", () => {
  const attrs = {
    text: "it's",
    number: 12,
    fraction: 1.5,
    yes: true,
    no: false,
    nothing: null,
    list: ["a b", 1],
    deep: [["x"]],
    record: { "k 1": "v", b: false },
    "not-a-name": 1,
    placeholder: outputPlaceholder("out"),
  };
  const { env, files } = start(derivation({ __json: JSON.stringify(attrs) }));
  assert.deepEqual(env, {
    ...always,
    NIX_ATTRS_JSON_FILE: "/build/.attrs.json",
    NIX_ATTRS_SH_FILE: "/build/.attrs.sh",
  });
  assert.deepEqual(JSON.parse(files.get(".attrs.json") ?? ""), {
    ...attrs,
    placeholder: out,
    outputs: { out },
  });
  assert.equal(
    files.get(".attrs.sh"),
    [
      "declare -a list=('a b' 1 )",
      "declare no=",
      "declare nothing=''",
      "declare number=12",
      `declare -A outputs=(['out']='${out}' )`,
      `declare placeholder='${out}'`,
      "declare -A record=(['b']= ['k 1']='v' )",
      "declare text='it'\\''s'",
      "declare yes=1",
      "",
    ].join("\n"),
  );
});
