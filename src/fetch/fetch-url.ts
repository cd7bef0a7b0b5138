/**
 * Fetches files from outside. What comes is checked by its hash, and stands at its destination only when it is whole.
 *
 * Each URL of a request stands for one or more places (mirrors). They are tried in order. What cannot work
 * (an answer 404, a wrong hash) takes a place out; what may work later (an answer 503, a time-out, a broken
 * connection) is tried again after the others, with growing pauses. A connection that broke in the middle is
 * taken up where it broke, if the server can (RFC 9110, `Range` and `If-Range`). What was put together so and
 * has the wrong hash is fetched once more from the start before the hash is called wrong.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CleaveError, type Emit, encodeText, quote } from "../base/index.ts";
import {
  equalHash,
  formatHash,
  type Hash,
  type HashAlgorithm,
  type Hasher,
  makeHasher,
} from "../nix/index.ts";
import { exchange, type Patience } from "./exchange.ts";
import { Failure, networkFailure, statusFailure, wrongLength } from "./failure.ts";
import { readFileUrl } from "./file-url.ts";
import { type Machine, thisMachine } from "./machine.ts";
import { describeUrl, makeResolver, type Place, type Resolve } from "./mirror.ts";
import { type Agents, makeAgents } from "./proxy.ts";

export type FetchRequest = {
  /** What it is called in events and messages. */
  readonly name: string;
  /** Where to look, in order: http, https, file or mirror URLs. At least one. */
  readonly urls: readonly string[];
  /** The hash that the bytes must have; without one nothing is checked. */
  readonly hash?: Hash | undefined;
  /** Which hash to take where none is given; sha256 by default. */
  readonly algorithm?: HashAlgorithm | undefined;
  /** Where the file goes; its folder is there. What is there is replaced, and only by a whole file. */
  readonly destination: string;
  readonly signal?: AbortSignal | undefined;
};

export type Fetched = {
  readonly hash: Hash;
  /** In bytes. */
  readonly size: number;
  /** The place that it came from, without a password. */
  readonly url: string;
};

export type Fetcher = {
  /**
   * Fetch one file. When all of `jobs` are at work it waits. Throws the `fetch-` errors; the temporary file
   * beside the destination is gone then.
   */
  readonly fetchUrl: (request: FetchRequest) => Promise<Fetched>;
};

export type FetcherOptions = {
  readonly emit: Emit;
  readonly machine?: Machine;
  /** How many downloads run at once; 8 by default. */
  readonly jobs?: number;
  /** How often a place is tried; 5 by default. */
  readonly tries?: number;
  /** 30 s for a connection and 60 s for a byte by default. */
  readonly patience?: Partial<Patience>;
  /** Wait so many milliseconds; rejects when the signal aborts. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** The time of day in milliseconds, for `Retry-After` with a date. */
  readonly now?: () => number;
  /** A number from 0 to 1 that spreads pauses, so that many clients do not come back at once. */
  readonly random?: () => number;
};

type Powers = {
  readonly emit: Emit;
  readonly agents: Agents;
  readonly tries: number;
  readonly patience: Patience;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly random: () => number;
};

/** Longer than this a server's `Retry-After` is not waited for. */
const longestPause = 60_000;

/** Make a fetcher: one per process, so that its limit of downloads holds for all and connections are shared. */
export function makeFetcher(options: FetcherOptions): Fetcher {
  const machine = options.machine ?? thisMachine(process.env);
  const resolve = makeResolver(machine);
  const limit = makeLimit(options.jobs ?? 8);
  const powers: Powers = {
    emit: options.emit,
    agents: makeAgents(machine.env),
    tries: options.tries ?? 5,
    patience: { connect: 30_000, stall: 60_000, ...options.patience },
    sleep: options.sleep ?? sleepFor,
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
  };
  return {
    fetchUrl: async (request) => {
      const { places, errors } = placesOf(request, resolve);
      for (const { message } of errors) powers.emit({ type: "warning", message });
      return await limit(() => fetchFrom(places, errors, request, powers));
    },
  };
}

/** Find the places of all URLs, and what is wrong with mirrors that others stand beside. Throws what `resolve` throws. */
function placesOf(
  { urls }: FetchRequest,
  resolve: Resolve,
): { readonly places: readonly Place[]; readonly errors: readonly CleaveError[] } {
  const errors: CleaveError[] = [];
  const places = urls.flatMap((url) => {
    try {
      return resolve(url);
    } catch (error) {
      if (urls.length === 1 || !(error instanceof CleaveError) || error.code !== "fetch-mirror") throw error;
      errors.push(error);
      return [];
    }
  });
  return { places, errors };
}

