import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError, describeError, type Event } from "../../src/base/index.ts";
import { networkFailure } from "../../src/fetch/failure.ts";
import { type Fetched, type FetcherOptions, makeFetcher } from "../../src/fetch/index.ts";
import { formatHash, parseHash } from "../../src/nix/index.ts";
import { broken, ranged, redirect, type Step, serve, status, whole } from "../support/serve.ts";
import { temporaryFolder } from "../support/temp.ts";

const body = randomBytes(300_000);
const sri = `sha256-${createHash("sha256").update(body).digest("base64")}`;
const machine = {
  env: {},
  home: "/nonexistent",
  cwd: "/",
  read: () => undefined,
  list: () => [],
  npmRegistry: () => undefined,
};

type Tried = {
  readonly result: Fetched | CleaveError;
  readonly pauses: readonly number[];
  readonly warnings: readonly string[];
  readonly events: readonly Event[];
  /** What is in the destination's folder afterwards. */
  readonly left: readonly string[];
};

/** Fetch to a folder of its own, without waiting in pauses. */
async function tryFetch(
  urls: readonly string[],
  { hash = sri, ...options }: Partial<FetcherOptions> & { hash?: string | undefined } = {},
): Promise<Tried> {
  using temp = temporaryFolder();
  const pauses: number[] = [];
  const events: Event[] = [];
  const fetcher = makeFetcher({
    machine,
    sleep: async (pause) => {
      pauses.push(pause);
    },
    now: () => Date.parse("2026-11-22T12:00:00Z"),
    random: () => 0.5,
    ...options,
    emit: (event) => {
      events.push(event);
      options.emit?.(event);
    },
  });
  let result: Fetched | CleaveError;
  const destination = join(temp.path, "file");
  try {
    const expected = hash === "" ? undefined : parseHash(hash);
    result = await fetcher.fetchUrl({ name: "file", urls, hash: expected, destination });
    assert.ok(readFileSync(destination).equals(body));
  } catch (error) {
    if (!(error instanceof CleaveError)) throw error;
    result = error;
  }
  const warnings = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  return { result, pauses, warnings, events, left: readdirSync(temp.path) };
}

function assertFetched({ result, left }: Tried, url: string): void {
  assert.ok(!(result instanceof CleaveError), result instanceof CleaveError ? describeError(result) : "");
  assert.deepEqual(
    { ...result, hash: formatHash(result.hash, "sri") },
    { hash: sri, size: body.length, url },
  );
  assert.deepEqual(left, ["file"]);
}

function assertFailed({ result, left }: Tried, ...lines: readonly string[]): void {
  assert.ok(result instanceof CleaveError, "it was fetched");
  assert.equal(describeError(result), [...lines, `  more: cleave explain ${result.code}`, ""].join("\n"));
  assert.deepEqual(left, []);
}

test("a file is fetched, with progress", async () => {
  await using server = await serve(whole(body));
  const tried = await tryFetch([`${server.url}f`]);
  assertFetched(tried, `${server.url}f`);
  assert.deepEqual(tried.events.at(-1), { type: "progress", what: "file", done: 300_000, total: 300_000 });
});

test("without a hash the file's own is given", async () => {
  await using server = await serve((_, response) => response.end(body));
  assertFetched(await tryFetch([`${server.url}f`], { hash: "" }), `${server.url}f`);
});

test("bytes come as they are served, compressed ones too", async () => {
  await using server = await serve(whole(body, { "content-encoding": "gzip" }));
  assertFetched(await tryFetch([`${server.url}f`]), `${server.url}f`);
});

test("a wrong hash shows both, and nothing stays", async () => {
  await using server = await serve(whole(Buffer.from("other\n")));
  assertFailed(
    await tryFetch([`${server.url}f`]),
    `error[fetch-mismatch]: ${server.url}f has other content than file should have: expected ${sri}, got sha256-fk+i64x6wIlznV3vxEifrWihANkggso1xrQKRSSCH4c=`,
    "  hint: if the new content is what you want, write its hash where the old one stands",
  );
});

