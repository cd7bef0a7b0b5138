/** Builders that want out, or do not want to die: on each engine, as this user and as one without rights. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { repository } from "../support/cleave.ts";
import { hostPerl, needsBusybox } from "../support/sandbox.ts";
import { asOrdinaryUser, engines } from "./engines.ts";
import { makeRig, processesWith } from "./rig.ts";

const { ENOSYS, ENOTSUP, EPERM } = constants.errno;
const needsPerl = { skip: hostPerl() === undefined && "no perl (apt-get install perl-base)" };

/** Numbers of system calls (asm/unistd.h), for perl's `syscall`. */
const calls: Readonly<Record<string, number>> =
  process.arch === "arm64"
    ? {
        setxattr: 5,
        unshare: 97,
        ptrace: 117,
        keyctl: 219,
        add_key: 217,
        prctl: 167,
        fchmodat: 53,
        setsid: 157,
      }
    : {
        setxattr: 188,
        unshare: 272,
        ptrace: 101,
        keyctl: 250,
        add_key: 248,
        prctl: 157,
        fchmodat: 268,
        setsid: 112,
      };

/** Turns a builder into one that its parent's death does not touch and that polite signals do not end. */
const stubborn = `syscall(${calls["prctl"]}, 1, 0, 0, 0, 0); $SIG{$_} = "IGNORE" for qw(TERM INT HUP QUIT PIPE);`;

