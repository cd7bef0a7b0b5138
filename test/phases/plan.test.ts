import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  allPartitions,
  cutTrunk,
  describePartition,
  makePlan,
  type Phases,
  type Plan,
  parsePartition,
} from "../../src/phases/index.ts";
import { assertError } from "../support/throws.ts";

type Facts = {
  after?: string[];
  before?: string[];
  branch?: boolean;
  reads?: string[];
  result?: Record<string, unknown> | null;
};

function phases(facts: Record<string, Facts | null>): Phases {
  return Object.fromEntries(
    Object.entries(facts).map(([name, each]) => [
      name,
      each && {
        interpreter: "quickjs",
        script: `${name}.js`,
        data: null,
        result: null,
        reads: [],
        tools: {},
        libraries: {},
        after: [],
        before: [],
        branch: false,
        ...each,
      },
    ]),
  );
}

const names = (plan: Plan) => plan.trunk.map((phase) => phase.name);
const standard: Record<string, Facts | null> = {
  unpack: {},
  patch: { after: ["unpack"] },
  configure: { after: ["patch"] },
  build: { after: ["configure"], result: { type: "object" } },
  check: { after: ["build"], branch: true },
  install: { after: ["build"] },
  fixup: { after: ["install"] },
};

test("phases run in the order that after and before give, and else as declared", () => {
  assert.deepEqual(names(makePlan(phases(standard))), [
    "unpack",
    "patch",
    "configure",
    "build",
    "install",
    "fixup",
  ]);
  assert.deepEqual(
    names(makePlan(phases({ b: {}, a: {}, c: { before: ["b"] }, d: { after: ["a"], before: ["c"] } }))),
    ["a", "d", "c", "b"],
  );
});

test("a branch starts after the last trunk phase that it follows, through other branches too", () => {
  const plan = makePlan(phases({ ...standard, docs: { after: ["check", "configure"], branch: true } }));
  assert.deepEqual(
    plan.branches.map(({ phase, start }) => [phase.name, plan.trunk[start]?.name]),
    [
      ["check", "build"],
      ["docs", "build"],
    ],
  );
});

test("a phase can be removed, repeated and put in between", () => {
  const plan = makePlan(
    phases({
      ...standard,
      configure: null,
      build2: { after: ["build"], before: ["install"] },
      stamp: { after: ["patch"], before: ["configure"] },
    }),
  );
  assert.deepEqual(names(plan), ["unpack", "patch", "stamp", "build", "build2", "install", "fixup"]);
});

test("every order keeps every after and before, and does not depend on the order of declaration where they decide", () => {
  const graph = fc.integer({ min: 2, max: 9 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      edges: fc.array(
        fc.tuple(fc.nat(size - 1), fc.nat(size - 1), fc.boolean()).filter(([a, b]) => a !== b),
        { maxLength: 14 },
      ),
    }),
  );
  fc.assert(
    fc.property(graph, ({ size, edges }) => {
      const facts: Record<string, { after: string[]; before: string[] }> = {};
      for (let index = 0; index < size; index += 1) facts[`p${index}`] = { after: [], before: [] };
      for (const [a, b, forward] of edges) {
        const [low, high] = [`p${Math.min(a, b)}`, `p${Math.max(a, b)}`];
        if (forward) facts[high]?.after.push(low);
        else facts[low]?.before.push(high);
      }
      const order = names(makePlan(phases(facts)));
      assert.equal(order.length, size);
      for (const [a, b] of edges)
        assert.ok(order.indexOf(`p${Math.min(a, b)}`) < order.indexOf(`p${Math.max(a, b)}`));
      assert.deepEqual(order, [...order].sort(), "declared in an order that fits, so that is the order");
    }),
  );
});