test("a wrong hash from one place sends to the next", async () => {
  await using wrong = await serve(whole(Buffer.from("other\n")));
  await using right = await serve(whole(body));
  assertFetched(await tryFetch([`${wrong.url}f`, `${right.url}f`]), `${right.url}f`);
});

test("places are tried in order, and one that is not there takes no pause", async () => {
  await using none = await serve(status(404));
  await using busy = await serve(status(503));
  await using right = await serve(whole(body));
  const tried = await tryFetch([`${none.url}a`, `${busy.url}b`, `${right.url}c`]);
  assertFetched(tried, `${right.url}c`);
  assert.deepEqual([tried.pauses, tried.warnings], [[], []]);
  assert.deepEqual([none.requests, busy.requests, right.requests], [["/a"], ["/b"], ["/c"]]);
});

test("a mirror that is not there is passed over where another URL stands beside it", async () => {
  await using right = await serve(whole(body));
  await using none = await serve(status(404));
  const tried = await tryFetch(["mirror://gun/x", `${right.url}f`]);
  assertFetched(tried, `${right.url}f`);
  assert.deepEqual(tried.warnings, ["there is no mirror gun"]);
  assertFailed(
    await tryFetch(["mirror://gun/x", `${none.url}f`]),
    `error[fetch-failed]: none of 2 places has file: there is no mirror gun; the server answered 404 (not found) for ${none.url}f`,
    "  hint: cleave/mirrors.json in your configuration folder can name further mirrors (docs/fetching.md)",
  );
});

test("one failing place has its own error, several have one together", async () => {
  await using none = await serve(status(404));
  assertFailed(
    await tryFetch([`${none.url}a`]),
    `error[fetch-status]: the server answered 404 (not found) for ${none.url}a`,
    "  hint: the file is not there: check the URL, or name another",
  );
  assertFailed(
    await tryFetch([`${none.url}a`, `${none.url}b`]),
    `error[fetch-failed]: none of 2 places has file: the server answered 404 (not found) for ${none.url}a; the server answered 404 (not found) for ${none.url}b`,
    "  hint: name another URL",
  );
  assertFailed(
    await tryFetch([]),
    "error[fetch-failed]: there is no URL to fetch file from",
    "  hint: name another URL",
  );
});

test("a fault of the server is tried again with growing pauses, five times at most", async () => {
  await using server = await serve(status(500), status(502), status(503), status(504), whole(body));
  const tried = await tryFetch([`${server.url}f`]);
  assertFetched(tried, `${server.url}f`);
  assert.deepEqual(tried.pauses, [500, 1000, 2000, 4000]);
  assert.equal(
    tried.warnings[0],
    `the server answered 500 (internal server error) for ${server.url}f; trying again in 0.5 s`,
  );
  await using down = await serve(status(500));
  assertFailed(
    await tryFetch([`${down.url}f`]),
    `error[fetch-status]: the server answered 500 (internal server error) for ${down.url}f`,
    "  hint: the server has a fault: try again later, or name another URL",
  );
  assert.equal(down.requests.length, 5);
});

test("Retry-After is obeyed, in seconds and as a date, unless it is far away", async () => {
  await using server = await serve(
    status(429, { "retry-after": "7" }),
    status(503, { "retry-after": "Sun, 22 Nov 2026 12:00:30 GMT" }),
    whole(body),
  );
  const tried = await tryFetch([`${server.url}f`]);
  assertFetched(tried, `${server.url}f`);
  assert.deepEqual(tried.pauses, [7000, 30000]);
  await using far = await serve(status(429, { "retry-after": "3600" }));
  assertFailed(
    await tryFetch([`${far.url}f`]),
    `error[fetch-status]: the server answered 429 (too many requests) for ${far.url}f`,
    "  hint: it has had too many requests: try again later",
  );
  assert.equal(far.requests.length, 1);
});