async function fetchFrom(
  places: readonly Place[],
  before: readonly CleaveError[],
  request: FetchRequest,
  powers: Powers,
): Promise<Fetched> {
  const { destination, signal } = request;
  await checkDestination(destination);
  const temporary = join(dirname(destination), `.cleave-${randomBytes(8).toString("hex")}.part`);
  try {
    const file = await guardDestination(destination, () => open(encodeText(temporary), "wx"));
    try {
      const part = makePart(file, request.hash?.algorithm ?? request.algorithm ?? "sha256", destination);
      const { hash, url } = await tryAll(places, before, part, request, powers);
      // A killed process leaves the temporary file; whoever sees the destination sees all of it.
      await guardDestination(destination, () => rename(encodeText(temporary), encodeText(destination)));
      return { hash, size: part.size(), url: describeUrl(url) };
    } finally {
      await file.close();
    }
  } catch (error) {
    // Where the folder lets nothing be made, nothing is there that could be taken away.
    await rm(encodeText(temporary), { force: true }).catch(() => {});
    signal?.throwIfAborted();
    throw error;
  }
}

/** Try places until one brings the file; throws the one error, or with those from before `fetch-failed` about several. */
async function tryAll(
  places: readonly Place[],
  before: readonly CleaveError[],
  part: Part,
  request: FetchRequest,
  powers: Powers,
): Promise<{ readonly hash: Hash; readonly url: URL }> {
  const queue = places.map((place) => ({ place, failed: 0 }));
  const errors = [...before];
  for (;;) {
    const lane = queue[0];
    if (lane === undefined) throw summary(errors, request);
    const size = part.size();
    try {
      const hash = await tryOne(lane.place, part, request, powers);
      return { hash, url: lane.place.url };
    } catch (error) {
      request.signal?.throwIfAborted();
      const failure = networkFailure(error, lane.place.url);
      if (failure.error.code === "fetch-destination") throw failure.error;
      lane.failed += 1;
      const pause = failure.after ?? 250 * 2 ** lane.failed * (0.5 + powers.random());
      if (!failure.transient || lane.failed >= powers.tries || pause > longestPause) {
        queue.shift();
        errors.push(failure.error);
        await part.restart();
        continue;
      }
      // One that moved on is worth another try before others begin at nothing.
      if (part.size() <= size && queue.length > 1) {
        queue.push(...queue.splice(0, 1));
        await part.restart();
        if (queue[0]?.failed === 0) continue;
      }
      powers.emit({
        type: "warning",
        message: `${failure.error.message}; trying again in ${(pause / 1000).toFixed(1)} s`,
      });
      await powers.sleep(pause, request.signal);
    }
  }
}

/** Fetch from one place, from where `part` ends; gives the hash of the whole file, checked. */
async function tryOne(place: Place, part: Part, request: FetchRequest, powers: Powers): Promise<Hash> {
  const { name, hash: expected } = request;
  const report = () => powers.emit({ type: "progress", what: name, done: part.size(), total: part.total });
  let resumed = false;
  if (place.url.protocol === "file:") {
    await part.restart();
    await part.take(readFileUrl(place.url, request.signal), report);
  } else {
    const answer = await exchange(place, {
      headers: part.wish(expected !== undefined),
      agents: powers.agents,
      patience: powers.patience,
      checked: expected !== undefined,
      emit: powers.emit,
      signal: request.signal,
    });
    const { status, headers, url } = answer;
    if (status !== 200 && !(status === 206 && part.continues(headers["content-range"]))) {
      answer.discard();
      if (part.size() > 0 && (status === 206 || status === 416)) {
        await part.restart();
        return await tryOne(place, part, request, powers);
      }
      throw statusFailure(status, url, headers["retry-after"], powers.now());
    }
    resumed = status === 206;
    if (!resumed) {
      await part.restart();
      const length = headers["content-length"];
      part.total = length === undefined ? undefined : Number(length);
      part.validator = validatorOf(headers);
    }
    const before = part.size();
    await part.take(answer.body, report);
    const { total = part.size() } = part;
    // A server may give less than the rest that it was asked for.
    if (before < part.size() && part.size() < total) return await tryOne(place, part, request, powers);
    if (part.size() !== total) throw wrongLength(url, part.size(), total);
  }
  const hash = part.hash();
  if (expected === undefined || equalHash(hash, expected)) return hash;
  await part.restart();
  if (resumed) return await tryOne(place, part, request, powers);
  throw new Failure(mismatch(name, place, expected, hash), false);
}

