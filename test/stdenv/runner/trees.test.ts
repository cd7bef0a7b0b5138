/** Copies of trees that are large enough for several threads, by the functions of `cleave:native`, outside of a sandbox. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { needsTools } from "../../support/bootstrapped.ts";
import { needsBusybox } from "../../support/sandbox.ts";
import { temporaryFolder } from "../../support/temp.ts";
import { openRunnerRig, type RunnerRig } from "./rig.ts";

const options = needsTools.skip === false ? needsBusybox : needsTools;
const base = 315619200;
let rig: RunnerRig;
before(async () => {
  if (options.skip === false) rig = await openRunnerRig();
});
after(async () => {
  await rig?.[Symbol.asyncDispose]();
});

/** Run a script on a folder, started by a command if there is one; gives what it prints, or how it failed. */
function run(folder: string, script: string, starter: readonly string[] = []): string {
  const file = join(folder, "script.js");
  writeFileSync(
    file,
    `import * as native from "cleave:native";\nconst [, folder] = scriptArgs;\nconst at = (name) => folder + "/" + name;\ntry {\n${script}\n} catch (error) { print(error.message); }\n`,
  );
  const program = join(folder, "qjs");
  copyFileSync(join(rig.quickjs, "bin/qjs"), program);
  const [command = "", ...args] = [...starter, program, file, folder];
  const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  rmSync(program);
  return stdout + stderr;
}

/** Make 2,000 files in folders, of which some are wide and some deep, with links between folders. */
function makeTree(folder: string): void {
  const make = `
mkdir -p "$1/work"; cd "$1/work"; printf x >"$(printf 'not\\377utf8')"; mkdir empty; ln -s nowhere link
for a in $(seq 20); do
  for b in $(seq 9); do mkdir -p $a/$b/sub; for c in $(seq 10); do echo $a $b $c >$a/$b/$c; done; done
  chmod 755 $a/1/1; chmod 400 $a/1/2; chmod 1750 $a/2; chmod 500 $a/3
  ln $a/1/1 $a/twin; ln 1/1/3 $a/9/sub/twin-of-all; ln -s /nowhere/$a $a/link; ln $a/link $a/4/sub/same-link
done
mkdir -p deep/$(seq -s / 200); cp 1/1/1 deep/$(seq -s / 200)/file; mkdir large; cd large; for c in $(seq 400); do echo $c >file-$c; done
head -c 3000000 /dev/zero >zeros`;
  execFileSync("sh", ["-euc", make, "sh", folder]);
}

/** List all of a tree in the order in which its folders do: types, modes, times, sizes, link counts, targets. */
function listing(tree: string): string {
  return execFileSync(
    "find",
    [".", "-printf", "%p %y %m %T@ %s %l ", "-type", "d", "-printf", "\\n", "-o", "-printf", "%n\\n"],
    { cwd: tree, encoding: "latin1" },
  );
}

/** List which names are the same file, in groups. */
function links(tree: string): string {
  const found = execFileSync("sh", ["-c", "find . ! -type d -links +1 -printf '%i %p\\n' | sort -k2"], {
    cwd: tree,
    encoding: "latin1",
  });
  const numbers = new Map<string, number>();
  return found.replace(
    /^\d+/gm,
    (inode) => `${numbers.get(inode) ?? numbers.set(inode, numbers.size).size - 1}`,
  );
}

const save = `
native.stampTree(at("work"), ${base}, 3, true);
native.mkdir(at("state"), 0o755);
const saved = native.saveTrees([[at("work"), at("state/work")]], ${base});
`;

test("what was saved is restored, with all that a store forgets", options, () => {
  using temp = temporaryFolder();
  makeTree(temp.path);
  const printed = run(
    temp.path,
    `${save}
native.restoreTrees([[at("state/work"), at("back")]], saved.records, saved.names, ${base});
native.copyTree(at("work"), at("copy"));
print(JSON.stringify([...saved.records]), JSON.stringify(saved.names.split("\\0")));
for (let again = 0; again < 3; again += 1) {
  native.removeTree(at("state/work"));
  const other = native.saveTrees([[at("work"), at("state/work")]], ${base});
  if (other.names !== saved.names || other.records.join() !== saved.records.join()) print("other records");
}`,
  );
  assert.doesNotMatch(printed, /other records|:/);
  const [work, back, copy] = ["work", "back", "copy"].map((name) => join(temp.path, name));
  assert.ok(work !== undefined && back !== undefined && copy !== undefined);
  // In the order of listing, too: all three list alike.
  assert.equal(listing(back), listing(work));
  assert.equal(listing(copy), listing(work));
  assert.equal(links(back), links(work));
  assert.equal(links(copy), links(work));
  const state = join(temp.path, "state/work");
  for (const other of [back, copy, state])
    execFileSync("sh", ["-c", 'diff -r --no-dereference "$1" "$2" >&2', "sh", work, other]);
  const forms = execFileSync("find", [state, "-printf", "%y %m %T@\\n"], { encoding: "utf8" });
  assert.deepEqual([...new Set(forms.trim().split("\n"))].sort(), [
    "d 555 1.0000000000",
    "f 444 1.0000000000",
    "f 555 1.0000000000",
    "l 777 1.0000000000",
  ]);
});

