import { CleaveError } from "../base/index.ts";
import { describeUrl } from "./mirror.ts";

/** How an attempt failed: what to tell, and whether another one may do better. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly error: CleaveError;
  /** Whether the same URL may work a little later. */
  readonly transient: boolean;
  /** How long the server asks to be left alone, in milliseconds. */
  readonly after: number | undefined;

  constructor(error: CleaveError, transient: boolean, after?: number) {
    super(error.message);
    this.error = error;
    this.transient = transient;
    this.after = after;
  }
}

const nameErrors = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_NONAME"]);
const unreachable = new Set(["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EADDRNOTAVAIL"]);

/** Tell what an error of the network means for a URL. An error that is none of the network's is thrown on. */
export function networkFailure(error: unknown, url: URL): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof CleaveError) return new Failure(error, false);
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") throw error;
  const { code } = error;
  const at = describeUrl(url);
  const host = url.hostname;
  if (nameErrors.has(code))
    return new Failure(
      new CleaveError({
        code: "fetch-host",
        message: `the name of the host ${host} has no address (${code}), so ${at} cannot be reached`,
        hint: "check the spelling, the network and the name servers of /etc/resolv.conf",
      }),
      code === "EAI_AGAIN",
    );
  if (/^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|ERR_TLS_|ERR_SSL_|EPROTO$)/.test(code))
    return new Failure(
      new CleaveError({
        code: "fetch-tls",
        message: `no safe connection to ${at}: ${tlsReason(error.message, code)}`,
        hint: "NIX_SSL_CERT_FILE or SSL_CERT_FILE names the file of trusted certificates",
      }),
      false,
    );
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: "nothing listens there",
    ECONNRESET: "the connection broke",
    EPIPE: "the connection broke",
    ETIMEDOUT: "the network gave no answer",
    ERR_PROXY_TUNNEL: "the proxy refuses to connect",
    ERR_STREAM_PREMATURE_CLOSE: "the connection broke",
    HPE_INVALID_EOF_STATE: "the connection broke",
  };
  // What Node's parser of HTTP does not understand.
  if (code.startsWith("HPE_") && known[code] === undefined)
    return new Failure(
      new CleaveError({
        code: "fetch-connection",
        message: `${at} cannot be fetched: what the server answers is not HTTP (${code})`,
        hint: "check the scheme and the port of the URL, and http_proxy if there is a proxy",
      }),
      false,
    );
  if (code.startsWith("ERR_") && known[code] === undefined) throw error;
  const reason = unreachable.has(code) ? "there is no way to this network" : known[code];
  return new Failure(
    new CleaveError({
      code: "fetch-connection",
      message: `${at} cannot be fetched: ${reason === undefined ? error.message : `${reason} (${code})`}`,
      hint:
        unreachable.has(code) || code === "ECONNREFUSED" || code === "ERR_PROXY_TUNNEL"
          ? "check the network, and http_proxy, https_proxy and no_proxy if there is a proxy"
          : "try again later, or name another URL",
    }),
    !unreachable.has(code) && code !== "ECONNREFUSED" && code !== "ERR_PROXY_TUNNEL",
  );
}

/** Tell that answers for parts of a file have another size together than the file. */
export function wrongLength(url: URL, size: number, total: number): Failure {
  return new Failure(
    new CleaveError({
      code: "fetch-connection",
      message: `${describeUrl(url)} cannot be fetched: the server gave ${size} bytes of a file of ${total}`,
      hint: "try again later, or name another URL",
    }),
    true,
  );
}

/** Tell what a status that brings no file means. `retryAfter` is the header's value, `now` in milliseconds. */
export function statusFailure(
  status: number,
  url: URL,
  retryAfter: string | undefined,
  now: number,
): Failure {
  const hints: Readonly<Record<number, string>> = {
    401: "it wants a login: for npm registries .npmrc holds one, for others the URL can (https://USER:PASSWORD@HOST/)",
    403: "it wants a login or refuses this file",
    404: "the file is not there: check the URL, or name another",
    407: "the proxy wants a login: http_proxy and https_proxy can hold one (http://USER:PASSWORD@HOST:PORT)",
    410: "the file is gone: name another URL",
    429: "it has had too many requests: try again later",
  };
  const reason = reasons[status] === undefined ? "" : ` (${reasons[status]})`;
  return new Failure(
    new CleaveError({
      code: "fetch-status",
      message: `the server answered ${status}${reason} for ${describeUrl(url)}`,
      hint:
        hints[status] ??
        (status >= 500 ? "the server has a fault: try again later, or name another URL" : undefined),
    }),
    [408, 425, 429, 500, 502, 503, 504].includes(status),
    readRetryAfter(retryAfter, now),
  );
}

/** What common answers mean (RFC 9110); the words that a server sends may be anything. */
const reasons: Readonly<Record<number, string>> = {
  400: "bad request",
  401: "unauthorized",
  403: "forbidden",
  404: "not found",
  407: "proxy authentication required",
  408: "request timeout",
  410: "gone",
  416: "range not satisfiable",
  429: "too many requests",
  500: "internal server error",
  502: "bad gateway",
  503: "service unavailable",
  504: "gateway timeout",
};

/** Read `Retry-After`, seconds or a date, as milliseconds from `now`. */
function readRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Shorten OpenSSL's `number:error:number:library:function:reason:file:line:` to its reason, and take Node's advice away. */
function tlsReason(message: string, code: string): string {
  const reason = /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1];
  return `${reason ?? message.split(/[;\n]/)[0]} (${code})`;
}
