/** Bad input and systems without sandboxes: whole texts. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { describeFailure } from "../../src/sandbox/failure.ts";
import { openSandboxes, type SandboxSpec } from "../../src/sandbox/index.ts";
import { hasSystemCalls } from "../../src/sandbox/system-calls.ts";
import { repository } from "../support/cleave.ts";
import { hostPerl, needsBusybox } from "../support/sandbox.ts";
import { temporaryFolder } from "../support/temp.ts";
import { engines } from "./engines.ts";
import { errorText, makeRig } from "./rig.ts";

for (const { engine, skip } of engines)
  describe(`what ${engine} refuses`, { skip: skip || needsBusybox.skip }, () => {
    const rig = makeRig(engine);
    after(() => rig[Symbol.asyncDispose]());

    async function refused(change: Partial<SandboxSpec>): Promise<string> {
      const text = await errorText(rig.run(rig.spec(change)), rig.folder);
      return text.replaceAll(/run-\w+/g, "RUN");
    }

    test("programs that cannot be started", async () => {
      const folder = join(rig.folder, "programs");
      mkdirSync(folder);
      const write = (name: string, text: string | Uint8Array, mode = 0o755) => {
        writeFileSync(join(folder, name), text);
        chmodSync(join(folder, name), mode);
      };
      const elf = Buffer.alloc(64);
      elf.write("\x7fELF\x02\x01\x01", "latin1");
      elf.writeUInt16LE(2, 16);
      elf.writeUInt16LE(243, 18);
      write("riscv", elf);
      write("plain", "echo hi\n", 0o644);
      write("text", "echo hi\n");
      write("script", "#! /bin/bash -e\n");
      write("empty", "#!\n");
      write("loop", "#!/nix/store/programs/loop\n");
      mkdirSync(join(folder, "folder"));
      symlinkSync("/usr/bin/perl", join(folder, "link"));
      symlinkSync("circle", join(folder, "circle"));
      const inputs = [{ host: folder, inside: "/nix/store/programs" }];
      const at = (name: string) => refused({ inputs, program: `/nix/store/programs/${name}` });
      const said: string[] = [];
      for (const name of [
        "missing",
        "folder",
        "plain",
        "text",
        "riscv",
        "script",
        "empty",
        "loop",
        "link",
        "circle",
        "plain/x",
      ])
        said.push(await at(name));
      assert.equal(
        said.join(""),
        `error[sandbox-program]: the program /nix/store/programs/missing is not in the sandbox: ENOENT: no such file or directory, lstat 'FOLDER/programs/missing'
  hint: the process sees its inputs, /build and /bin/sh; add the store path that holds the program to its inputs
  more: cleave explain sandbox-program
error[sandbox-program]: the program /nix/store/programs/folder is not a file
  at FOLDER/programs/folder
  hint: name the program itself
  more: cleave explain sandbox-program
error[sandbox-program]: the program /nix/store/programs/plain is not executable
  at FOLDER/programs/plain
  hint: chmod +x it before it is added to the store
  more: cleave explain sandbox-program
error[sandbox-program]: the program /nix/store/programs/text is neither an ELF binary nor a script
  at FOLDER/programs/text
  hint: a script starts with #! and the path of its interpreter
  more: cleave explain sandbox-program
error[sandbox-program]: the program /nix/store/programs/riscv is for RISC-V, which this machine (${process.arch}) does not run
  at FOLDER/programs/riscv
  hint: build it on such a machine, or install qemu-user with binfmt_misc
  more: cleave explain sandbox-program
error[sandbox-program]: the interpreter /bin/bash of /nix/store/programs/script is not in the sandbox: the sandbox has no such path
  hint: the process sees its inputs, /build and /bin/sh; add the store path that holds the program to its inputs
  more: cleave explain sandbox-program
error[sandbox-program]: the program /nix/store/programs/empty starts with #! and names no interpreter
  at FOLDER/programs/empty
  hint: name one
  more: cleave explain sandbox-program
error[sandbox-program]: the interpreter /nix/store/programs/loop of /nix/store/programs/loop has too many interpreters of interpreters
  at FOLDER/programs/loop
  hint: name a binary
  more: cleave explain sandbox-program
error[sandbox-program]: the program /nix/store/programs/link is not in the sandbox: the sandbox has no such path at /usr
  hint: the process sees its inputs, /build and /bin/sh; add the store path that holds the program to its inputs
  more: cleave explain sandbox-program
error[sandbox-program]: the program /nix/store/programs/circle is not in the sandbox: too many symlinks
  hint: the process sees its inputs, /build and /bin/sh; add the store path that holds the program to its inputs
  more: cleave explain sandbox-program
error[sandbox-program]: the program /nix/store/programs/plain/x is not in the sandbox: it is not a folder at /nix/store/programs/plain
  hint: the process sees its inputs, /build and /bin/sh; add the store path that holds the program to its inputs
  more: cleave explain sandbox-program
`,
      );
    });

    test("a program whose loader is missing", { skip: hostPerl() === undefined && "no perl" }, async () => {
      const inputs = hostPerl()?.inputs.slice(1) ?? [];
      assert.match(
        await refused({ inputs, program: "/nix/store/perl" }),
        /^error\[sandbox-program\]: the loader \/lib[\w/.-]+ of \/nix\/store\/perl is not in the sandbox\n {2}at \/usr\/bin\/perl[\w.-]*\n {2}hint: link the program against a C library of its inputs, or statically\n/,
      );
    });

    test("requests that cannot be", async () => {
      const { store } = rig.spec();
      mkdirSync(join(store, "a"));
      const file = join(rig.folder, "file");
      writeFileSync(file, "");
      const wrong: Partial<SandboxSpec>[] = [
        { program: "bin/sh" },
        { args: ["a\0b"] },
        { args: ["x".repeat(131_072)] },
        { env: { "A=B": "" } },
        { cwd: "/build/none" },
        { cwd: "/usr" },
        { store: join(rig.folder, "none") },
        { build: "build" },
        { build: file },
        { shell: join(rig.folder, "none") },
        { inputs: [{ host: join(rig.folder, "a b\n"), inside: "/nix/store/a" }] },
        { inputs: [{ host: file, inside: "/nix/store/.." }] },
        { inputs: [{ host: file, inside: "/nix/store/a/b" }] },
        { inputs: [{ host: file, inside: "/etc/passwd" }] },
        { inputs: [{ host: file, inside: "nix/store/a" }] },
        { inputs: [{ host: file, inside: "/nix/store/tools" }] },
        { inputs: [{ host: "/dev/null", inside: "/nix/store/null" }] },
        { store, inputs: [{ host: file, inside: "/nix/store/a" }] },
      ];
      const said: string[] = [];
      for (const each of wrong) said.push((await refused(each)).replace(/ {2}more: .*\n/, ""));
      assert.equal(
        said.join(""),
        `error[sandbox-spec]: the path of the program, bin/sh, is not absolute
  hint: paths in the sandbox start with /
error[sandbox-spec]: an argument holds a NUL character
  hint: Linux ends arguments and variables at the first one
error[sandbox-spec]: an argument has 131072 bytes, and Linux takes at most 131071
  hint: hand it over in a file, as passAsFile and structured attributes do
error[sandbox-spec]: A=B cannot be the name of a variable
  hint: names are not empty and hold no =
error[sandbox-spec]: the working directory /build/none is no folder in the sandbox
  hint: the usual one is /build
error[sandbox-spec]: the working directory /usr is no folder in the sandbox
  hint: the usual one is /build
error[sandbox-spec]: the store folder cannot be looked at
  at FOLDER/none
  because: ENOENT: no such file or directory, stat 'FOLDER/none'
  hint: it must be there before the sandbox is made
error[sandbox-spec]: the host's path of the build folder is not an absolute path
  at build
  hint: host paths start with /
error[sandbox-spec]: the build folder is not a folder
  at FOLDER/file
  hint: name a folder that is there
error[sandbox-spec]: the shell cannot be looked at
  at FOLDER/none
  because: ENOENT: no such file or directory, stat 'FOLDER/none'
  hint: it must be there before the sandbox is made
error[sandbox-spec]: the input /nix/store/a cannot be looked at
  at "FOLDER/a b\\n"
  because: ENOENT: no such file or directory, lstat 'FOLDER/a b
'
  hint: it must be there before the sandbox is made
error[sandbox-spec]: the input /nix/store/.. is not directly in the store
  at FOLDER/file
  hint: inputs are called /nix/store/NAME
error[sandbox-spec]: the input /nix/store/a/b is not directly in the store
  at FOLDER/file
  hint: inputs are called /nix/store/NAME
error[sandbox-spec]: the input /etc/passwd is not directly in the store
  at FOLDER/file
  hint: inputs are called /nix/store/NAME
error[sandbox-spec]: the path of an input, nix/store/a, is not absolute
  hint: paths in the sandbox start with /
error[sandbox-spec]: the input /nix/store/tools is there twice
  at FOLDER/file
  hint: the other one is FOLDER/tools
error[sandbox-spec]: the input /nix/store/null is neither file, folder nor symlink
  at /dev/null
  hint: a store holds no sockets, pipes or devices
error[sandbox-spec]: the place of the input /nix/store/a in the store folder is something else already
  at FOLDER/RUN/store
  because: EEXIST: file already exists, open 'FOLDER/RUN/store/a'
  hint: give each sandbox a store folder of its own on a disk with space left
`,
      );
    });

    test("an environment that is too long for the kernel, and one that is not", async () => {
      const long = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, "x".repeat(100_000)]));
      const { code } = await rig.sh("exit 9", { env: { ...long(15), PATH: "/nix/store/tools/bin" } });
      assert.equal(code, 9);
      assert.match(
        await refused({ env: long(80) }),
        /^error\[sandbox-setup\]: the sandbox could not be made: .*argument list too long\n {2}hint: .*\n {2}more: .*\n$/i,
      );
    });

    test("what the engine itself says is in the error", async () => {
      // A loader that is no program: seen only when the kernel reads it.
      const { build } = rig.spec();
      writeFileSync(join(build, "script"), "#!not/absolute\n", { mode: 0o755 });
      assert.match(
        await refused({ build, program: "/build/script" }),
        /^error\[sandbox-setup\]: the sandbox could not be made: (execve|bwrap: execvp|cleave-sandbox: failed to execute) \/build\/script: no such file or directory\n/i,
      );
    });

    test("closing ends what runs, with an error", async () => {
      const other = makeRig(engine);
      await other.sandboxes.engine;
      const { ended } = other.start(other.spec({ args: ["-c", "sleep 1000"] }));
      const text = errorText(ended, other.folder);
      await other[Symbol.asyncDispose]();
      assert.equal(
        await text,
        "error[sandbox-setup]: the sandboxes were closed before this one ended\n  hint: wait for what runs before closing\n  more: cleave explain sandbox-setup\n",
      );
    });

    test("a system without user namespaces", async () => {
      // In a user namespace of our own the limit is ours to set.
      const folder = join(rig.folder, "without");
      mkdirSync(folder);
      const url = (path: string) => JSON.stringify(pathToFileURL(`${repository}${path}`).href);
      writeFileSync(
        join(folder, "caller.mjs"),
        `import { openSandboxes } from ${url("src/sandbox/index.ts")};
        import { describeError } from ${url("src/base/index.ts")};
        const { spec, folder, engine } = JSON.parse(process.argv[2]);
        const sandboxes = openSandboxes({ folder, searchPath: process.env.PATH, engine });
        await sandboxes.run(spec, () => {}).ended.then(console.log, (error) => process.stdout.write(describeError(error)));
        await sandboxes.close();`,
      );
      const child = spawn(
        "unshare",
        [
          ...["--user", "--map-root-user", "sh", "-c"],
          'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"',
          ...["sh", process.execPath, join(folder, "caller.mjs")],
          JSON.stringify({ spec: rig.spec(), folder, engine }),
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
      });
      await new Promise((resolve) => child.on("close", resolve));
      assert.match(
        text,
        /^error\[sandbox-unavailable\]: this system lets nobody make user namespaces \(\/proc\/sys\/user\/max_user_namespaces is 0\), and without them there is no sandbox: .*\n {2}hint: as root, run: sysctl -w user\.max_user_namespaces=15000\n {2}more: cleave explain sandbox-unavailable\n$/,
      );
      assert.deepEqual(readdirSync(folder), ["caller.mjs"]);
    });
  });

test("a system without the tools", async () => {
  using temp = temporaryFolder();
  mkdirSync(join(temp.path, "bin"));
  await using sandboxes = openSandboxes({
    folder: temp.path,
    searchPath: join(temp.path, "bin"),
    engine: "bubblewrap",
  });
  assert.equal(
    await errorText(sandboxes.engine, temp.path),
    "error[sandbox-unavailable]: bubblewrap (bwrap) is not on the search path\n  hint: install bubblewrap 0.8 or later, or leave the choice to cleave\n  more: cleave explain sandbox-unavailable\n",
  );
  const old = join(temp.path, "bin/bwrap");
  writeFileSync(old, "#!/bin/sh\necho bubblewrap 0.6.1\n", { mode: 0o755 });
  await using older = openSandboxes({
    folder: temp.path,
    searchPath: join(temp.path, "bin"),
    engine: "bubblewrap",
  });
  assert.match(
    await errorText(older.engine, temp.path),
    /^error\[sandbox-unavailable\]: bubblewrap is of version 0\.6\.1, /,
  );
  await using any = openSandboxes({ folder: temp.path, searchPath: join(temp.path, "bin") });
  assert.equal((await any.engine).name, hasSystemCalls ? "direct" : "unshare");
});

test("settings that forbid user namespaces are named with their remedy", () => {
  const settings = new Map([
    ["/proc/sys/kernel/unprivileged_userns_clone", "0\n"],
    ["/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n"],
  ]);
  const { code, message, hint } = describeFailure(
    "unshare: unshare failed: Operation not permitted\n",
    (path) => settings.get(path),
  );
  assert.deepEqual(
    [code, message, hint],
    [
      "sandbox-unavailable",
      "this system lets nobody make user namespaces (/proc/sys/kernel/unprivileged_userns_clone is 0, /proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1), and without them there is no sandbox: unshare: unshare failed: Operation not permitted",
      "as root, run: sysctl -w kernel.unprivileged_userns_clone=1 && sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ],
  );
});
