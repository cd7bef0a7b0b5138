import assert from "node:assert/strict";
import { test } from "node:test";
import { makeReadOnly } from "../../src/sandbox/table.ts";

/** Say of paths whether nothing on them may be executed, by lines of `/proc/self/mountinfo`. */
function stopped(lines: readonly string[], ...paths: readonly string[]): boolean[] {
  const readOnly = makeReadOnly(Buffer.from(`${lines.join("\n")}\n`));
  return paths.map((path) => readOnly(path).split(",").includes("noexec"));
}

const mount = (id: number, parent: number, place: string, options = "rw,relatime"): string =>
  `${id} ${parent} 0:${id} / ${place} ${options} shared:1 - tmpfs none rw`;

test("a read-only mount keeps the noexec of the mount that a path is on", () => {
  const root = mount(60, 60, "/");
  assert.deepEqual(stopped([root, mount(61, 60, "/a\\040b", "rw,noexec")], "/a b", "/a b/x", "/a bc", "/x"), [
    true,
    true,
    false,
    false,
  ]);
  assert.deepEqual(stopped([root, mount(61, 60, "/a", "noexec"), mount(62, 61, "/a/b")], "/a/b/c", "/a/c"), [
    false,
    true,
  ]);
});

test("of mounts in one place the last one counts, and hides those below the others", () => {
  const root = mount(60, 1, "/", "ro,noexec");
  assert.deepEqual(stopped([root, mount(61, 60, "/a", "noexec"), mount(62, 61, "/a")], "/a/x", "/x"), [
    false,
    true,
  ]);
  assert.deepEqual(
    stopped([root, mount(61, 60, "/a"), mount(62, 61, "/a/b", "noexec"), mount(63, 61, "/a")], "/a/b/x"),
    [false],
  );
});