/** Settles when so many bytes are through. */
function whenSeen(count: number): { readonly promise: Promise<void>; readonly emit: (event: Event) => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    promise,
    emit: (event) => {
      if (event.type === "progress" && event.done >= count) resolve();
    },
  };
}

for (const [what, headers] of [
  ["an entity tag", { etag: '"v1"' }],
  ["the time of change", { "last-modified": "Sun, 22 Nov 2026 10:00:00 GMT" }],
  ["the hash alone", {}],
] as const)
  test(`a broken connection is taken up where it broke, by ${what}`, async () => {
    const { promise, emit } = whenSeen(100_000);
    await using server = await serve(broken(body, 100_000, headers, promise), ranged(body, headers));
    assertFetched(await tryFetch([`${server.url}f`], { emit }), `${server.url}f`);
    assert.deepEqual(server.requests, ["/f", "/f bytes=100000-"]);
  });

test("without hash and version a broken connection starts anew", async () => {
  const { promise, emit } = whenSeen(100_000);
  await using server = await serve(broken(body, 100_000, {}, promise), ranged(body));
  assertFetched(await tryFetch([`${server.url}f`], { hash: "", emit }), `${server.url}f`);
  assert.deepEqual(server.requests, ["/f", "/f"]);
});

test("a server that gives the rest in parts is asked for all of them", async () => {
  for (const hash of ["", sri]) {
    const { promise, emit } = whenSeen(100_000);
    const headers = { etag: '"v1"' };
    await using server = await serve(
      broken(body, 100_000, headers, promise),
      lie(`bytes 100000-199999/${body.length}`, body.subarray(100_000, 200_000)),
      ranged(body, headers),
    );
    assertFetched(await tryFetch([`${server.url}f`], { hash, emit }), `${server.url}f`);
    assert.deepEqual(server.requests, ["/f", "/f bytes=100000-", "/f bytes=200000-"]);
  }
});

test("a server that gives nothing of the rest, or too much, has not given the file", async () => {
  for (const [sent, size] of [
    [Buffer.alloc(0), 100_000],
    [Buffer.alloc(body.length), body.length + 100_000],
  ] as const) {
    const { promise, emit } = whenSeen(100_000);
    await using server = await serve(
      broken(body, 100_000, { etag: '"v1"' }, promise),
      lie(`bytes 100000-${body.length - 1}/${body.length}`, sent),
    );
    assertFailed(
      await tryFetch([`${server.url}f`], { hash: "", tries: 2, emit }),
      `error[fetch-connection]: ${server.url}f cannot be fetched: the server gave ${size} bytes of a file of ${body.length}`,
      "  hint: try again later, or name another URL",
    );
  }
});

const lie =
  (range: string, sent: Uint8Array): Step =>
  (_, response) => {
    response.writeHead(206, { "content-range": range, "content-length": `${sent.length}` }).end(sent);
  };

for (const [what, second] of [
  ["with another version", ranged(body, { etag: '"v2"' })],
  ["with all of it", whole(body, { etag: '"v1"' })],
  ["with another range", lie(`bytes 0-${body.length - 1}/${body.length}`, body)],
  ["with a range of another file", lie("bytes 100000-100004/100005", Buffer.from("wrong"))],
  ["with no range", lie("lies", Buffer.from("wrong"))],
  ["that the range cannot be", status(416)],
  [
    "with wrong bytes in the right range",
    lie(`bytes 100000-${body.length - 1}/${body.length}`, Buffer.alloc(body.length - 100_000)),
  ],
] as const)
  test(`a server that answers the rest ${what} does no harm`, async () => {
    const { promise, emit } = whenSeen(100_000);
    const headers = { etag: '"v1"' };
    await using server = await serve(broken(body, 100_000, headers, promise), second, whole(body));
    assertFetched(await tryFetch([`${server.url}f`], { emit }), `${server.url}f`);
    assert.equal(server.requests[1], "/f bytes=100000-");
  });

