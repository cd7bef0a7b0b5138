import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needsTools } from "../support/bootstrapped.ts";
import { cleave, repository } from "../support/cleave.ts";
import { copyPackages, type QuickStore, quickStore } from "../support/quick-store.ts";
import { writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Run a script in the shell of busybox by `cleave run`, as somebody would in a folder of theirs. */
const shell = (at: QuickStore, script: string) =>
  at.run("run", "--no-check", "--program", "sh", "bootstrap.busybox", "--", "-c", script);

async function withShell(): Promise<QuickStore> {
  const at = await quickStore();
  await copyPackages(["bootstrap.busybox"], at.root);
  return at;
}

test(
  "a program sees the store at /nix/store, the folder it is called in, and the machine",
  needsTools,
  async () => {
    using at = await withShell();
    writeFileSync(join(at.path, "notes"), "mine\n");
    const { code, stdout, stderr } = await shell(
      at,
      `pwd; cat notes; echo more >> notes; cat notes; case $0 in /nix/store/*) echo "$0" | tr -d 0-9a-z;; esac; ls -d /nix/store /etc/passwd; ls /nix/store | grep -c busybox`,
    );
    assert.deepEqual([code, stderr], [0, ""]);
    const [folder, ...rest] = stdout.split("\n");
    assert.equal(folder, at.path);
    assert.deepEqual(rest.slice(0, 3), ["mine", "mine", "more"]);
    assert.ok(rest.includes("/etc/passwd") && rest.includes("/nix/store"), stdout);
  },
);

test("arguments and exit codes go through, signals too", needsTools, async () => {
  using at = await withShell();
  const { code, stdout } = await at.run(
    ...["run", "--no-check", "--program", "sh", "bootstrap.busybox", "--"],
    ...["-c", 'printf "<%s>" "$@"; exit 7', "sh", "a b", "", "--json", "ü\n"],
  );
  assert.deepEqual([code, stdout], [7, "<a b><><--json><ü\n>"]);
  assert.equal((await shell(at, "kill -9 $$")).code, 137);
});

test("without bubblewrap it is the same", needsTools, async () => {
  using at = await withShell();
  // A search path with all that unshare needs, and no bwrap.
  const tools = join(at.path, "tools");
  mkdirSync(tools);
  for (const name of [
    "sh",
    "unshare",
    "setpriv",
    "mount",
    "umount",
    "mkfifo",
    "pivot_root",
    "setsid",
    "env",
    "hostname",
    "mkdir",
    "ln",
    "uname",
    "readlink",
  ])
    for (const folder of ["/bin", "/usr/bin", "/sbin", "/usr/sbin"])
      try {
        symlinkSync(join(folder, name), join(tools, name));
        break;
      } catch {}
  const said = await new Promise<string>((resolve, reject) => {
    const child = spawn(
      join(repository, "cleave"),
      [
        "run",
        "--no-check",
        "--program",
        "sh",
        "bootstrap.busybox",
        "--",
        "-c",
        "pwd; cd /nix/store && pwd; exit 3",
      ],
      {
        cwd: at.path,
        env: { PATH: tools, CLEAVE_ROOT: at.root, HOME: at.path },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve(`${text}${code}`));
  });
  assert.equal(said, `${at.path}\n/nix/store\n3`);
});

test("a program for another machine is refused before it is built", async () => {
  using temp = temporaryFolder();
  const { code, stderr } = await cleave(["run", "cross.aarch64-linux.hello"], {
    env: { CLEAVE_ROOT: join(temp.path, "store") },
  });
  assert.equal(code, 1);
  assert.equal(
    stderr,
    "error[run-platform]: hello is for aarch64-linux, and cannot run here\n  hint: cleave build makes it all the same\n  more: cleave explain run-platform\n",
  );
});

test("a program that a package does not have is refused", needsTools, async () => {
  using at = await withShell();
  const { code, stderr } = await at.run("run", "--no-check", "--program", "shh", "bootstrap.busybox");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error\[run-no-program\]: bootstrap\.busybox has no program shh in \/nix\/store\/\S+-busybox-[0-9.]+\/bin\n/,
  );
});

test(
  "a program that is a link into another store path runs, with the umask of who calls",
  needsTools,
  async () => {
    using at = await withShell();
    writeFiles(join(at.path, "recipes/linked"), {
      "package.ts": `import { uses } from "cleave/modules";
import { script } from "cleave/recipe";
import { quickjs } from "cleave/stdenv";

export default uses(quickjs).package("linked", ({ config, define }) =>
  define({
    name: "linked",
    version: "1",
    tools: { busybox: "bootstrap.busybox" },
    phases: {
      install: { script: () => script("install.ts"), data: () => ({ shell: config.inputs.tools["busybox"]!.path + "/bin/sh" }) },
    },
  }),
);
`,
      "install.ts": `import { definePhase } from "cleave/phase";

export default definePhase<{ readonly shell: string }>((phase) => {
  phase.makeFolder(phase.output() + "/bin");
  phase.symlink(phase.data.shell, phase.output() + "/bin/sh");
});
`,
    });
    const own = process.umask(0o027);
    try {
      const { code, stdout, stderr } = await at.run(
        ...["run", "--folder", "recipes", "--program", "sh", "linked", "--", "-c", "echo linked; umask"],
      );
      assert.deepEqual([code, stdout], [0, "linked\n0027\n"], stderr);
    } finally {
      process.umask(own);
    }
  },
);