test("a phase that names what does not exist, a circle, a bad name, a misplaced branch are errors", () => {
  assertError(
    () => makePlan(phases({ ...standard, strip: { after: ["instal"] } })),
    "error[phase-unknown]: the phase strip names instal in after, and there is no such phase",
    "  hint: did you mean install?",
  );
  assertError(
    () => makePlan(phases({ a: { after: ["c"] }, b: { after: ["a"] }, c: { after: ["b"] }, d: {} })),
    "error[phase-cycle]: phases follow each other in a circle: a follows c follows b follows a",
    "  hint: take one of these after or before away",
  );
  assertError(
    () => makePlan(phases({ "a b": {} })),
    'error[phase-bad-name]: "a b" cannot be the name of a phase',
    "  hint: a name begins with a letter and goes on with letters, digits, - and _",
  );
  assertError(
    () => makePlan(phases({ ...standard, publish: { after: ["check"] } })),
    "error[phase-branch]: the phase publish cannot follow check, which is a branch and hands no tree on (publish says so with after)",
    "  hint: let publish follow the phase that check starts from, or take branch: true from check",
  );
  assertError(
    () => makePlan(phases({ a: {}, b: { branch: true } })),
    "error[phase-branch]: the phase b is a branch, but follows no phase whose state it could start from",
    '  hint: name one in its after, such as after: ["build"]',
  );
  assertError(
    () => makePlan(phases({ a: null, b: null })),
    "error[phase-none]: there is no phase that hands its tree on: all are removed or branches",
    "  hint: a package has at least one phase that is neither null nor a branch",
  );
});

test("a phase reads results only of trunk phases that run before it and report something", () => {
  makePlan(phases({ ...standard, install: { after: ["build"], reads: ["build"] } }));
  makePlan(phases({ ...standard, check: { after: ["build"], branch: true, reads: ["build"] } }));
  const hint =
    "  hint: a phase reads results of phases of the trunk that run before it and have a result schema";
  const refused = (facts: Record<string, Facts | null>, message: string) =>
    assertError(() => makePlan(phases({ ...standard, ...facts })), `error[phase-reads]: ${message}`, hint);
  refused(
    { patch: { after: ["unpack"], reads: ["build"] } },
    "the phase patch reads the result of build, which does not run before it",
  );
  refused(
    { fixup: { reads: ["install"], after: ["install"] } },
    "the phase fixup reads the result of install, which reports none",
  );
  refused(
    { fixup: { reads: ["check"], after: ["install"] } },
    "the phase fixup reads the result of check, which is a branch",
  );
  refused(
    {
      build: null,
      fixup: { reads: ["build"], after: ["install"] },
      check: { after: ["patch"], branch: true },
    },
    "the phase fixup reads the result of build, which is removed",
  );
});

test("a partition cuts the trunk into groups that joined again are the trunk", () => {
  const plan = makePlan(phases(standard));
  const partitions = allPartitions(plan);
  assert.equal(partitions.length, 32);
  assert.equal(new Set(partitions.map(describePartition)).size, 32);
  for (const partition of partitions) {
    const groups = cutTrunk(plan, parsePartition(describePartition(partition)));
    assert.deepEqual(
      groups.flatMap((group) => group.phases),
      plan.trunk,
    );
    assert.equal(groups.length, typeof partition === "string" ? 0 : partition.after.length + 1);
    for (const { first, last, phases } of groups) assert.deepEqual(plan.trunk.slice(first, last + 1), phases);
  }
  assert.equal(cutTrunk(plan, "joined").length, 1);
  assert.equal(cutTrunk(plan, "split").length, 6);
  assert.equal(cutTrunk(plan, { after: ["fixup"] }).length, 1);
});

test("a partition that names what is no trunk phase, or cannot be read, is an error", () => {
  const plan = makePlan(phases(standard));
  assertError(
    () => cutTrunk(plan, parsePartition("after=unpak")),
    "error[partition-unknown-phase]: the partition cuts after unpak, and there is no such phase",
    "  hint: did you mean unpack?",
  );
  assertError(
    () => cutTrunk(plan, { after: ["check"] }),
    "error[partition-unknown-phase]: the partition cuts after check, which is a branch",
    "  hint: the trunk is unpack, patch, configure, build, install, fixup",
  );
  for (const text of ["", "splitt", "after=", "after=a,,b"])
    assertError(
      () => parsePartition(text),
      `error[partition-unreadable]: ${text === "" ? '""' : text} is no partition`,
      "  hint: write joined, split, or after= with the phases to cut after, such as after=unpack,build",
    );
});