test("a file arrives whole whatever breaks on the way", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.nat(body.length - 1).map((count) => broken(body, count, { etag: '"v1"' })),
          fc.constantFrom(429, 500, 503).map((code) => status(code)),
        ),
        { maxLength: 4 },
      ),
      fc.constantFrom(ranged(body, { etag: '"v1"' }), whole(body), ranged(body, { etag: '"v2"' })),
      async (steps, last) => {
        await using server = await serve(...steps, last);
        assertFetched(await tryFetch([`${server.url}f`]), `${server.url}f`);
      },
    ),
    { numRuns: 40 },
  );
});

test("a short body is not the file, a long one is cut off by its length and its hash", async () => {
  await using short = await serve((_, response) => {
    response.writeHead(200, { "content-length": "300001" }).write(body);
    setImmediate(() => response.socket?.destroySoon());
  });
  const { result, left } = await tryFetch([`${short.url}f`], { tries: 1 });
  assert.ok(result instanceof CleaveError);
  assert.equal(result.code, "fetch-connection");
  assert.deepEqual(left, []);
  await using long = await serve((_, response) => {
    response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcdefgh`);
  });
  const cut = await tryFetch([`${long.url}f`], { tries: 1 });
  assert.ok(cut.result instanceof CleaveError);
  assert.equal(cut.result.code, "fetch-mismatch");
});

test("a server that stalls is given up, before its head and in the body", async () => {
  await using silent = await serve(() => {});
  assertFailed(
    await tryFetch([`${silent.url}f`], { tries: 1, patience: { stall: 60 } }),
    `error[fetch-connection]: ${silent.url}f cannot be fetched: no byte for 0.06 s`,
    "  hint: try again later, or name another URL",
  );
  await using stalls = await serve(
    (_, response) => {
      response
        .writeHead(200, { "content-length": `${body.length}`, etag: '"v1"' })
        .write(body.subarray(0, 1000));
    },
    ranged(body, { etag: '"v1"' }),
  );
  const tried = await tryFetch([`${stalls.url}f`], { patience: { stall: 60 } });
  assertFetched(tried, `${stalls.url}f`);
  assert.deepEqual(tried.warnings, [
    `${stalls.url}f cannot be fetched: no byte for 0.06 s; trying again in 0.5 s`,
  ]);
  assert.deepEqual(stalls.requests, ["/f", "/f bytes=1000-"]);
});

test("redirects are followed, relative ones too, but not for ever and not to files", async () => {
  await using server = await serve(redirect("/b"), redirect("c?d"), whole(body));
  assertFetched(await tryFetch([`${server.url}a`]), `${server.url}a`);
  assert.deepEqual(server.requests, ["/a", "/b", "/c?d"]);
  await using loop = await serve(redirect("/loop"));
  assertFailed(
    await tryFetch([`${loop.url}f`]),
    `error[fetch-redirect]: ${loop.url}f redirects more than 10 times, the last time to /loop`,
    "  hint: name the URL that the file itself has",
  );
  assert.equal(loop.requests.length, 11);
  await using local = await serve(redirect("file:///etc/passwd"));
  assertFailed(
    await tryFetch([`${local.url}f`]),
    `error[fetch-redirect]: ${local.url}f redirects to file:///etc/passwd, which is no http or https URL`,
    "  hint: name the URL that the file itself has",
  );
});

test("where nothing listens, or what does not speak HTTP", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket
      .end("220 smtp ready\r\n")
      .resume()
      .on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  assertFailed(
    await tryFetch([`http://127.0.0.1:${port}/f`]),
    `error[fetch-connection]: http://127.0.0.1:${port}/f cannot be fetched: what the server answers is not HTTP (HPE_INVALID_CONSTANT)`,
    "  hint: check the scheme and the port of the URL, and http_proxy if there is a proxy",
  );
  assert.equal(connections, 1);
  const { result } = await tryFetch([`https://127.0.0.1:${port}/f`], { tries: 1 });
  assert.ok(result instanceof CleaveError);
  assert.equal(
    describeError(result),
    `error[fetch-tls]: no safe connection to https://127.0.0.1:${port}/f: wrong version number (EPROTO)\n` +
      "  hint: NIX_SSL_CERT_FILE or SSL_CERT_FILE names the file of trusted certificates\n" +
      "  more: cleave explain fetch-tls\n",
  );
  await new Promise((resolve) => server.close(resolve));
  assertFailed(
    await tryFetch([`http://127.0.0.1:${port}/f`]),
    `error[fetch-connection]: http://127.0.0.1:${port}/f cannot be fetched: nothing listens there (ECONNREFUSED)`,
    "  hint: check the network, and http_proxy, https_proxy and no_proxy if there is a proxy",
  );
});

