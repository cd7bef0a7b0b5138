/** What phases leave in the kernel and beside their trees, on every engine: nothing of it reaches the next phase. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { engines } from "../../sandbox/engines.ts";
import { needsTools } from "../../support/bootstrapped.ts";
import { hostPerl, needsBusybox } from "../../support/sandbox.ts";
import { inStore, openRunnerRig, readOutput, realPath } from "./rig.ts";

const perl = hostPerl();
const missing =
  needsTools.skip || needsBusybox.skip || (perl === undefined && "there is no perl at /usr/bin/perl");

/** Leaves shared memory that nobody may read, semaphores, messages, sockets, and processes that will not end. */
const leave = `
shmget(1, 4096, 01000 | 0) // die "shmget $!"; shmget(2, 4096, 01600) // die; semget(3, 2, 01600) // die "semget $!";
my $queue = msgget(4, 01600) // die "msgget $!"; msgsnd($queue, pack("l! a*", 1, "leaked"), 0) || die "msgsnd $!";
sub at { socket(my $socket, 1, 1, 0) || die; bind($socket, pack("S a*", 1, $_[0])) || die "bind $!"; push @sockets, $socket }
at("/build/work/socket"); at("$ENV{out}/socket"); at("/tmp/socket"); at("\\0abstract");
# mq_open(name, O_CREAT | O_RDWR): no queue can be listed, so none may be made
my $name = "/leaked"; my $made = syscall(240, $name, 0102, 0600, 0); print "queue ", $made < 0 ? "refused" : "made", "\\n";
for (1 .. 20) { fork() || do { $SIG{TERM} = $SIG{HUP} = "IGNORE"; setpgrp; fork() && exit; sleep 1000; exit } }
open(my $file, ">", "/build/work/file"); my @attribute = ("/build/work/file", "user.leak", "x"); syscall(188, @attribute, 1, 0) == 0 && print "attribute made\\n";
print "traced\\n" if syscall(101, 16, 1, 0, 0) == 0;
open(my $memory, "+<", "/proc/1/mem") && print "memory of the runner opened\\n";
`;

const attribute = `my @attribute = ("/build/work/file", "user.leak"); syscall(191, @attribute, 0, 0) >= 0 && print "attribute kept";`;

const look = `
for each in shm sem msg; do tail -n +2 /proc/sysvipc/$each; done
ls -A /tmp /dev/shm; cat /proc/net/unix | tail -n +2
for each in /proc/[0-9]*; do echo "$each"; done | sort >processes
ls -A; ls -A "$out"
for each in /proc/[0-9]*; do cat $each/comm; done >/build/tmp/running
sort -u /build/tmp/running | grep -v cat
stat -c %a file
`;

for (const { engine, skip } of engines)
  test(`nothing stays in the kernel (${engine})`, { skip: skip || missing }, async () => {
    await using rig = await openRunnerRig(engine);
    const command = perl?.command.join(" ");
    const ran = await rig.group({
      phases: [
        {
          name: "leave",
          script: `mkdir "$out"; export out\n${command} -e '${leave.replaceAll("'", "")}' >/build/work/said 2>&1 || { cat said >&2; exit 1; }`,
        },
        {
          name: "look",
          script: `{ ${look}\n${command} -e '${attribute}'; } >"$out/seen" 2>&1; cp said "$out/said"`,
        },
      ],
      end: "seal",
      inputs: perl?.inputs ?? [],
    });
    assert.equal(ran.code, 0, ran.log);
    assert.equal(readOutput(ran, "said").replace("attribute made\n", ""), "queue refused\n");
    assert.equal(readOutput(ran, "seen"), "/dev/shm:\n\n/tmp:\nfile\nprocesses\nsaid\nseen\nqjs\nsh\n644\n");
  });

test("a tree that is handed on has no attributes either", { skip: missing }, async () => {
  await using rig = await openRunnerRig();
  const command = perl?.command.join(" ");
  const inputs = perl?.inputs ?? [];
  const make = `open(my $file, ">", "/build/work/file"); my @attribute = ("/build/work/file", "user.leak", "x"); syscall(188, @attribute, 1, 0) == 0 && print "made\\n";`;
  const left = await rig.group({
    phases: [{ name: "leave", script: `mkdir "$out"; ${command} -e '${make}' >said` }],
    end: "state",
    inputs,
  });
  assert.equal(left.code, 0, left.log);
  const state = inStore(left, realPath("out"));
  for (const handedOn of [left, undefined]) {
    const ran = await rig.group({
      phases: [{ name: "look", script: `${command} -e '${attribute}' >"$out/seen"; cp said "$out/said"` }],
      first: 1,
      end: "seal",
      state,
      handedOn,
      inputs,
    });
    assert.equal(ran.code, 0, ran.log);
    assert.equal(readOutput(ran, "seen"), "");
    // Where the file system has them.
    assert.match(readOutput(ran, "said"), /^(made\n)?$/);
  }
});
