import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { schedule } from "../../src/build/schedule.ts";

/** Graphs of tasks 0, 1, ...: each needs some of those before it. */
const graphs = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 25 })
  .map((lists) => lists.map((list, task) => [...new Set(task === 0 ? [] : list.map((each) => each % task))]));

test("every task runs once, after all that it needs, and never more at once than allowed", async () => {
  await fc.assert(
    fc.asyncProperty(graphs, fc.integer({ min: 1, max: 4 }), async (graph, jobs) => {
      const done: number[] = [];
      let running = 0;
      const { failed, skipped } = await schedule([...graph.keys()], {
        jobs,
        keepGoing: false,
        needs: (task) => graph[task] ?? [],
        run: async (task) => {
          running += 1;
          assert.ok(running <= jobs);
          for (const need of graph[task] ?? []) assert.ok(done.includes(need));
          await Promise.resolve();
          done.push(task);
          running -= 1;
        },
      });
      assert.deepEqual([failed.size, skipped], [0, []]);
      assert.deepEqual(
        [...done].sort((a, b) => a - b),
        [...graph.keys()],
      );
    }),
  );
});

test("200,000 tasks may need the same one", async () => {
  let count = 0;
  const { failed, skipped } = await schedule([...Array(200_000).keys()], {
    jobs: 2,
    keepGoing: false,
    needs: (task) => (task === 0 ? [] : [0]),
    run: async () => {
      count += 1;
    },
  });
  assert.deepEqual([failed.size, skipped.length, count], [0, 0, 200_000]);
});

test("a task that is nearly done lets another start, but not what needs it", async () => {
  const events: string[] = [];
  const gate = Promise.withResolvers<void>();
  const { failed, skipped } = await schedule(["a", "b", "c"], {
    jobs: 1,
    keepGoing: false,
    needs: (task) => (task === "c" ? ["a"] : []),
    run: async (task, slot) => {
      events.push(`${task} runs`);
      if (task === "a") {
        slot.free();
        slot.free();
        await gate.promise;
      } else gate.resolve();
      events.push(`${task} is done`);
    },
  });
  assert.deepEqual([failed.size, skipped], [0, []]);
  assert.deepEqual(events, ["a runs", "b runs", "b is done", "a is done", "c runs", "c is done"]);
});

test("a task that waits for something outside gives its slot up, and takes one again before others start", async () => {
  const events: string[] = [];
  const outside = Promise.withResolvers<void>();
  let running = 0;
  const { failed, skipped } = await schedule(["c", "b", "a"], {
    jobs: 1,
    keepGoing: false,
    needs: () => [],
    run: async (task, slot) => {
      running += 1;
      await slot.claim();
      if (task === "a") {
        slot.free();
        running -= 1;
        await outside.promise;
        await slot.claim();
        running += 1;
      } else outside.resolve();
      for (let turn = 0; turn < 5; turn += 1) {
        assert.equal(running, 1);
        await Promise.resolve();
      }
      events.push(task);
      running -= 1;
    },
  });
  assert.deepEqual([failed.size, skipped], [0, []]);
  assert.deepEqual(events, ["b", "a", "c"]);
});

test("with keepGoing all that does not need a failure is done, and the rest is skipped", async () => {
  await fc.assert(
    fc.asyncProperty(graphs, fc.nat(24), async (graph, bad) => {
      const doomed = new Set<number>();
      for (const [task, needs] of graph.entries())
        if (task === bad || needs.some((need) => doomed.has(need))) doomed.add(task);
      const done = new Set<number>();
      const { failed, skipped } = await schedule([...graph.keys()], {
        jobs: 2,
        keepGoing: true,
        needs: (task) => graph[task] ?? [],
        run: async (task) => {
          if (task === bad) throw new Error("bad");
          done.add(task);
        },
      });
      assert.deepEqual([...failed.keys()], bad < graph.length ? [bad] : []);
      assert.deepEqual(new Set(skipped), doomed.difference(new Set([bad])));
      for (const task of graph.keys()) assert.equal(done.has(task), !doomed.has(task));
    }),
  );
});

test("what has the longest chain behind it goes first, and nothing starts after a failure", async () => {
  const needs: Record<string, string[]> = { a: [], b: [], c: ["b"], d: ["c"], e: [] };
  const order: string[] = [];
  const { skipped } = await schedule(Object.keys(needs), {
    jobs: 1,
    keepGoing: false,
    needs: (task) => needs[task] ?? [],
    run: async (task) => {
      order.push(task);
      if (task === "c") throw new Error("bad");
    },
  });
  assert.deepEqual(order, ["b", "c"]);
  assert.deepEqual(skipped, ["a", "d", "e"]);
});
