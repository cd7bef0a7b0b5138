import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { afterSeconds } from "../../src/build/timer.ts";

test("a limit of more than 24 days is waited for, one that is called off is not", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const done: string[] = [];
    afterSeconds(0.5, () => done.push("short"));
    afterSeconds(5_000_000, () => done.push("long"));
    const callOff = afterSeconds(5_000_000, () => done.push("called off"));
    mock.timers.tick(499);
    assert.deepEqual(done, []);
    mock.timers.tick(1);
    assert.deepEqual(done, ["short"]);
    const longest = 2 ** 31 - 1;
    mock.timers.tick(longest - 500);
    mock.timers.tick(longest);
    callOff();
    mock.timers.tick(5_000_000_000 - 2 * longest - 1);
    assert.deepEqual(done, ["short"]);
    mock.timers.tick(1);
    assert.deepEqual(done, ["short", "long"]);
  } finally {
    mock.timers.reset();
  }
});
