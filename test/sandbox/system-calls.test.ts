import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type CallList,
  hasSystemCalls,
  makeCallList,
  type Process,
  startProcess,
} from "../../src/sandbox/system-calls.ts";
import { temporaryFolder } from "../support/temp.ts";

const O_WRONLY = 1;
const skip = hasSystemCalls ? false : "for x86-64 only";

type Outcome = { readonly code: number; readonly failure: string | undefined };

/** Start a process in no new namespaces, and in it one that carries out two lists. */
function start(inner: CallList, outer = makeCallList(), namespaces = 0): Process {
  const afterwards = makeCallList();
  return startProcess({ outer, inner, afterwards, outerNamespaces: namespaces, innerNamespaces: 0 });
}

async function endOf({ end, failure }: Process): Promise<Outcome> {
  for (;;) {
    const code = end();
    if (code !== undefined) return { code, failure: failure() };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function carryOut(first: CallList, second: CallList = makeCallList()): Promise<Outcome> {
  const started = start(first);
  assert.ok(started.pid !== undefined);
  started.goOn(second);
  return await endOf(started);
}

test("a process carries out calls, with results of earlier ones, and becomes a program", {
  skip,
}, async () => {
  using temp = temporaryFolder();
  const file = join(temp.path, "a\udcff");
  const bytes = Buffer.concat([Buffer.from(`${temp.path}/a`), Buffer.of(0xff)]);
  writeFileSync(bytes, "");
  const list = makeCallList();
  list.try("open", "/dev/null/x", O_WRONLY);
  const opened = list.add("open", file, O_WRONLY);
  list.add("write", opened, "text", 4);
  list.add("dup2", list.add("open", file, O_WRONLY | 0o2000), 1);
  list.add(
    "execve",
    "/bin/sh",
    { words: ["sh", "-c", 'echo " $A $1"; exit 42', "sh", "ü"] },
    { words: ["A=b"] },
  );
  assert.deepEqual(await carryOut(list), { code: 42, failure: undefined });
  assert.equal(readFileSync(bytes, "utf8"), "text b ü\n");
});

test("the first call that fails ends the process, and is named", { skip }, async () => {
  const bad = makeCallList();
  bad.add("chdir", "/");
  bad.add("chdir", "/dev/null/x");
  bad.add("execve", "/bin/true", { words: ["true"] }, { words: [] });
  const expected = { code: 127, failure: "chdir /dev/null/x: not a directory" };
  assert.deepEqual(await carryOut(bad), expected);
  assert.deepEqual(await carryOut(makeCallList(), bad), expected);
});

test("what fails in the outer process is named, too", { skip }, async () => {
  const bad = makeCallList();
  bad.add("chdir", "/dev/null/x");
  assert.deepEqual(await endOf(start(makeCallList(), bad)), {
    code: 127,
    failure: "chdir /dev/null/x: not a directory",
  });
});

test("between its two lists a process waits", { skip }, async () => {
  const list = makeCallList();
  list.add("execve", "/bin/sh", { words: ["sh", "-c", "exit 7"] }, { words: [] });
  const started = start(makeCallList());
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(started.end(), undefined);
  started.goOn(list);
  assert.equal((await endOf(started)).code, 7);
});

test("the outer process tells which signal has ended the inner one", { skip }, async () => {
  const list = makeCallList();
  list.add("execve", "/bin/sh", { words: ["sh", "-c", "kill -9 $$"] }, { words: [] });
  assert.deepEqual(await carryOut(makeCallList(), list), { code: 137, failure: undefined });
});

test("a process that cannot be made is a failure, too", { skip }, () => {
  const CLONE_THREAD = 0x10000;
  const { pid, failure } = start(makeCallList(), makeCallList(), CLONE_THREAD);
  assert.equal(pid, undefined);
  assert.equal(failure(), "clone, for a process in new namespaces: invalid argument");
});

test("processes that share this one's memory do not disturb each other", { skip }, async () => {
  const lists = Array.from({ length: 50 }, (_, index) => {
    const list = makeCallList();
    list.add("execve", "/bin/sh", { words: ["sh", "-c", `exit ${index}`] }, { words: [] });
    return list;
  });
  const ended = await Promise.all(
    lists.map((list, index) => (index % 2 ? carryOut(list) : carryOut(makeCallList(), list))),
  );
  assert.deepEqual(
    ended.map(({ code }) => code),
    lists.map((_, index) => index),
  );
});