for (const { engine, skip } of engines)
  describe(`hostile builders in ${engine}`, { skip: skip || needsBusybox.skip }, () => {
    const rig = makeRig(engine);
    after(() => rig[Symbol.asyncDispose]());

    test("reading the host's files", async () => {
      const secret = join(rig.folder, "secret");
      writeFileSync(secret, "secret");
      const paths = [
        secret,
        rig.folder,
        repository,
        "/home",
        "/root",
        "/work",
        "/usr",
        "/lib",
        "/sys",
        "/var",
        "/old",
      ];
      const { output } = await rig.sh(
        `for path; do for root in "" /proc/1/root /proc/self/root /.. /proc/1/cwd/../../..; do [ -e "$root$path" ] && echo "found $root$path"; done; done; ls /nix/store /nix/store/../..; cat /etc/shadow`,
        {
          args: [
            "-c",
            `for path; do for root in "" /proc/1/root /proc/self/root /.. /proc/1/cwd/../../..; do [ -e "$root$path" ] && echo "found $root$path"; done; done; ls /nix/store /nix/store/../..; cat /etc/shadow`,
            "sh",
            ...paths,
          ],
        },
      );
      assert.equal(
        output,
        "/nix/store:\ntools\n\n/nix/store/../..:\nbuild\ndev\netc\nnix\nproc\ntmp\ncat: can't open '/etc/shadow': No such file or directory\n",
      );
    });

    test("seeing, signalling and tracing the host's processes", async () => {
      const bystander = spawn("sleep", ["1000"], { stdio: "ignore" });
      try {
        const { output, code } = await rig.sh(
          `ls /proc | grep -c '^[0-9]'; kill -9 ${bystander.pid} ${process.pid}; kill -0 0 && kill -9 -1; echo alive`,
        );
        // The shell, grep, and ls if it is not gone yet. What `kill -9 -1` spares is process 1 alone.
        assert.match(output, /^[23]\n/);
        assert.match(output, /\nalive\n$/);
        assert.equal(code, 0);
        assert.equal(bystander.exitCode, null);
        assert.equal(bystander.signalCode, null);
      } finally {
        bystander.kill("SIGKILL");
      }
    });

    test("killing its own process group takes nobody else with it", needsPerl, async () => {
      const other = rig.start(rig.spec({ args: ["-c", "read x </dev/zero & sleep 0.3; echo other lives"] }));
      const { code } = await rig.pl(
        `${stubborn} $SIG{USR1} = sub {}; kill "USR1", 0; kill "KILL", 0; exit 5`,
      );
      assert.equal(code, 5);
      assert.deepEqual([(await other.ended).code, other.output()], [0, "other lives\n"]);
    });

    test("changing inputs", async () => {
      const host = join(rig.folder, "input");
      mkdirSync(host);
      writeFileSync(join(host, "file"), "untouched\n");
      const file = join(rig.folder, "input-file");
      writeFileSync(file, "untouched\n");
      const before = statSync(join(host, "file"));
      const input = "/nix/store/input";
      const inputs = [
        { host, inside: input },
        { host: file, inside: `${input}-file` },
      ];
      const { output } = await rig.sh(
        [
          `(echo x >${input}/file)`,
          `(echo x >${input}-file)`,
          `touch ${input}/new`,
          `rm -f ${input}/file`,
          `chmod 777 ${input}/file`,
          `chmod 777 ${input}`,
          `mv ${input} ${input}-moved`,
          `rm -rf ${input}-file`,
          `mount -o remount,rw,bind ${input}`,
          `mount -o remount,rw /`,
          `mount -o bind /tmp ${input}`,
          `umount ${input}`,
          `umount -l /nix/store`,
          `cat ${input}/file ${input}-file`,
        ].join(" 2>/dev/null && echo done\n"),
        { inputs },
      );
      assert.equal(output, "untouched\nuntouched\n");
      const after = statSync(join(host, "file"));
      assert.deepEqual(
        [after.mode, after.mtimeMs, after.ctimeMs],
        [before.mode, before.mtimeMs, before.ctimeMs],
      );
      assert.equal(readFileSync(file, "utf8"), "untouched\n");
    });

    test("mounting, changing root, making devices and namespaces", async () => {
      const { output } = await rig.sh(
        [
          "mount -t tmpfs none /tmp",
          "mount -t proc none /tmp",
          "mount -o bind /build /tmp",
          "chroot /tmp /bin/true",
          "pivot_root /tmp /tmp",
          "mknod /build/disk b 8 0",
          "mknod /dev/mem c 1 1",
          "mknod /tmp/kvm c 10 232",
          "unshare -U true",
          "unshare -m true",
          "unshare -n true",
          "unshare -Urm true",
          "hostname other",
          "ip link set lo down",
          "touch /dev/x /etc/x /x /bin /proc/x",
          "nsenter -t 1 -m true",
          "true 2>/dev/null",
        ].join(" 2>/dev/null && echo done\n"),
      );
      assert.equal(output, "");
      assert.deepEqual(readdirSync(join(rig.folder, "own")).length, 1);
    });

    test("leaving a changed root by an open folder", needsPerl, async () => {
      const { output } = await rig.pl(
        'mkdir "/tmp/jail"; opendir(my $d, "/"); my $r = chroot("/tmp/jail"); print $r ? "in" : "refused: $!";',
      );
      assert.equal(output, "refused: Operation not permitted");
    });

    test("settings of the kernel", async () => {
      const settings = [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sys/vm/drop_caches",
        "/proc/sys/user/max_user_namespaces",
        "/proc/sysrq-trigger",
        "/proc/irq/default_smp_affinity",
        "/proc/bus/input/devices",
        ...globSync("/proc/bus/pci/*/*"),
        "/proc/mtrr",
        "/proc/1/setgroups",
        "/proc/1/uid_map",
      ].filter((path) => existsSync(path));
      // Opening is what is refused, so nothing is written where it is not.
      const { output } = await rig.run(
        rig.spec({
          args: ["-c", 'for f; do (: >>"$f") 2>/dev/null && echo "opened $f"; done', "sh", ...settings],
        }),
      );
      assert.doesNotMatch(output, /sys|irq|mtrr|bus/);
      // What a process may write about itself changes nothing: it is mapped already.
      const map = await rig.sh("echo 0 0 1 >/proc/self/uid_map; id -u");
      assert.match(map.output, /1000\n$/);
    });

    test("set-user-id files, extended attributes and keyrings", needsPerl, async () => {
      assert.equal((await rig.sandboxes.engine).filter, true);
      const { output, build } = await rig.pl(`
        my $f = "/build/file"; my ($a, $x, $u, $n) = ("user.a", "x", "user", "cleave-test"); open(my $h, ">", $f); close $h;
        sub report { my ($name, $ok) = @_; print "$name ", ($ok ? "done" : $! + 0), "\\n"; }
        report("plain", chmod(0755, $f));
        report("setuid", chmod(04755, $f));
        report("setgid", chmod(02755, $f));
        report("fchmodat", syscall(${calls["fchmodat"]}, -100, $f, 06755, 0) == 0);
        report("setxattr", syscall(${calls["setxattr"]}, $f, $a, $x, 1, 0) == 0);
        report("keyctl", syscall(${calls["keyctl"]}, 0, -4, 0, 0, 0) != -1);
        report("add_key", syscall(${calls["add_key"]}, $u, $n, $x, 1, -2) != -1);
      `);
      const mode = statSync(join(build, "file")).mode & 0o7777;
      assert.equal(
        output,
        `plain done\nsetuid ${EPERM}\nsetgid ${EPERM}\nfchmodat ${EPERM}\nsetxattr ${ENOTSUP}\nkeyctl ${ENOSYS}\nadd_key ${ENOSYS}\n`,
      );
      assert.equal(mode, 0o755);
    });

    test("tracing process 1 from beside it gives no rights and no way out", needsPerl, async () => {
      const { output, code } = await rig.pl(`
        my $r = syscall(${calls["ptrace"]}, 16, getppid(), 0, 0); print "parent ", $r == -1 ? "refused" : "traced", "\\n";
        my $u = syscall(${calls["unshare"]}, 0x10000000); print "namespace ", $u == -1 ? "refused" : "made", "\\n";
      `);
      assert.equal(output, "parent refused\nnamespace refused\n");
      assert.equal(code, 0);
    });

    test(
      "kill ends what ignores signals, left its session, forks on and cut the cord to its parent",
      needsPerl,
      async () => {
        const word = `cleave-stubborn-${engine}-${process.pid}`;
        const script = `# ${word}
        ${stubborn} $| = 1;
        for (1 .. 5) { next if fork; syscall(${calls["setsid"]}); ${stubborn} for (1 .. 3) { last unless fork } sleep 1000 while 1 }
        print "up\\n"; kill "STOP", $$; sleep 1000 while 1;`;
        const spec = rig.perlSpec(script);
        let text = "";
        const up = Promise.withResolvers<void>();
        const { ended, kill } = rig.sandboxes.run(spec, (chunk) => {
          text += Buffer.from(chunk).toString();
          if (text === "up\n") up.resolve();
        });
        await up.promise;
        assert.ok(processesWith(word).length > 0);
        kill();
        assert.deepEqual(await ended, { code: 137, killed: true });
        assert.deepEqual(processesWith(word), []);
      },
    );

    test("a builder is killed at any moment of its start", async () => {
      const word = `7${process.pid}7`;
      for (let delay = 0; delay < 24; delay += 1) {
        const { ended, kill } = rig.start(rig.spec({ args: ["-c", `sleep ${word}`] }));
        setTimeout(kill, delay);
        assert.equal((await ended).killed, true);
        assert.deepEqual(processesWith(word), []);
      }
    });

    test("when the caller is killed with -9, its builders go with it", needsPerl, async () => {
      const word = `cleave-orphan-${engine}-${process.pid}`;
      const script = `# ${word}
        ${stubborn} if (fork) { print "up\\n"; close STDOUT; close STDERR; } else { syscall(${calls["setsid"]}); ${stubborn} } sleep 1000 while 1;`;
      const folder = join(rig.folder, "orphan");
      mkdirSync(folder);
      const program = `
        import { openSandboxes } from ${JSON.stringify(pathToFileURL(`${repository}src/sandbox/index.ts`).href)};
        const { spec, folder, engine } = JSON.parse(process.argv[2]);
        const sandboxes = openSandboxes({ folder, searchPath: process.env.PATH, engine });
        sandboxes.run(spec, (chunk) => process.stdout.write(chunk)).ended.then((ending) => console.log(ending), console.error);`;
      writeFileSync(join(folder, "caller.mjs"), program);
      const caller = spawn(
        process.execPath,
        [join(folder, "caller.mjs"), JSON.stringify({ spec: rig.perlSpec(script), folder, engine })],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      const [first] = await Promise.race([once(caller.stdout), once(caller)]);
      assert.equal(String(first), "up\n");
      caller.kill("SIGKILL");
      for (let wait = 0; processesWith(word).length > 0 || processesWith(folder).length > 0; wait += 1) {
        assert.ok(wait < 500, "processes are left");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });

    function once(source: NodeJS.EventEmitter): Promise<unknown[]> {
      return new Promise((resolve) => {
        source.once("data", (chunk) => resolve([chunk]));
        source.once("exit", (code) => resolve([`exit ${code}`]));
      });
    }
  });

asOrdinaryUser(import.meta.filename);
