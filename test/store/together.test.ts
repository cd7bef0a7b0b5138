/** Two cleaves and real Nix, adding and collecting in one store at the same time. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { StorePath } from "../../src/nix/index.ts";
import { openLocalStore } from "../../src/store/index.ts";
import { repository } from "../support/cleave.ts";
import { isDeadOfBusy, isDeepElsewhere, needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

test(
  "who adds keeps all that it has added, whoever else adds, collects and optimises",
  needsNix,
  async () => {
    using temp = temporaryFolder();
    const nix = nixIn(temp.path);
    nix.run("nix-store", ["--init"]);
    const workers = ["add", "collect", "collect"].map((kind) => {
      const child = spawn(
        process.execPath,
        [
          "--conditions=cleave-source",
          join(repository, "test/support/crash-worker.ts"),
          nix.root,
          kind,
          kind,
          "",
        ],
        { stdio: ["pipe", "ignore", "pipe"] },
      );
      let errors = "";
      child.stderr.on("data", (chunk) => {
        errors += chunk;
      });
      child.stdin.write("go\n");
      return { child, errors: () => errors };
    });
    /** Run one of Nix's programs again and again. */
    const stop = new AbortController();
    const again = async (program: string, args: (turn: number) => readonly string[]): Promise<number> => {
      for (let turn = 0; ; turn += 1) {
        if (stop.signal.aborted) return turn;
        await new Promise<void>((resolve, reject) => {
          const child = spawn(program, args(turn), { env: nix.env, stdio: ["ignore", "ignore", "pipe"] });
          let errors = "";
          child.stderr.on("data", (chunk) => {
            errors += chunk;
          });
          child.on("close", (code) =>
            code === 0 || isDeepElsewhere(errors) || isDeadOfBusy(errors)
              ? resolve()
              : reject(new Error(errors)),
          );
        });
      }
    };
    const source = (turn: number) => {
      const folder = join(temp.path, `nix${turn}`);
      mkdirSync(folder);
      for (const name of ["a", "b", "c"]) writeFileSync(join(folder, name), `${turn}`);
      return folder;
    };
    try {
      await using store = await openLocalStore({ root: nix.root });
      const nixes = Promise.all([
        again("nix-store", (turn) => ["--add", source(turn)]),
        again("nix-store", () => ["--gc"]),
      ]);
      const added: StorePath[] = [];
      const end = performance.now() + 2500;
      for (let turn = 0; performance.now() < end; turn += 1) {
        const references = added.slice(-3);
        // Also what another has perhaps just added, or a collector is just deleting.
        added.push(await store.addText({ name: "text", content: `add-${turn % 20}` }));
        added.push(await store.addText({ name: "own", content: references.join(" "), references }));
        added.push(await store.addTree(source(-turn - 1), { name: "tree" }));
        if (turn % 10 === 0) await store.collect();
      }
      stop.abort();
      const turns = await nixes;
      for (const { child, errors } of workers) {
        assert.deepEqual([child.exitCode, errors()], [null, ""]);
        child.kill("SIGKILL");
      }
      assert.deepEqual(await store.validPaths(added), new Set(added));
      assert.deepEqual(await store.verify({ checkContents: true }), []);
      assert.ok(added.length > 10 && turns.every((each) => each > 0), `${added.length}, ${turns}`);
      assert.equal(nix.run("nix-store", ["--verify", "--check-contents"]).toString(), "");
    } finally {
      stop.abort();
      for (const { child } of workers) child.kill("SIGKILL");
    }
  },
);
