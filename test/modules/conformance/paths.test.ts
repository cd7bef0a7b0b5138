/** Paths: absolute or not, in the store or not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkOption, types } from "../../../src/modules/index.ts";
import { evaluate, failure } from "../../support/modules.ts";

const inStore = [
  "/nix/store/0lz9p8xhf89kb1c1kk6jxrzskaiygnlh-bash-5.2-p15.drv",
  "/nix/store/0fb3ykw9r5hpayd05sr0cizwadzq1d8q-bash-5.2-p15",
  "/nix/store/0fb3ykw9r5hpayd05sr0cizwadzq1d8q-bash-5.2-p15/bin/bash",
];
const notInStore = ["", "/nix/store", "/nix/store/", "/nix/store/.links", "/foo/bar"];
const outside = types.pathWith({ absolute: true, inStore: false });

test("a path in the store, of a derivation, of an output or of a file in it, is a store path", () => {
  for (const path of inStore) assert.equal(evaluate(types.pathWith({ inStore: true }), path), path);
});

test("an empty text, the store folder itself, a hidden name in it and a path elsewhere are no store paths", () => {
  for (const type of [types.storePath, types.pathWith({ inStore: true })])
    for (const path of notInStore)
      assert.match(
        failure(() => evaluate(type, path)),
        /value.*store/i,
      );
});

test("absolute paths outside of the store are accepted where only such are allowed", () => {
  for (const path of ["/foo/bar", "/"]) assert.equal(evaluate(outside, path), path);
});

test("store paths, an empty text and a relative path are refused where only absolute paths outside of the store are allowed", () => {
  for (const path of [...inStore, "", "./foo/bar"])
    assert.match(
      failure(() => evaluate(outside, path)),
      /absolute path not in the Nix store/i,
    );
});

test("paths that are not in the store are accepted where only such are allowed", () => {
  for (const path of notInStore) assert.equal(evaluate(types.pathWith({ inStore: false }), path), path);
});

test("store paths are refused where only paths outside of the store are allowed", () => {
  for (const path of inStore)
    assert.match(
      failure(() => evaluate(types.pathWith({ inStore: false }), path)),
      /value/,
    );
});

test("a path that may be anything accepts absolute and relative ones", () => {
  for (const path of ["/this/is/absolute", "./this/is/relative"])
    assert.equal(evaluate(types.pathWith({}), path), path);
});

test("a number is no path", () => {
  assert.match(
    failure(() => evaluate(types.pathWith({}), 42)),
    /path/,
  );
});

test("an absolute path outside of the store is accepted by both conditions together", () => {
  assert.equal(evaluate(outside, "/this/is/absolute"), "/this/is/absolute");
});

test("a relative path and a store path are refused by both conditions together", () => {
  for (const path of ["./this/is/relative", ...inStore])
    assert.match(
      failure(() => evaluate(outside, path)),
      /value/,
    );
});

test("path types with conditions that contradict cannot be declared for one option", () => {
  const declares = (name: string, absolute: boolean) =>
    defineModule(name, {
      options: { value: mkOption({ type: types.pathWith({ absolute }), description: "path" }) },
    });
  const text = failure(
    () => evalModules({ modules: [declares("one", true), declares("two", false)] }).config.value,
  );
  for (const each of [/value/, /one/, /two/]) assert.match(text, each);
});

test("a path type that is to be in the store and relative is refused when it is made", () => {
  assert.match(
    failure(() => types.pathWith({ absolute: false, inStore: true })),
    /absolute/,
  );
});
