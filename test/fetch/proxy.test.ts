import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer as createProxy } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { CleaveError, describeError, type Event } from "../../src/base/index.ts";
import { makeFetcher } from "../../src/fetch/index.ts";
import { proxyFor } from "../../src/fetch/proxy.ts";
import { type Hash, hashBytes } from "../../src/nix/index.ts";
import { repository } from "../support/cleave.ts";
import { serve, whole } from "../support/serve.ts";
import { temporaryFolder } from "../support/temp.ts";
import { assertError } from "../support/throws.ts";

const find = (url: string, env: Readonly<Record<string, string>>) => proxyFor(new URL(url), env)?.href;

test("a proxy is found as curl finds it", () => {
  const proxy = "http://p:3128/";
  assert.equal(find("http://a/", {}), undefined);
  assert.equal(find("http://a/", { http_proxy: proxy }), proxy);
  assert.equal(find("http://a/", { HTTP_PROXY: proxy }), undefined);
  assert.equal(find("https://a/", { http_proxy: proxy }), undefined);
  assert.equal(find("https://a/", { https_proxy: "p:3128" }), proxy);
  assert.equal(find("https://a/", { HTTPS_PROXY: proxy }), proxy);
  assert.equal(find("https://a/", { https_proxy: "", ALL_PROXY: proxy }), proxy);
  assert.equal(find("http://a/", { all_proxy: proxy }), proxy);
});

test("no_proxy is obeyed as curl obeys it", () => {
  const through = (url: string, no_proxy: string) =>
    find(url, { all_proxy: "http://p", no_proxy }) !== undefined;
  assert.deepEqual(
    ["*", "a.b", ".a.b", "b", "x, a.b", "x a.b", "A.B", "a.b:8080"].map((no) =>
      through("http://a.b:8080/", no),
    ),
    Array(8).fill(false),
  );
  assert.deepEqual(
    ["", "x.a.b", "aa.b", "a.b:80", "a.*", "c"].map((no) => through("http://a.b:8080/", no)),
    Array(6).fill(true),
  );
  assert.equal(through("http://[::1]/", "::1"), false);
  assert.equal(through("http://[::1]/", "[::1]:80"), false);
  assert.equal(through("http://[::1]/", "::2"), true);
  assert.equal(through("https://sub.a.b/", "a.b:443"), false);
});

test("a proxy that is none is told without its password", () => {
  assertError(
    () => find("https://a/", { https_proxy: "socks5://me:secret@p:1" }),
    "error[fetch-url]: the environment's proxy socks5://p:1 for https://a is no http or https URL",
    "  hint: set http_proxy and https_proxy to http://HOST:PORT, or unset them",
  );
  for (const login of ["me%:secret", "me:%ff"])
    assertError(
      () => find("https://a/", { https_proxy: `http://${login}@p:1` }),
      "error[fetch-url]: the environment's proxy http://p:1 for https://a has a name or password with a % that begins no %XX of UTF-8",
      "  hint: set http_proxy and https_proxy to http://HOST:PORT, or unset them",
    );
});

/** A proxy that notes what it is asked for, and connects to loopback whatever the host. */
async function serveProxy(): Promise<{ url: string; seen: string[] } & AsyncDisposable> {
  const seen: string[] = [];
  const server = createProxy((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end("through the proxy");
  });
  server.on("connect", (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    const port = Number(/:(\d+)$/.exec(request.url ?? "")?.[1]);
    const there = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      there.pipe(socket).pipe(there);
    });
    for (const each of [there, socket]) each.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const tls = join(repository, "test/fixtures/tls");

/** An https server that answers or redirects. */
async function serveTls(location?: string): Promise<{ port: number } & AsyncDisposable> {
  const options = { key: readFileSync(`${tls}/key.pem`), cert: readFileSync(`${tls}/cert.pem`) };
  const server = createServer(options, (_, response) => {
    if (location === undefined) response.end("safe");
    else response.writeHead(302, { location }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Fetch a text with an environment; gives it, or the error as it is shown. */
async function text(
  url: string,
  env: Readonly<Record<string, string>>,
  emit: (event: Event) => void = () => {},
  hash?: Hash,
): Promise<string> {
  using temp = temporaryFolder();
  const destination = join(temp.path, "file");
  const machine = {
    env,
    home: "/nonexistent",
    cwd: "/",
    read: () => undefined,
    list: () => [],
    npmRegistry: () => undefined,
  };
  try {
    await makeFetcher({ emit, machine, tries: 1 }).fetchUrl({ name: "file", urls: [url], hash, destination });
    return readFileSync(destination, "utf8");
  } catch (error) {
    if (!(error instanceof CleaveError)) throw error;
    return describeError(error);
  }
}

test("http and https go through the proxy", async () => {
  await using proxy = await serveProxy();
  await using server = await serveTls();
  const env = { http_proxy: proxy.url, https_proxy: proxy.url, SSL_CERT_FILE: `${tls}/cert.pem` };
  assert.equal(await text("http://plain.example/a", env), "through the proxy");
  assert.equal(await text(`https://localhost:${server.port}/a`, env), "safe");
  assert.deepEqual(proxy.seen, ["GET http://plain.example/a", `CONNECT localhost:${server.port}`]);
});

test("https is for the certificates that the environment names", async () => {
  await using server = await serveTls();
  const url = `https://127.0.0.1:${server.port}/`;
  const cert = `${tls}/cert.pem`;
  assert.equal(await text(url, { NIX_SSL_CERT_FILE: cert }), "safe");
  assert.equal(await text(url, { SSL_CERT_FILE: cert }), "safe");
  assert.equal(
    await text(url, {}),
    `error[fetch-tls]: no safe connection to ${url}: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)\n` +
      "  hint: NIX_SSL_CERT_FILE or SSL_CERT_FILE names the file of trusted certificates\n" +
      "  more: cleave explain fetch-tls\n",
  );
  assert.equal(
    await text(url, { NIX_SSL_CERT_FILE: "/none", SSL_CERT_FILE: cert }),
    "error[fetch-tls]: the certificates of NIX_SSL_CERT_FILE, /none, cannot be read\n" +
      "  because: ENOENT: no such file or directory, open '/none'\n" +
      "  hint: set NIX_SSL_CERT_FILE to a file of trusted certificates, or unset it\n" +
      "  more: cleave explain fetch-tls\n",
  );
});

test("from https to http only with a hash, and with a warning", async () => {
  await using plain = await serve(whole(Buffer.from("plain")));
  await using server = await serveTls(plain.url);
  const url = `https://127.0.0.1:${server.port}/`;
  assert.equal(
    await text(url, { SSL_CERT_FILE: `${tls}/cert.pem` }),
    `error[fetch-redirect]: ${url} redirects from https to ${plain.url}, and no hash is there to check what comes\n` +
      "  hint: give the hash, or name the http URL itself\n" +
      "  more: cleave explain fetch-redirect\n",
  );
  assert.deepEqual(plain.requests, []);
  const events: Event[] = [];
  const env = { SSL_CERT_FILE: `${tls}/cert.pem` };
  assert.equal(await text(url, env, (event) => events.push(event), hashBytes("sha256", "plain")), "plain");
  assert.deepEqual(
    events.filter(({ type }) => type === "warning"),
    [
      {
        type: "warning",
        message: `${url} redirects from https to ${plain.url}; the hash is what protects this file`,
      },
    ],
  );
});
