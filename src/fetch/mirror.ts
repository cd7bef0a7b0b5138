/**
 * Mirrors: names for hosts that hold the same files.
 *
 *     URL = "mirror://" name "/" path
 *
 * Which hosts a name means is a matter of configuration and of the machine; it never reaches a store path. In
 * this order: the user's mirrors file alone, where it has the name; else the machine's configuration, for
 * `debian` (apt) and `npm`; then, but for `npm`, the upstream projects' own hosts.
 */
import { CleaveError, nearest, quote } from "../base/index.ts";
import { aptArchives } from "./apt.ts";
import type { Machine } from "./machine.ts";
import { type Mirrors, mirrorsFile, readMirrorsFile } from "./mirrors-file.ts";
import { authorizationFor, type Npmrc, readNpmrc, registryOf } from "./npmrc.ts";

/** Where a file may be had: a URL, and what its host alone is to be told. */
export type Place = {
  readonly url: URL;
  /** The header `Authorization`, for this URL's origin only. */
  readonly authorization?: string | undefined;
};

const upstreams: Readonly<Record<string, readonly string[]>> = {
  apache: ["https://dlcdn.apache.org/", "https://archive.apache.org/dist/"],
  cpan: ["https://cpan.metacpan.org/", "https://www.cpan.org/"],
  // The archive as it was on a day keeps what has left it since.
  debian: ["https://snapshot.debian.org/archive/debian/20250101T000000Z/"],
  gnome: ["https://download.gnome.org/"],
  gnu: ["https://ftpmirror.gnu.org/gnu/", "https://ftp.gnu.org/gnu/"],
  gnupg: ["https://gnupg.org/ftp/gcrypt/"],
  kernel: ["https://cdn.kernel.org/pub/", "https://mirrors.edge.kernel.org/pub/"],
  npm: [],
  savannah: ["https://download.savannah.nongnu.org/releases/"],
  sourceforge: ["https://downloads.sourceforge.net/"],
  sourceware: ["https://sourceware.org/pub/"],
  xorg: ["https://xorg.freedesktop.org/releases/"],
};

/** Turns the URL of a request into where to look, in order. */
export type Resolve = (url: string) => readonly Place[];

/**
 * Resolve URLs by a machine's configuration, which is read when first needed and once. Other schemes than
 * `mirror` stand for themselves. Throws `fetch-url`, `fetch-mirror`, `mirrors-malformed`.
 */
export function makeResolver(machine: Machine): Resolve {
  let mirrors: Mirrors | undefined;
  let archives: readonly string[] | undefined;
  let npmrc: Npmrc | undefined;
  let asked: { readonly registry: string | undefined } | undefined;
  return (text) => {
    if (!/^mirror:/i.test(text)) return [{ url: parseUrl(text) }];
    const [, name, path] = /^mirror:\/\/([^/]+)\/+(.+)$/i.exec(text) ?? [];
    if (name === undefined || path === undefined)
      throw new CleaveError({
        code: "fetch-url",
        message: `the URL ${quote(text)} names no file on a mirror`,
        hint: "write mirror://NAME/PATH, as in mirror://gnu/hello/hello-2.10.tar.gz",
      });
    mirrors ??= readMirrorsFile(machine);
    const configured = mirrors.get(name);
    const at = (base: string) => parseUrl(base + path);
    if (configured !== undefined) return configured.map((base) => ({ url: at(base) }));
    const upstream = Object.hasOwn(upstreams, name) ? upstreams[name] : undefined;
    if (upstream === undefined)
      throw unknownMirror(name, [...Object.keys(upstreams), ...mirrors.keys()], machine);
    const bases = [...upstream];
    if (name === "debian") {
      archives ??= aptArchives(machine);
      bases.unshift(...archives);
    }
    if (name !== "npm") return [...new Set(bases)].map((base) => ({ url: at(base) }));
    npmrc ??= readNpmrc(machine);
    const settings = npmrc;
    const registry = registryOf(settings, path, () => {
      asked ??= { registry: machine.npmRegistry() };
      return asked.registry;
    });
    if (registry === undefined)
      throw new CleaveError({
        code: "fetch-mirror",
        message: `${quote(text)} needs a registry, and npm's configuration names none`,
        hint: `npm config set registry URL, or name one in ${mirrorsFile(machine)}`,
      });
    const url = at(registry);
    return [{ url, authorization: authorizationFor(settings, url) }];
  };
}

/** Read a URL that can be fetched. Throws `fetch-url`. */
function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null)
    throw new CleaveError({
      code: "fetch-url",
      message: `${quote(text)} is no URL`,
      hint: "a URL opens with its scheme, as https://, file:/// or mirror://",
    });
  if (!["http:", "https:", "file:"].includes(url.protocol))
    throw new CleaveError({
      code: "fetch-url",
      message: `the URL ${quote(describeUrl(url))} has the scheme ${url.protocol.slice(0, -1)}, which cleave does not fetch`,
      hint: "http, https, file and mirror are fetched",
    });
  return url;
}

/** Write a URL for a message: without the password or token that it may hold. */
export function describeUrl(url: URL): string {
  return bareUrl(url).href;
}

/** Give a URL without the name and the password that it may hold. */
export function bareUrl(url: URL): URL {
  if (url.username === "" && url.password === "") return url;
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}

function unknownMirror(name: string, names: readonly string[], machine: Machine): CleaveError {
  const near = nearest(name, names);
  return new CleaveError({
    code: "fetch-mirror",
    message: `there is no mirror ${quote(name)}`,
    hint:
      near.length > 0
        ? `did you mean ${near.map((each) => `mirror://${each}/`).join(" or ")}?`
        : `there are ${[...new Set(names)].toSorted().join(", ")}; ${mirrorsFile(machine)} adds more`,
  });
}
