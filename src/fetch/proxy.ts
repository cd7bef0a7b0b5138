/**
 * Proxies and certificate authorities from the environment, as curl and Nix honour them.
 *
 *     http_proxy                                for http, in small letters only (a CGI program's HTTP_PROXY is
 *                                               a header of its caller)
 *     https_proxy, HTTPS_PROXY                  for https
 *     all_proxy, ALL_PROXY                      for both, where there is none of its own
 *     no_proxy, NO_PROXY                        "*", or hosts apart by commas or white space; a host stands for
 *                                               its subdomains too, with a dot in front or without, and with
 *                                               ":port" for that port only
 *     NIX_SSL_CERT_FILE, SSL_CERT_FILE          the certificates that are trusted, in place of all others
 */
import { readFileSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { CleaveError, quote } from "../base/index.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Where Debian, and most others, keep the certificates of the machine. */
const machineCertificates = "/etc/ssl/certs/ca-certificates.crt";

/** Give the proxy for a URL, or nothing where it is to be reached directly. Throws `fetch-url`. */
export function proxyFor({ protocol, hostname, port }: URL, env: Env): URL | undefined {
  const get = (...names: readonly string[]) => names.map((name) => env[name]).find((value) => value);
  const own = protocol === "http:" ? get("http_proxy") : get("https_proxy", "HTTPS_PROXY");
  const text = own ?? get("all_proxy", "ALL_PROXY");
  if (text === undefined) return undefined;
  const host = hostname.replaceAll(/^\[|\]$/g, "");
  const usedPort = port === "" ? (protocol === "http:" ? "80" : "443") : port;
  for (const entry of (get("no_proxy", "NO_PROXY") ?? "").split(/[\s,]+/)) {
    if (entry === "*") return undefined;
    const [, name, only] = /^\.?(\[[^\]]*\]|[^:]+|.*:.*:.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (name === undefined || (only !== undefined && only !== usedPort)) continue;
    const bare = name.replaceAll(/^\[|\]$/g, "");
    if (host === bare || host.endsWith(`.${bare}`)) return undefined;
  }
  // As with curl, a proxy without a scheme is one of http.
  const proxy = URL.parse(text.includes("://") ? text : `http://${text}`);
  const refuse = (what: string) =>
    new CleaveError({
      code: "fetch-url",
      message: `the environment's proxy ${quote(text.replace(/\/\/.*@/, "//"))} for ${protocol}//${host} ${what}`,
      hint: "set http_proxy and https_proxy to http://HOST:PORT, or unset them",
    });
  if (proxy === null || (proxy.protocol !== "http:" && proxy.protocol !== "https:"))
    throw refuse("is no http or https URL");
  if (!isDecodable(proxy.username) || !isDecodable(proxy.password))
    throw refuse("has a name or password with a % that begins no %XX of UTF-8");
  return proxy;
}

/** Say whether Node can decode a name or a password. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Gives the agent that connects to a URL: directly or through its proxy, with the certificates to trust. */
export type Agents = (url: URL) => HttpAgent | HttpsAgent;

/** Make agents for an environment; connections are kept and used again. */
export function makeAgents(env: Env): Agents {
  const agents = new Map<string, HttpAgent | HttpsAgent>();
  let trusted: { ca?: string } | undefined;
  return (url) => {
    const proxy = proxyFor(url, env)?.href;
    const key = `${url.protocol} ${proxy}`;
    const kept = agents.get(key);
    if (kept !== undefined) return kept;
    const options = {
      keepAlive: true,
      ...(proxy === undefined ? {} : { proxyEnv: { http_proxy: proxy, https_proxy: proxy } }),
    };
    if (url.protocol === "https:") trusted ??= readCertificates(env);
    const agent =
      url.protocol === "https:" ? new HttpsAgent({ ...options, ...trusted }) : new HttpAgent(options);
    agents.set(key, agent);
    return agent;
  };
}

/** Read the trusted certificates: those that the environment names, else the machine's, else those of Node. */
function readCertificates(env: Env): { ca?: string } {
  for (const name of ["NIX_SSL_CERT_FILE", "SSL_CERT_FILE"]) {
    const file = env[name];
    if (file === undefined || file === "") continue;
    try {
      return { ca: readFileSync(file, "utf8") };
    } catch (cause) {
      throw new CleaveError({
        code: "fetch-tls",
        message: `the certificates of ${name}, ${quote(file)}, cannot be read`,
        hint: `set ${name} to a file of trusted certificates, or unset it`,
        cause,
      });
    }
  }
  try {
    return { ca: readFileSync(machineCertificates, "utf8") };
  } catch {
    return {};
  }
}
