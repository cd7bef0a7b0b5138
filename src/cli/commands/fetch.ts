import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { CleaveError, quote } from "../../base/index.ts";
import { makeFetcher, thisMachine } from "../../fetch/index.ts";
import { checkStorePathName, formatHash, makeFixedOutputPath, parseHash } from "../../nix/index.ts";
import type { Arguments, Command } from "../command.ts";
import { undoable } from "../interrupt.ts";

const usage = "[--hash HASH] [--name NAME] [--output FILE] [--json] URL...";

export const fetch: Command = {
  usage,
  summary: "Fetch a file, and print its hash and the store path that it has as a fixed output.",
  details:
    "Several URLs are places of the same file, tried in order: http, https, file or mirror://NAME/PATH. The\n" +
    "store path depends on the name and the hash alone. docs/fetching.md says more of mirrors and retries.",
  options: {
    hash: {
      type: "string",
      value: "HASH",
      summary: "the hash that the file must have; without it, sha256 is computed",
    },
    name: {
      type: "string",
      value: "NAME",
      summary: "the name in the store path; the URL's last part if absent",
    },
    output: { type: "string", short: "o", value: "FILE", summary: "keep the file here" },
    json: { type: "boolean", summary: "print a JSON object with hash and storePath" },
    tries: { type: "string", value: "N", summary: "how often to try a place that may work later (5)" },
    "connect-timeout": {
      type: "string",
      value: "SECONDS",
      summary: "how long to wait for a connection (30)",
    },
    "stalled-timeout": {
      type: "string",
      value: "SECONDS",
      summary: "how long to wait for the next byte (60)",
    },
  },
  arity: [1, Number.POSITIVE_INFINITY],
  run: async (args, { cwd, env, emit, write }) => {
    const name = args.value("name") ?? nameOf(args.positionals[0] ?? "");
    checkStorePathName(name);
    const tries = number(args, "tries", 5);
    const connect = number(args, "connect-timeout", 30) * 1000;
    const stall = number(args, "stalled-timeout", 60) * 1000;
    const expected = args.value("hash");
    const hash =
      expected === undefined ? undefined : parseHash(expected, /[:-]/.test(expected) ? undefined : "sha256");
    const output = args.value("output");
    const machine = thisMachine(env, cwd);
    const fetcher = makeFetcher({ emit, machine, tries, patience: { connect, stall } });
    const folder = output === undefined ? await mkdtemp(join(tmpdir(), "cleave-fetch-")) : undefined;
    try {
      return await undoable(async (signal) => {
        const fetched = await fetcher.fetchUrl({
          name,
          urls: args.positionals,
          hash,
          destination: output === undefined ? join(folder ?? "", "file") : resolve(cwd, output),
          signal,
        });
        const sri = formatHash(fetched.hash, "sri");
        const storePath = makeFixedOutputPath(name, "flat", fetched.hash);
        await write(
          args.flag("json") ? `${JSON.stringify({ hash: sri, storePath })}\n` : `${sri}\n${storePath}\n`,
        );
        return 0;
      });
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Give the last part of a URL, as Nix names what it fetches. */
function nameOf(url: string): string {
  const name = url.slice(url.lastIndexOf("/") + 1);
  try {
    checkStorePathName(name);
  } catch (cause) {
    throw new CleaveError({
      code: "cli-usage",
      message: `the URL ${quote(url)} does not end with a name for a store path`,
      hint: "give one with --name NAME",
      cause,
    });
  }
  return name;
}

function number(args: Arguments, option: string, otherwise: number): number {
  const text = args.value(option);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (/^[0-9]+(\.[0-9]+)?$/.test(text) && value > 0 && value < 1e6) return value;
  throw new CleaveError({
    code: "cli-usage",
    message: `--${option} takes a number above 0, not ${quote(text)}`,
    hint: `usage: cleave fetch ${usage}`,
  });
}
