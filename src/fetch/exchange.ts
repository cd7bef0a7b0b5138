/**
 * One GET over HTTP/1.1: connects, follows redirects, and gives the answer as soon as its head is there. Bytes
 * are those that the server sends: nothing is decoded, and no compression is asked for.
 */
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { CleaveError, type Emit, quote } from "../base/index.ts";
import { Failure } from "./failure.ts";
import { bareUrl, describeUrl, type Place } from "./mirror.ts";
import { decodePercent } from "./percent.ts";
import type { Agents } from "./proxy.ts";

/** How long to wait, in milliseconds. */
export type Patience = {
  /** For the connection, with name resolution and TLS. */
  readonly connect: number;
  /** For the next byte, once connected. */
  readonly stall: number;
};

export type Answer = {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** The body; throws a {@link Failure} where it stalls, other errors as the network gives them. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Give up the body and its connection. */
  readonly discard: () => void;
};

export type ExchangeOptions = {
  readonly headers: Readonly<Record<string, string>>;
  readonly agents: Agents;
  readonly patience: Patience;
  /** Whether the content is checked by a hash, so that it may come over http although https was asked. */
  readonly checked: boolean;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
};

/** As many as Nix follows. */
const mostRedirects = 10;

/** Send a GET and follow redirects. Throws {@link Failure}, coded errors, and what the network gives. */
export async function exchange(place: Place, options: ExchangeOptions): Promise<Answer> {
  let { url, authorization = loginOf(url) } = place;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await once(url, authorization, options);
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
    answer.discard();
    if (redirects === mostRedirects)
      throw redirectError(
        `${describeUrl(place.url)} redirects more than ${mostRedirects} times, the last time to ${quote(location)}`,
      );
    const next = URL.parse(escapeBytes(location), url);
    if (next === null || (next.protocol !== "http:" && next.protocol !== "https:"))
      throw redirectError(
        `${describeUrl(url)} redirects to ${quote(next === null ? location : describeUrl(next))}, which is no http or https URL`,
      );
    if (url.protocol === "https:" && next.protocol === "http:") {
      const what = `${describeUrl(url)} redirects from https to ${describeUrl(next)}`;
      if (!options.checked)
        throw redirectError(
          `${what}, and no hash is there to check what comes`,
          "give the hash, or name the http URL itself",
        );
      options.emit({ type: "warning", message: `${what}; the hash is what protects this file` });
    }
    authorization = loginOf(next) ?? (next.origin === url.origin ? authorization : undefined);
    url = next;
  }
}

/** Give the header `Authorization` that the name and the password in a URL stand for. */
function loginOf({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const login = [decodePercent(username), Buffer.from(":"), decodePercent(password)];
  return `Basic ${Buffer.concat(login).toString("base64")}`;
}

/** Write the bytes of a header that no URL can hold as %XX: each comes as one character. */
function escapeBytes(header: string): string {
  return header.replaceAll(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
}

function redirectError(message: string, hint?: string): CleaveError {
  return new CleaveError({
    code: "fetch-redirect",
    message,
    hint: hint ?? "name the URL that the file itself has",
  });
}

function once(
  url: URL,
  authorization: string | undefined,
  { headers, agents, patience, signal }: ExchangeOptions,
): Promise<Answer> {
  const agent = agents(url);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(bareUrl(url), {
      agent,
      headers: {
        accept: "*/*",
        "accept-encoding": "identity",
        "user-agent": "cleave",
        ...(authorization === undefined ? {} : { authorization }),
        ...headers,
      },
      ...(signal === undefined ? {} : { signal }),
    });
    const expire = (target: { destroy: (error: Error) => unknown }, what: string, wait: number) =>
      setTimeout(() => target.destroy(timedOut(url, what, wait)), wait);
    let timer = expire(request, "no connection", patience.connect);
    const connected = () => {
      clearTimeout(timer);
      timer = expire(request, "no byte", patience.stall);
    };
    request.on("socket", (socket) => {
      if (socket.connecting) socket.once(url.protocol === "https:" ? "secureConnect" : "connect", connected);
      else connected();
    });
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.on("response", (response) => {
      clearTimeout(timer);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        url,
        body: watch(response, () => expire(response, "no byte", patience.stall)),
        discard: () => request.destroy(),
      });
    });
    request.end();
  });
}

/** Hand on the chunks of a body, with a timer running while the next one is awaited. */
async function* watch(response: IncomingMessage, arm: () => NodeJS.Timeout): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = arm();
      const { done, value } = await chunks.next().finally(() => clearTimeout(timer));
      if (done === true) return;
      yield value;
    }
  } finally {
    response.destroy();
  }
}

function timedOut(url: URL, what: string, wait: number): Failure {
  return new Failure(
    new CleaveError({
      code: "fetch-connection",
      message: `${describeUrl(url)} cannot be fetched: ${what} for ${wait / 1000} s`,
      hint: "try again later, or name another URL",
    }),
    true,
  );
}
