/**
 * What every engine promises, run on each as this user and, where this is root, as an ordinary one too.
 *
 * `hostile.test.ts` has the builders that want out.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { encodeText } from "../../src/base/index.ts";
import { needsBusybox } from "../support/sandbox.ts";
import { asOrdinaryUser, engines } from "./engines.ts";
import { makeRig, processesWith } from "./rig.ts";

for (const { engine, skip } of engines)
  describe(`sandbox by ${engine}`, { skip: skip || needsBusybox.skip }, () => {
    const rig = makeRig(engine);
    after(() => rig[Symbol.asyncDispose]());

    test("a builder sees what Nix shows it, and nothing else", async () => {
      const { code, output } = await rig.sh(
        [
          "id -un; id -gn; id -u; id -g; hostname; pwd; umask; ulimit -c; echo $$",
          "ls /; ls /etc /nix /nix/store /build /tmp /dev/shm",
          "cat /etc/passwd /etc/group /etc/hosts",
          "ls /dev | grep -v core",
          "ls -l /dev | sed -n 's/.* \\([a-z]* -> .*\\)/\\1/p' | grep -v core",
          "stat -c '%A %n' / /build /tmp /dev/shm /nix/store /etc/passwd",
          "grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs)' /proc/self/status",
          "cat /proc/self/personality; cat /proc/self/cgroup | sed 's/^.*:.*://' | sort -u",
          "grep -c . /proc/net/dev; ls /sys",
        ].join("\n"),
      );
      assert.equal(
        output,
        `nixbld
nixbld
1000
100
localhost
/build
0022
0
1
build
dev
etc
nix
proc
tmp
/build:

/dev/shm:

/etc:
group
hosts
passwd

/nix:
store

/nix/store:
tools

/tmp:
root:x:0:0:Nix build user:/build:/noshell
nixbld:x:1000:100:Nix build user:/build:/noshell
nobody:x:65534:65534:Nobody:/:/noshell
root:x:0:
nixbld:!:100:
nogroup:x:65534:
127.0.0.1 localhost
::1 localhost
fd
full
null
ptmx
pts
random
shm
stderr
stdin
stdout
tty
urandom
zero
fd -> /proc/self/fd
ptmx -> pts/ptmx
stderr -> /proc/self/fd/2
stdin -> /proc/self/fd/0
stdout -> /proc/self/fd/1
drwxr-xr-x /
drwxr-xr-x /build
drwxrwxrwt /tmp
drwxrwxrwt /dev/shm
drwxr-xr-x /nix/store
-rw-r--r-- /etc/passwd
CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapAmb:	0000000000000000
NoNewPrivs:	1
00040000
/
3
ls: /sys: No such file or directory
`,
      );
      assert.equal(code, 1);
    });

    test("nothing of that depends on the caller's umask", async () => {
      const umask = process.umask(0o077);
      try {
        await using other = makeRig(engine);
        const { output } = await other.sh("umask; stat -c '%A %n' / /nix /dev /etc /etc/passwd /dev/shm");
        const folders = "drwxr-xr-x /\ndrwxr-xr-x /nix\ndrwxr-xr-x /dev\ndrwxr-xr-x /etc\n";
        assert.equal(output, `0022\n${folders}-rw-r--r-- /etc/passwd\ndrwxrwxrwt /dev/shm\n`);
      } finally {
        process.umask(umask);
      }
    });

    test("environment, arguments, descriptors and standard input are exact, bytes that are no UTF-8 too", async () => {
      const env = { A: " b\n'c'\\ ", "x-y.z": "1", EMPTY: "", BYTES: "\udcff\udc80", LD_DEBUG_: "x" };
      const args = ["-e", "", "a b", "'\"$(id)\\", "\n", "--", "\udcfe", "ü", "-n"];
      const script = "#!/nix/store/tools/bin/busybox sh\n";
      const { code, build } = await rig.run(
        rig.spec({
          program: "/build/show",
          env,
          args,
          ...withBuilder(`${script}B=/nix/store/tools/bin/busybox
$B cat /proc/1/environ >/build/environ
$B cat /proc/1/cmdline >/build/cmdline
$B ls /proc/1/fd >/build/descriptors
$B cat >/build/input
`),
        }),
      );
      assert.equal(code, 0);
      const environ = readFileSync(join(build, "environ"), "latin1").split("\0").filter(Boolean).sort();
      const wanted = Object.entries({ ...env, PWD: "/build" }).map(([name, value]) =>
        encodeText(`${name}=${value}`).toString("latin1"),
      );
      assert.deepEqual(environ, wanted.sort());
      const cmdline = readFileSync(join(build, "cmdline"), "latin1").split("\0").slice(0, -1);
      const given = args.map((arg) => encodeText(arg).toString("latin1"));
      assert.deepEqual(cmdline, ["/nix/store/tools/bin/busybox", "sh", "/build/show", ...given]);
      // The script itself is open as 10 or so, as shells do.
      const descriptors = readFileSync(join(build, "descriptors"), "utf8").split("\n").filter(Boolean);
      assert.deepEqual(
        descriptors.filter((each) => Number(each) < 10),
        ["0", "1", "2"],
      );
      assert.equal(readFileSync(join(build, "input"), "utf8"), "");
    });

    test("a program is called by the last part of its path, where the engine can do that", async () => {
      const program = "/nix/store/tools/bin/busybox";
      const { output } = await rig.run(
        rig.spec({ program, args: ["sh", "-c", "tr '\\0' '\\n' </proc/1/cmdline | head -1"] }),
      );
      assert.equal(output, engine === "direct" ? "busybox\n" : `${program}\n`);
    });

    test("a program can be told that the machine has 32 bits", {
      skip: process.arch !== "x64" && "of x86-64",
    }, async () => {
      const script = "uname -m; cat /proc/self/personality";
      assert.equal((await rig.sh(script, { is32Bit: true })).output, "i686\n00040008\n");
      assert.equal((await rig.sh(script)).output, "x86_64\n00040000\n");
    });

    function withBuilder(text: string): { readonly build: string } {
      const { build } = rig.spec();
      writeFileSync(join(build, "show"), text, { mode: 0o755 });
      return { build };
    }

    test("standard output and error are one pipe, which can be opened again, and nothing of it is lost", async () => {
      const short = await rig.sh("echo 1; echo 2 >&2; echo 3 >/dev/stdout; echo 4 >/dev/stderr; exit 42");
      assert.deepEqual([short.output, short.code, short.killed], ["1\n2\n3\n4\n", 42, false]);
      const long = await rig.sh(
        "i=0; while [ $i -lt 60000 ]; do echo $i some more text on this line; i=$((i+1)); done",
      );
      const lines = long.output.split("\n");
      assert.equal(lines.length, 60001);
      assert.ok(lines.slice(0, -1).every((line, index) => line === `${index} some more text on this line`));
    });

    test("a signal's number comes as 128 and it", async () => {
      // Process 1 is deaf to signals without a handler, so another one dies, as in the shell's own report.
      assert.equal((await rig.sh("sh -c 'kill -9 $$'; exit $?")).code, 137);
    });

    test("what a builder makes in the store leaves it by a rename", async () => {
      const { code, store, output } = await rig.sh(
        "mkdir /nix/store/out && echo hi >/nix/store/out/file && ln -s /nix/store/out /nix/store/link",
      );
      assert.deepEqual([code, output], [0, ""]);
      assert.deepEqual(readdirSync(store).sort(), ["link", "out", "tools"]);
      const { ino, uid } = statSync(join(store, "out/file"));
      assert.equal(uid, process.getuid?.());
      renameSync(join(store, "out"), join(rig.folder, `out-${engine}`));
      assert.equal(statSync(join(rig.folder, `out-${engine}/file`)).ino, ino);
      assert.equal(readFileSync(join(rig.folder, `out-${engine}/file`), "utf8"), "hi\n");
      assert.deepEqual(readdirSync(join(store, "tools")), [], "the mount point stays empty on the host");
    });

    test("inputs are files, folders and symlinks, with any name that Linux allows", async () => {
      const names = [
        "a b",
        "a\nb",
        "a\tb",
        "a,b",
        "a\\b",
        "a\\040b",
        "#a",
        "'a\"",
        "a\udcffb",
        "ü",
        "-a",
        "a:b=c",
        "a\r",
      ];
      const folder = join(rig.folder, `odd\n ,\\040#${engine}`);
      mkdirSync(folder);
      const inputs = names.flatMap((name, index) => {
        const file = `${folder}/${name}`;
        writeFileSync(encodeText(file), `file ${index}\n`);
        mkdirSync(encodeText(`${file}.folder`));
        writeFileSync(encodeText(`${file}.folder/x`), `folder ${index}\n`);
        symlinkSync(encodeText(`/nix/store/${name}`), encodeText(`${file}.link`));
        return ["", ".folder", ".link"].map((kind) => ({
          host: file + kind,
          inside: `/nix/store/${name}${kind}`,
        }));
      });
      const script =
        'for n; do cat "/nix/store/$n" "/nix/store/$n.folder/x" "/nix/store/$n.link" || exit 1; done';
      const expected = names.map((_, index) => `file ${index}\nfolder ${index}\nfile ${index}\n`).join("");
      for (const some of [6, inputs.length]) {
        const args = ["-c", script, "sh", ...names.slice(0, some / 3)];
        const { code, output } = await rig.run(rig.spec({ args, inputs: inputs.slice(0, some) }));
        assert.equal(output, `${expected.split("\n").slice(0, some).join("\n")}\n`);
        assert.equal(code, 0);
      }
    });

    test("of 400 inputs all are there, each read-only, and nothing beside them", async () => {
      const folder = join(rig.folder, `many-${engine}`);
      mkdirSync(folder);
      const inputs = Array.from({ length: 400 }, (_, index) => {
        mkdirSync(join(folder, `${index}`));
        return { host: join(folder, `${index}`), inside: `/nix/store/input-${index}` };
      });
      mkdirSync(join(folder, "secret"));
      const { output } = await rig.sh(
        "ls /nix/store | wc -l; for i in /nix/store/input-*; do touch $i/x 2>/dev/null && echo wrote $i; done; touch /nix/store/x",
        { inputs },
      );
      assert.equal(output, "401\n");
    });

    test("the shell is at /bin/sh when it is given", async () => {
      const shell = join(rig.folder, "tools/bin/busybox");
      const { output } = await rig.run(
        rig.spec({
          program: "/bin/sh",
          args: ["-c", "ls /bin; touch /bin/sh"],
          env: { PATH: "/nix/store/tools/bin" },
          shell,
        }),
      );
      assert.equal(output, "sh\ntouch: /bin/sh: Read-only file system\n");
    });

    test("without network there is a loopback of its own; with it, the host's and what finds names", async () => {
      const server = createServer((_, response) => response.end("from the host\n")).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.on("listening", resolve));
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      try {
        const closed = await rig.sh(
          `wget -q -O - http://127.0.0.1:${port}/ ; ip -o link | grep -c .; mkdir w; echo inside >w/f; httpd -p 8080 -h w; wget -q -O - http://127.0.0.1:8080/f; ls /etc`,
        );
        assert.equal(
          closed.output,
          "wget: can't connect to remote host (127.0.0.1): Connection refused\n1\ninside\ngroup\nhosts\npasswd\n",
        );
        const open = await rig.sh(
          `wget -q -O - http://127.0.0.1:${port}/; cat /etc/nsswitch.conf; cat /etc/resolv.conf /etc/hosts; ls /etc/ssl/certs`,
          { network: true },
        );
        const hosts = ["/etc/resolv.conf", "/etc/hosts"]
          .map((path) => (existsSync(path) ? readFileSync(path, "utf8") : ""))
          .join("");
        const certificates = existsSync("/etc/ssl/certs/ca-certificates.crt") ? "ca-certificates.crt\n" : "";
        assert.equal(
          open.output,
          `from the host\nhosts: files dns\nservices: files\n${hosts}${certificates}`,
        );
      } finally {
        server.close();
      }
    });

    test("40 sandboxes run at once", async () => {
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, index) => rig.sh(`echo ${index}; exit ${index}`)),
      );
      assert.deepEqual(
        results.map(({ code, output }) => [code, output]),
        results.map((_, index) => [index, `${index}\n`]),
      );
    });

    test("nothing of a sandbox outlives it: processes, mounts, files", async () => {
      const mounts = readFileSync("/proc/self/mountinfo", "utf8");
      const own = join(rig.folder, "own");
      const files = () =>
        readdirSync(own, { recursive: true }).filter((name) => /\.(args|sh|table)$/.test(`${name}`));
      const word = `4${process.pid}1.5`;
      const { code } = await rig.sh(
        `sleep ${word} & setsid sleep ${word} & (setsid sh -c 'sleep ${word} &' &); exit 3`,
      );
      assert.equal(code, 3);
      assert.deepEqual(processesWith(word), []);
      assert.equal(readFileSync("/proc/self/mountinfo", "utf8"), mounts);
      assert.deepEqual(files(), []);
    });
  });

asOrdinaryUser(import.meta.filename);
