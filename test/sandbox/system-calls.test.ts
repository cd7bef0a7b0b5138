import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { endOf } from "../../src/sandbox/libc.ts";
import { type CallList, hasSystemCalls, makeCallList, startCalls } from "../../src/sandbox/system-calls.ts";
import { temporaryFolder } from "../support/temp.ts";

const O_WRONLY = 1;
const skip = hasSystemCalls ? false : "for x86-64 only";

async function carryOut(
  list: CallList,
): Promise<{ readonly code: number; readonly failure: string | undefined }> {
  const { pid, failure } = startCalls(list, 0);
  assert.ok(pid !== undefined);
  for (;;) {
    const code = endOf(pid);
    if (code !== undefined) return { code, failure: failure() };
    await new Promise((resolve) => setImmediate(resolve));
  }
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
  const list = makeCallList();
  list.add("chdir", "/");
  list.add("chdir", "/dev/null/x");
  list.add("execve", "/bin/true", { words: ["true"] }, { words: [] });
  assert.deepEqual(await carryOut(list), {
    code: 127,
    failure: "chdir /dev/null/x: not a directory",
  });
});

test("a process that cannot be made is a failure, too", { skip }, () => {
  const CLONE_THREAD = 0x10000;
  const { pid, failure } = startCalls(makeCallList(), CLONE_THREAD);
  assert.equal(pid, undefined);
  assert.equal(failure(), "clone, for a process in new namespaces: invalid argument");
});

test("processes that share this one's memory do not disturb each other", { skip }, async () => {
  const lists = Array.from({ length: 50 }, (_, index) => {
    const list = makeCallList();
    list.add("execve", "/bin/sh", { words: ["sh", "-c", `exit ${index}`] }, { words: [] });
    return list;
  });
  const ended = await Promise.all(lists.map(carryOut));
  assert.deepEqual(
    ended.map(({ code }) => code),
    lists.map((_, index) => index),
  );
});
