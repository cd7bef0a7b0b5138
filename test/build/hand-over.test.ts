import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { BuildNode } from "../../src/build/build-graph.ts";
import { makeHandOver } from "../../src/build/hand-over.ts";
import type { BuildFolder } from "../../src/build/work-folder.ts";
import { parseBaseName, type StorePath } from "../../src/nix/index.ts";
import { temporaryFolder } from "../support/temp.ts";

const at = (name: string): StorePath => parseBaseName(`${"0".repeat(32)}-${name}`);

function node(name: string, cleave: object, inputs: readonly StorePath[]): BuildNode {
  return {
    path: at(`${name}.drv`),
    derivation: {
      name,
      outputs: new Map([["out", { type: "input-addressed", path: at(name) }]]),
      inputDrvs: new Map(),
      inputSrcs: [],
      platform: "x86_64-linux",
      builder: "/bin/sh",
      args: [],
      env: new Map([["__json", JSON.stringify({ cleave })]]),
    },
    outputs: new Map([["out", at(name)]]),
    inputs: new Set(inputs),
    needs: new Set(),
    gates: new Set(),
    again: false,
  };
}

test("a tree goes to who has its state as an input, with what lies at placeholders in the store", () => {
  using temp = temporaryFolder();
  const placeholders = { out: at("placeholder"), up: "/nix/store/..", other: "/etc" };
  const saves = node("saves", { end: "state", placeholders }, []);
  const start = at("saves");
  const stranger = node("stranger", { start, end: "seal", placeholders }, []);
  const goesOn = node("goes-on", { start, end: "seal", placeholders }, [start]);
  const work = { path: temp.path, makeBuildFolder: () => folder("x"), [Symbol.dispose]: () => {} };
  const folder = (name: string): BuildFolder => {
    const [build = "", store = ""] = ["build", "store"].map((each) => join(temp.path, `${name}-${each}`));
    for (const each of [build, store]) mkdirSync(each);
    return { build, store, apart: "", reopen: () => {}, keep: () => "", remove: () => {} };
  };
  const { leave, take } = makeHandOver([saves, stranger, goesOn], work);
  const first = folder("first");
  mkdirSync(join(first.build, "work"));
  writeFileSync(join(first.build, "work/file"), "");
  writeFileSync(join(first.store, at("placeholder").slice("/nix/store/".length)), "");
  leave(saves, first);
  assert.deepEqual([readdirSync(first.build), readdirSync(first.store)], [[], []]);
  const second = folder("second");
  take(stranger, second);
  assert.deepEqual(readdirSync(second.build), []);
  const third = folder("third");
  take(goesOn, third);
  assert.deepEqual(readdirSync(third.build), [".cleave-live.json", "work"]);
  assert.deepEqual(readdirSync(third.store), [`${"0".repeat(32)}-placeholder`]);
  assert.ok(existsSync(join(third.build, "work/file")));
});
