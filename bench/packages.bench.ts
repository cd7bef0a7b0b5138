/**
 * Packages: from an empty store to a running hello, split beside joined, what an edit costs, finding nothing to do.
 *
 * Sources are fetched beforehand: their time is the network's.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { temporaryFolder } from "../test/support/temp.ts";
import { install } from "./support/installed.ts";
import { type Figure, measure, round } from "./support/measure.ts";
import { budgets, figures } from "./support/report.ts";

using temp = temporaryFolder();
const path = (name: string) => join(temp.path, name);
const { cleave, env, run } = install(path("installed"));
/** Put a copy of a store in the place of another. */
const put = (root: string, from: string): void => {
  execFileSync("rm", ["-rf", root]);
  execFileSync("cp", ["-a", from, root]);
};
const build = (root: string, ...args: string[]) => ({
  command: [cleave, "build", "--no-link", ...args] as const,
  env: { ...env, CLEAVE_ROOT: root },
  cwd: temp.path,
});

const results: Record<string, Figure> = {};

// From nothing but sources.
const sources = path("sources");
run(sources, "build", "--sources", "hello", "bash");
const fresh = path("fresh");
put(fresh, sources);
Object.assign(
  results,
  await measure(
    {
      "empty store to hello": {
        command: [cleave, "run", "hello"],
        env: { ...env, CLEAVE_ROOT: fresh },
        cwd: temp.path,
      },
    },
    { runs: 1, warmup: 0 },
  ),
);

// From ready tools.
const tools = path("tools");
put(tools, sources);
run(tools, "build", "--no-link", "bootstrap.busybox", "bootstrap.make", "bootstrap.cc");
const work = path("work");
const ready = () => put(work, tools);
Object.assign(
  results,
  await measure(
    {
      "hello, joined": { ...build(work, "--no-check", "hello"), prepare: ready },
      "hello, split": { ...build(work, "--no-check", "--partition", "split", "hello"), prepare: ready },
    },
    { runs: 3, warmup: 0 },
  ),
);
// The last round left hello built split.
Object.assign(
  results,
  await measure({ "hello, when built": build(work, "--no-check", "hello") }, { runs: 15, warmup: 2 }),
);

// An edit in check: check alone.
run(work, "build", "--no-link", "hello");
const checked = JSON.parse(
  run(work, "build", "--no-link", "--json", "--set", 'hello.checkFlags=["V=1"]', "hello"),
).packages[0];
const ranInCheck: string[] = [...checked.groups, ...checked.branches]
  .filter(({ ran }: { readonly ran: boolean }) => ran)
  .flatMap(({ phases }: { readonly phases: readonly string[] }) => phases);

// An edit in install.
ready();
Object.assign(
  results,
  await measure(
    { "bash, first": build(work, "--no-check", "--partition", "split", "bash") },
    { runs: 1, warmup: 0 },
  ),
);
Object.assign(
  results,
  await measure(
    {
      "bash, edit in install": {
        ...build(work, "--no-check", "--partition", "split", "bash"),
        more: (each) => ["--set", `bash.installFlags=["EDIT=${each}"]`],
      },
    },
    { runs: 3, warmup: 0 },
  ),
);

figures("packages", Object.values(results));
const seconds = (name: string) => (results[name]?.wall_ms.median ?? Number.NaN) / 1000;
const ratio = (a: string, b: string) => round(seconds(a) / seconds(b), 2);
budgets([
  {
    what: "empty store to hello printed",
    measured: `${round(seconds("empty store to hello"), 0)} s`,
    budget: "240 s",
    met: seconds("empty store to hello") <= 240,
  },
  {
    what: "split build of hello, against joined",
    measured: `${ratio("hello, split", "hello, joined")}`,
    budget: "1.25",
    met: ratio("hello, split", "hello, joined") <= 1.25,
  },
  {
    what: "split rebuild of bash after an edit in install, against the first build",
    measured: `${ratio("bash, edit in install", "bash, first")}`,
    budget: "0.1",
    met: ratio("bash, edit in install", "bash, first") <= 0.1,
  },
  {
    what: "after an edit in check's data are run",
    measured: ranInCheck.join(", "),
    budget: "check",
    met: ranInCheck.join() === "check",
  },
  {
    what: "cleave build hello when built, whole process",
    measured: `${round(seconds("hello, when built") * 1000, 0)} ms`,
    budget: "150 ms",
    met: seconds("hello, when built") <= 0.15,
  },
]);
