/**
 * npm's configuration, as far as tarballs need it: registries and how to log in at them. npm itself is asked only
 * where none of this names a registry, since it knows the one that it uses then.
 *
 *     file  = lines: "key = value", comments after ";" or "#" at the start of a line
 *     value = text or JSON string; ${NAME} stands for the environment's variable, ${NAME?} for it or nothing
 *
 * Where the same key stands twice, the first of these wins: the environment (`npm_config_KEY`), `.npmrc` of
 * the project (the nearest folder upwards with a `package.json` or `node_modules`), the user's, the machine's.
 * Keys are `registry`, `@scope:registry`, and `//host/path/:KEY` with `_authToken`, `_auth`, or `username` and
 * `_password`, which hold for URLs below that host and path.
 */
import { dirname, join } from "node:path";
import { type Machine, upwards } from "./machine.ts";

/** npm's settings: a key's value, or `undefined` where nothing sets it. */
export type Npmrc = (key: string) => string | undefined;

/** Read npm's configuration of a machine. */
export function readNpmrc(machine: Machine): Npmrc {
  const layers: ReadonlyMap<string, string>[] = [readEnvironment(machine.env)];
  const find = (key: string) => layers.find((layer) => layer.has(key))?.get(key);
  const add = (file: string) => layers.push(readFile(machine.read(file) ?? "", machine.env));
  const user = find("userconfig") ?? join(machine.home, ".npmrc");
  const project = upwards(machine.cwd).find(
    (folder) =>
      machine.read(join(folder, "package.json")) !== undefined ||
      machine.list(join(folder, "node_modules")).length > 0,
  );
  const local = join(project ?? machine.cwd, ".npmrc");
  if (local !== user) add(local);
  add(user);
  const global = find("globalconfig");
  if (global !== undefined) add(global);
  else for (const prefix of prefixes(machine, find("prefix"))) add(join(prefix, "etc/npmrc"));
  return find;
}

/** Give the registry of a package, ending in `/`: its scope's, or the one for all, or what `ask` gives. */
export function registryOf(
  npmrc: Npmrc,
  packageName: string,
  ask: () => string | undefined,
): string | undefined {
  const scope = /^(@[^/]+)\//.exec(packageName)?.[1];
  const own = scope === undefined ? undefined : npmrc(`${scope}:registry`);
  const registry = own ?? npmrc("registry") ?? ask();
  if (registry === undefined) return undefined;
  return registry.endsWith("/") ? registry : `${registry}/`;
}

/** Give the value of the header `Authorization` for a URL, where a login for its host and path is configured. */
export function authorizationFor(npmrc: Npmrc, url: URL): string | undefined {
  const found = findAuthorization(npmrc, url);
  // What no header can hold is no login.
  return found !== undefined && /^[\x20-\x7e]*$/.test(found) ? found : undefined;
}

function findAuthorization(npmrc: Npmrc, url: URL): string | undefined {
  for (const folder of upwards(url.pathname)) {
    const at = `//${url.host}${folder.endsWith("/") ? folder : `${folder}/`}:`;
    const token = npmrc(`${at}_authToken`);
    if (token !== undefined) return `Bearer ${token}`;
    const basic = npmrc(`${at}_auth`);
    if (basic !== undefined) return `Basic ${basic}`;
    const username = npmrc(`${at}username`);
    const password = npmrc(`${at}_password`);
    if (username !== undefined && password !== undefined) {
      const plain = Buffer.from(password, "base64").toString();
      return `Basic ${Buffer.from(`${username}:${plain}`).toString("base64")}`;
    }
  }
  return undefined;
}

function readFile(text: string, env: Machine["env"]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, key, value] = /^\s*([^;#[\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) found.set(expand(key, env), expand(unquote(value), env));
  }
  return found;
}

/** Read `npm_config_KEY`: any case and `_` for `-` in npm's own keys, as they are where they name a host or scope. */
function readEnvironment(env: Machine["env"]): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1];
    if (key === undefined || value === undefined || value === "") continue;
    found.set(/^[@/]/.test(key) ? key : key.toLowerCase().replaceAll("_", "-"), value);
  }
  return found;
}

/** List where npm may be installed, which is where the machine's file is: as configured, else beside each `node`. */
function prefixes(machine: Machine, configured: string | undefined): string[] {
  if (configured !== undefined) return [configured];
  const folders = (machine.env["PATH"] ?? "").split(":").filter((folder) => folder.endsWith("/bin"));
  return folders.filter((folder) => !folder.includes("/node_modules/")).map((folder) => dirname(folder));
}

function unquote(value: string): string {
  if (!/^".*"$/.test(value)) return /^'.*'$/.test(value) ? value.slice(1, -1) : value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value.slice(1, -1);
  }
}

/** Put the environment's variables in; one that is not set stays as it stands, as npm leaves it. */
function expand(text: string, env: Machine["env"]): string {
  return text.replaceAll(
    /\$\{([^}?]+)(\?)?\}/g,
    (whole, name, optional) => env[name] ?? (optional === undefined ? whole : ""),
  );
}