test(
  "files that their owner may not read keep their modes, whichever of their names is copied first",
  options,
  () => {
    using temp = temporaryFolder();
    const make = `
mkdir "$1/work"; cd "$1/work"
for a in $(seq 40); do mkdir $a; for c in $(seq 8); do echo $a >$a/$c; done; done
for c in $(seq 4); do
  head -c 120000 /dev/zero >1/closed-$c; for a in $(seq 2 40); do ln 1/closed-$c $a/closed-$c; done; chmod 111 1/closed-$c
done`;
    execFileSync("sh", ["-euc", make, "sh", temp.path]);
    const starter: string[] = [];
    // The superuser reads everything.
    if (process.getuid?.() === 0) {
      starter.push("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
      execFileSync("chown", ["-R", "65534:65534", temp.path]);
    }
    for (let again = 0; again < 5; again += 1) {
      const printed = run(
        temp.path,
        `${again === 0 ? save : `${save.replace(/.*mkdir.*\n/, "")}`}
saved.names.split("\\0").forEach((name, index) => {
  if (name.startsWith("closed") && saved.records[index * 4 + 1] !== 0o111) print(name, saved.records[index * 4 + 1].toString(8));
});
native.removeTree(at("state/work"));`,
        starter,
      );
      assert.equal(printed, "");
      const modes = execFileSync("find", [join(temp.path, "work"), "-name", "closed*", "-printf", "%m\n"], {
        encoding: "utf8",
      });
      assert.equal(modes, "111\n".repeat(160));
    }
  },
);

test("a state that holds other names than were saved is refused", options, () => {
  for (const [change, said] of [
    [`native.unlink(at("state/work/20/9/10"))`, /^(find the record of|find) .*\n$/],
    [
      `native.writeFile(at("state/work/20/9/more"), "")`,
      /^find the record of \S+\/state\/work\/20\/9\/more: .*\n$/,
    ],
    [
      `native.rename(at("state/work/7"), at("state/work/77"))`,
      /^find the record of \S+\/state\/work\/\S+: .*\n$/,
    ],
  ] as const) {
    using temp = temporaryFolder();
    makeTree(temp.path);
    const printed = run(
      temp.path,
      `${save}
native.chmod(at("state/work"), 0o755); native.chmod(at("state/work/20/9"), 0o755);
${change};
native.restoreTrees([[at("state/work"), at("back")]], saved.records, saved.names, ${base});`,
    );
    assert.match(printed, said);
  }
});

test("no folder of a state may lack its last name", options, () => {
  using temp = temporaryFolder();
  makeTree(temp.path);
  const printed = run(
    temp.path,
    `${save}
for (let each = 1; each <= 20; each += 1) {
  native.chmod(at("state/work/" + each), 0o755);
  native.rename(at("state/work/" + each + "/twin"), at("twin"));
  try {
    native.restoreTrees([[at("state/work"), at("back")]], saved.records, saved.names, ${base});
    print("nothing");
  } catch (error) { print(error.message.split(" ")[0]); }
  native.rename(at("twin"), at("state/work/" + each + "/twin"));
  native.removeTree(at("back"));
}`,
  );
  assert.equal(printed, "find\n".repeat(20));
});

test("folders list their names alike, however they came to be", options, () => {
  using temp = temporaryFolder();
  makeTree(temp.path);
  const times = () =>
    execFileSync("sh", ["-c", "find . -printf '%p %T@\\n' | sort"], {
      cwd: join(temp.path, "work"),
      encoding: "latin1",
    });
  run(temp.path, `native.stampTree(at("work"), ${base}, 3, false);`);
  const stamped = times();
  run(temp.path, `native.copyTree(at("work"), at("copy")); native.tidyTree(at("work"));`);
  assert.equal(times(), stamped);
  assert.equal(listing(join(temp.path, "work")), listing(join(temp.path, "copy")));
  assert.deepEqual(readdirSync(temp.path).sort(), ["copy", "script.js", "work"]);
});
