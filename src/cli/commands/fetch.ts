import { join, resolve } from "node:path";
import { CleaveError, quote } from "../../base/index.ts";
import { makeFetcher, thisMachine } from "../../fetch/index.ts";
import {
  checkStorePathName,
  formatHash,
  type Hash,
  makeFixedOutputPath,
  parseHash,
} from "../../nix/index.ts";
import type { LocalStore } from "../../store/index.ts";
import type { Command } from "../command.ts";
import { undoable } from "../interrupt.ts";
import { withStore } from "../local-store.ts";
import { readCount, readSeconds } from "../numbers.ts";
import { readValue } from "../option-value.ts";
import { withTemporaryFolder } from "../temporary-folder.ts";

export const fetch: Command = {
  usage: "[--hash HASH] [--name NAME] [--output FILE] [--no-store] [--json] URL...",
  summary: "Fetch a file into the store, as a fixed output; print its hash and its store path.",
  details:
    "Several URLs are places of the same file, tried in order: http, https, file or mirror://NAME/PATH. The\n" +
    "store path depends on the name and the hash alone: what is there with the hash that is given, is not fetched\n" +
    "again. docs/fetching.md says more of mirrors and retries.",
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
    output: { type: "string", short: "o", value: "FILE", summary: "put the file here, too" },
    "no-store": { type: "boolean", summary: "do not add the file to the store" },
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
  run: async (args, io) => {
    const given = args.value("name");
    if (given !== undefined) readValue("name", given, checkStorePathName);
    const name = given ?? nameOf(args.positionals[0] ?? "");
    const tries = readCount(args, "tries", 1) ?? 5;
    const connect = (readSeconds(args, "connect-timeout") ?? 30) * 1000;
    const stall = (readSeconds(args, "stalled-timeout") ?? 60) * 1000;
    const expected = args.value("hash");
    const hash =
      expected === undefined
        ? undefined
        : readValue("hash", expected, (text) => parseHash(text, /[:-]/.test(text) ? undefined : "sha256"));
    const output = args.value("output");
    if (output === "") throw new CleaveError({ code: "cli-usage", message: "--output names no file" });
    const fetcher = makeFetcher({
      emit: io.emit,
      machine: thisMachine(io.env, io.cwd),
      tries,
      patience: { connect, stall },
    });
    const withFile = (work: (file: string) => Promise<Hash>) =>
      output === undefined
        ? withTemporaryFolder((folder) => work(join(folder, "file")))
        : work(resolve(io.cwd, output));
    const fetchInto = (store: LocalStore | undefined, signal: AbortSignal) =>
      withFile(async (destination) => {
        const fetched = await fetcher.fetchUrl({ name, urls: args.positionals, hash, destination, signal });
        const { algorithm } = fetched.hash;
        await store?.addTree(destination, { name, algorithm, method: "flat" });
        return fetched.hash;
      });
    /** Fetch into the store what is not there yet. */
    const obtain = (signal: AbortSignal) =>
      withStore(io, async (store) => {
        if (hash !== undefined && output === undefined) {
          const valid = await store.validPaths([makeFixedOutputPath(name, "flat", hash)]);
          if (valid.size > 0) return hash;
        }
        return await fetchInto(store, signal);
      });
    return await undoable(async (signal) => {
      const found = await (args.flag("no-store") ? fetchInto(undefined, signal) : obtain(signal));
      const sri = formatHash(found, "sri");
      const storePath = makeFixedOutputPath(name, "flat", found);
      await io.write(
        args.flag("json") ? `${JSON.stringify({ hash: sri, storePath })}\n` : `${sri}\n${storePath}\n`,
      );
      return 0;
    });
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