test("file URLs, with names that are not UTF-8", async () => {
  using temp = temporaryFolder();
  writeFileSync(Buffer.concat([Buffer.from(`${temp.path}/a b`), Buffer.of(0xff)]), body);
  assertFetched(await tryFetch([`file://${temp.path}/a%20b%FF`]), `file://${temp.path}/a%20b%FF`);
  assertFailed(
    await tryFetch([`file://${temp.path}/none`]),
    `error[fetch-file]: the file ${temp.path}/none cannot be read`,
    `  because: ENOENT: no such file or directory, open '${temp.path}/none'`,
    "  hint: a file URL is file:///PATH, with %20 for a space",
  );
  assertFailed(
    await tryFetch(["file://host/none"]),
    "error[fetch-file]: the URL file://host/none names the host host",
    "  hint: a file URL is file:///PATH, with %20 for a space",
  );
});

test("passwords of URLs are used and not shown", async () => {
  await using server = await serve((request, response) => {
    const right = request.headers.authorization === `Basic ${btoa("me:secret")}`;
    response.writeHead(right ? 404 : 401).end();
  });
  assertFailed(
    await tryFetch([server.url.replace("//", "//me:secret@")]),
    `error[fetch-status]: the server answered 404 (not found) for ${server.url}`,
    "  hint: the file is not there: check the URL, or name another",
  );
});

test("a login in a URL goes along to the same host, whatever its bytes", async () => {
  const seen: (string | undefined)[] = [];
  await using other = await serve((request, response) => {
    seen.push(request.headers.authorization);
    whole(body)(request, response);
  });
  await using server = await serve((request, response) => {
    seen.push(request.headers.authorization);
    const moved = request.url === "/f" ? `${server.url}moved` : `${other.url}f`;
    redirect(moved)(request, response);
  });
  assertFetched(await tryFetch([`${server.url.replace("//", "//m%FFe:100%@")}f`]), `${server.url}f`);
  const login = `Basic ${Buffer.from("m\xffe:100%", "latin1").toString("base64")}`;
  assert.deepEqual(seen, [login, login, undefined]);
});

test("a redirect to a name of raw bytes leads to that name", async () => {
  await using server = await serve(redirect(Buffer.from("/ü").toString("latin1")), whole(body));
  assertFetched(await tryFetch([`${server.url}f`]), `${server.url}f`);
  assert.deepEqual(server.requests, ["/f", "/%c3%bc"]);
});

test("npm's login goes to its registry, and not along with a redirect to another host", async () => {
  const seen: (string | undefined)[] = [];
  const note =
    (step: Step): Step =>
    (request, response) => {
      seen.push(request.headers.authorization);
      step(request, response);
    };
  await using other = await serve(note(whole(body)));
  await using registry = await serve(note(redirect("/moved")), note(redirect(`${other.url}b`)));
  const npmrc = `registry=${registry.url}\n${registry.url.slice("http:".length)}:_authToken=secret\n`;
  const tried = await tryFetch(["mirror://npm/a/-/a-1.0.0.tgz"], {
    machine: { ...machine, read: (file) => (file === "/nonexistent/.npmrc" ? npmrc : undefined) },
  });
  assertFetched(tried, `${registry.url}a/-/a-1.0.0.tgz`);
  assert.deepEqual(seen, ["Bearer secret", "Bearer secret", undefined]);
});

