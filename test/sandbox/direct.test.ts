import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { childrenOf } from "../../src/sandbox/processes.ts";
import { hasSystemCalls } from "../../src/sandbox/system-calls.ts";
import { needsBusybox } from "../support/sandbox.ts";
import { makeRig } from "./rig.ts";

const skip = needsBusybox.skip || (hasSystemCalls ? false : "for x86-64 only");

test("the next sandbox is made in advance, but for one that sees the host's network as it is by then", {
  skip,
}, async () => {
  await using rig = makeRig("direct");
  await rig.sh("true", { network: true });
  await setImmediate();
  assert.equal(childrenOf(process.pid).length, 0);
  await rig.sh("true");
  await setImmediate();
  assert.equal(childrenOf(process.pid).length, 1);
});
