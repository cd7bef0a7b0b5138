/** The canonical form of trees that are deeper than a path may be long. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { canonicalise } from "../../src/store/canonical.ts";
import { deleteTree } from "../../src/store/delete-tree.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Go down 300 folders of 20 characters from the folder `tree`, and run something there. */
function inTheDepth(tree: string, what: string): string {
  const down = `mkdir -p "$1"; cd "$1"; for each in $(seq 300); do mkdir -p name-of-a-folder-$((each + 100)); cd -P name-of-a-folder-$((each + 100)); done`;
  return execFileSync("sh", ["-euc", `${down}; ${what}`, "sh", tree], { encoding: "utf8" });
}

test("a tree that is deeper than PATH_MAX becomes canonical", (t) => {
  using temp = temporaryFolder();
  const tree = join(temp.path, "tree");
  t.after(() => deleteTree(tree));
  inTheDepth(tree, "echo in >file; chmod 755 file; ln -s nowhere link");
  canonicalise(tree);
  assert.equal(inTheDepth(tree, "stat -c '%n %a %Y' . file link"), ". 555 1\nfile 555 1\nlink 777 1\n");
});

test("what cannot be in a store is named with its path", (t) => {
  using temp = temporaryFolder();
  const tree = join(temp.path, "tree");
  t.after(() => deleteTree(tree));
  spawnSync("sh", ["-c", `mkdir -p "$1"/a/b; mkfifo "$1/a/b/$(printf 'not\\377utf8')"`, "sh", tree]);
  assert.throws(() => canonicalise(tree), {
    code: "nar-unsupported-file",
    location: { file: `${tree}/a/b/not\udcffutf8` },
  });
});