test("errors of the network, by their code", () => {
  const told = (code: string) => {
    const { error, transient } = networkFailure(
      Object.assign(new Error("as Node says"), { code }),
      new URL("https://me:secret@host.example/f"),
    );
    return [transient, ...describeError(error).split("\n").slice(0, 2)];
  };
  const names = "  hint: check the spelling, the network and the name servers of /etc/resolv.conf";
  const noName = (code: string) =>
    `error[fetch-host]: the name of the host host.example has no address (${code}), so https://host.example/f cannot be reached`;
  assert.deepEqual(told("ENOTFOUND"), [false, noName("ENOTFOUND"), names]);
  assert.deepEqual(told("EAI_AGAIN"), [true, noName("EAI_AGAIN"), names]);
  const network = "  hint: check the network, and http_proxy, https_proxy and no_proxy if there is a proxy";
  const cannot = "error[fetch-connection]: https://host.example/f cannot be fetched:";
  assert.deepEqual(told("ENETUNREACH"), [
    false,
    `${cannot} there is no way to this network (ENETUNREACH)`,
    network,
  ]);
  assert.deepEqual(told("ERR_PROXY_TUNNEL"), [
    false,
    `${cannot} the proxy refuses to connect (ERR_PROXY_TUNNEL)`,
    network,
  ]);
  const later = "  hint: try again later, or name another URL";
  assert.deepEqual(told("ECONNRESET"), [true, `${cannot} the connection broke (ECONNRESET)`, later]);
  assert.deepEqual(told("EWHATEVER"), [true, `${cannot} as Node says`, later]);
  assert.throws(() => networkFailure(new TypeError("a bug"), new URL("http://a/")), TypeError);
});

test("URLs that cannot be fetched", async () => {
  assertFailed(
    await tryFetch(["ftp://me:secret@host/f"]),
    "error[fetch-url]: the URL ftp://host/f has the scheme ftp, which cleave does not fetch",
    "  hint: http, https, file and mirror are fetched",
  );
  assertFailed(
    await tryFetch(["host/f"]),
    "error[fetch-url]: host/f is no URL",
    "  hint: a URL opens with its scheme, as https://, file:/// or mirror://",
  );
});

test("a destination that cannot be written is told, not taken for a fault of the server", async () => {
  await using server = await serve(whole(body));
  using temp = temporaryFolder();
  const destination = join(temp.path, "file");
  mkdirSync(destination);
  const fetcher = makeFetcher({ emit: () => {}, machine });
  await assert.rejects(
    fetcher.fetchUrl({ name: "file", urls: [`${server.url}f`], destination }),
    (error) => error instanceof CleaveError && error.code === "fetch-destination",
  );
  assert.deepEqual(readdirSync(temp.path), ["file"]);
});

test("an interrupt leaves nothing", async () => {
  const stop = new AbortController();
  await using server = await serve((_, response) => {
    response.writeHead(200).write(body.subarray(0, 1000), () => stop.abort());
  });
  using temp = temporaryFolder();
  const fetcher = makeFetcher({ emit: () => {}, machine });
  await assert.rejects(
    fetcher.fetchUrl({
      name: "file",
      urls: [`${server.url}f`],
      destination: join(temp.path, "file"),
      signal: stop.signal,
    }),
    { name: "AbortError" },
  );
  assert.deepEqual(readdirSync(temp.path), []);
});

test("as many downloads run at once as are allowed", async () => {
  let running = 0;
  let most = 0;
  await using server = await serve((_, response) => {
    running += 1;
    most = Math.max(most, running);
    setTimeout(() => {
      running -= 1;
      response.end(body);
    }, 10);
  });
  using temp = temporaryFolder();
  const fetcher = makeFetcher({ emit: () => {}, machine, jobs: 3 });
  await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      fetcher.fetchUrl({
        name: `${index}`,
        urls: [`${server.url}${index}`],
        destination: join(temp.path, `${index}`),
      }),
    ),
  );
  assert.equal(most, 3);
  assert.equal(readdirSync(temp.path).length, 12);
});
