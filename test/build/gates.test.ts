import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildNode } from "../../src/build/build-graph.ts";
import { makeGates } from "../../src/build/gates.ts";

const never = new AbortController().signal;
const nodeOf = (
  name: string,
  needs: readonly BuildNode[] = [],
  gates: readonly BuildNode[] = [],
): BuildNode => ({ path: name, needs: new Set(needs), gates: new Set(gates) }) as unknown as BuildNode;

test("who waits for no gate passes, others when all of theirs are open", async () => {
  const [one, two] = [nodeOf("one"), nodeOf("two")];
  const waiting = nodeOf("waiting", [], [one, two]);
  const gates = makeGates([one, two, waiting]);
  await gates.passed(one, never);
  let passed = false;
  const done = gates.passed(waiting, never).then(() => {
    passed = true;
  });
  gates.open(one);
  await Promise.resolve();
  assert.ok(!passed);
  gates.open(two);
  await done;
});

test("a gate that fails, or whose needs fail, lets nobody through", async () => {
  const need = nodeOf("need");
  const gate = nodeOf("gate", [need]);
  const waiting = nodeOf("waiting", [], [gate]);
  const gates = makeGates([need, gate, waiting]);
  gates.fail(need);
  await assert.rejects(gates.passed(waiting, never), {
    code: "build-gate",
    message: "the outputs of waiting were made, and are not published because gate failed",
  });
});

test("an interrupt ends the waiting", async () => {
  const gate = nodeOf("gate");
  const waiting = nodeOf("waiting", [], [gate]);
  const controller = new AbortController();
  const passed = makeGates([gate, waiting]).passed(waiting, controller.signal);
  controller.abort(new Error("stopped"));
  await assert.rejects(passed, /stopped/);
});