/** The file as far as it is there: on disk, and in the state of its hash. */
type Part = {
  /** In bytes. */
  readonly size: () => number;
  /** How large the whole is, where the server said so. */
  total: number | undefined;
  /** What the server calls this version of the file. */
  validator: string | undefined;
  /** Forget all bytes. */
  readonly restart: () => Promise<void>;
  /** Append chunks. */
  readonly take: (chunks: AsyncIterable<Uint8Array>, after: () => void) => Promise<void>;
  /** Give the headers that ask for the rest, or none where all is wanted. */
  readonly wish: (checked: boolean) => Record<string, string>;
  /** Say whether a `Content-Range` is that of the rest, or of a part of it; it may tell how large the whole is. */
  readonly continues: (range: string | undefined) => boolean;
  /** Give the hash of what is there. */
  readonly hash: () => Hash;
};

function makePart(file: FileHandle, algorithm: HashAlgorithm, destination: string): Part {
  let size = 0;
  let hasher: Hasher = makeHasher(algorithm);
  const part: Part = {
    total: undefined,
    validator: undefined,
    size: () => size,
    restart: async () => {
      if (size > 0) await guardDestination(destination, () => file.truncate(0));
      size = 0;
      hasher = makeHasher(algorithm);
      part.total = undefined;
      part.validator = undefined;
    },
    take: async (chunks, after) => {
      for await (const chunk of chunks) {
        hasher.update(chunk);
        for (let at = 0; at < chunk.length; ) {
          const { bytesWritten } = await guardDestination(destination, () =>
            file.write(chunk, at, chunk.length - at, size + at),
          );
          at += bytesWritten;
        }
        size += chunk.length;
        after();
      }
    },
    wish: (checked) => {
      // Without a name for the version, only a hash can tell whether the rest belongs to what is there.
      if (size === 0 || (part.validator === undefined && !checked)) return {};
      return {
        range: `bytes=${size}-`,
        ...(part.validator === undefined ? {} : { "if-range": part.validator }),
      };
    },
    continues: (range) => {
      const [, first, all] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range ?? "") ?? [];
      if (size === 0 || Number(first) !== size) return false;
      if (all === "*") return true;
      part.total ??= Number(all);
      return Number(all) === part.total;
    },
    hash: () => hasher.finish(),
  };
  return part;
}

/** Give what names this version for `If-Range`: a strong entity tag, else the time of the last change. */
function validatorOf(headers: NodeJS.Dict<string | string[]>): string | undefined {
  const { etag, "last-modified": modified } = headers;
  if (typeof etag === "string" && etag.startsWith('"')) return etag;
  return typeof modified === "string" ? modified : undefined;
}

function mismatch(name: string, { url }: Place, expected: Hash, got: Hash): CleaveError {
  return new CleaveError({
    code: "fetch-mismatch",
    message: `${describeUrl(url)} has other content than ${quote(name)} should have: expected ${formatHash(expected, "sri")}, got ${formatHash(got, "sri")}`,
    hint: "if the new content is what you want, write its hash where the old one stands",
  });
}

/** Make one error of those that all places gave; a wrong hash says more than what else went wrong. */
function summary(errors: readonly CleaveError[], { name, urls }: FetchRequest): CleaveError {
  const [first] = errors;
  const wrong = errors.find(({ code }) => code === "fetch-mismatch");
  if (wrong !== undefined) return wrong;
  if (first !== undefined && errors.length === 1) return first;
  return new CleaveError({
    code: "fetch-failed",
    message:
      errors.length === 0
        ? `there is no URL to fetch ${quote(name)} from`
        : `none of ${errors.length} places has ${quote(name)}: ${errors.map(({ message }) => message).join("; ")}`,
    hint: urls.some((url) => url.startsWith("mirror:"))
      ? "cleave/mirrors.json in your configuration folder can name further mirrors (docs/fetching.md)"
      : "name another URL",
  });
}

/** Refuse to put a file where there is a folder, a pipe or a device, before anything is fetched. */
async function checkDestination(destination: string): Promise<void> {
  const there = await stat(encodeText(destination)).catch(() => undefined);
  if (there === undefined || there.isFile()) return;
  throw new CleaveError({
    code: "fetch-destination",
    message: `${quote(destination)} is ${there.isDirectory() ? "a folder" : "a pipe or a device"}, where a file is to be written`,
    hint: "name a file, which need not be there yet",
  });
}

/** Do something with the destination or its temporary file; throws `fetch-destination` where the system refuses. */
async function guardDestination<T>(destination: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new CleaveError({
      code: "fetch-destination",
      message: `the file ${quote(destination)} cannot be written`,
      hint: "check its folder, your permissions in it, and the space that is left",
      cause,
    });
  }
}

/** Let at most `most` actions run at once; others wait their turn. */
function makeLimit(most: number): <T>(action: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (action) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await action();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

function sleepFor(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
