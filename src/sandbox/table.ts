/**
 * A mount table in the form of fstab(5), which one `mount -a` carries out.
 *
 * A line is `SOURCE TARGET TYPE OPTIONS`, its fields apart by a space. Bytes that would end a field or start
 * an escape are `\` and three octal digits; libmount undoes that.
 */
import { Buffer } from "node:buffer";
import { decodeText, encodeText } from "../base/index.ts";

export type Mount = {
  /** A host path for a bind mount, else the name of a file system. */
  readonly source: string;
  readonly target: string;
  /** `none` for a bind mount. */
  readonly type: "none" | "tmpfs" | "proc" | "sysfs" | "devpts";
  readonly options: string;
};

/** Write a table, in the order in which it is carried out. */
export function writeTable(mounts: readonly Mount[]): Buffer {
  return Buffer.concat(
    mounts.flatMap(({ source, target, type, options }) => [
      escapeField(source),
      Buffer.from(" "),
      escapeField(target),
      Buffer.from(` ${type} ${options}\n`),
    ]),
  );
}

function escapeField(path: string): Buffer {
  const bytes = encodeText(path);
  if (!bytes.some(isSpecial)) return bytes;
  return Buffer.concat(
    [...bytes].map((byte) =>
      isSpecial(byte) ? Buffer.from(`\\${byte.toString(8).padStart(3, "0")}`) : Buffer.of(byte),
    ),
  );
}

/** Space and controls, `#` and `\`. */
function isSpecial(byte: number): boolean {
  return byte <= 0x20 || byte === 0x23 || byte === 0x5c || byte === 0x7f;
}

/**
 * Make the function that gives the options of a read-only bind mount of a path.
 *
 * A mount that came from another user namespace keeps its `noexec`, and is only changed by one who names it.
 * `mountinfo` is the text of `/proc/self/mountinfo`.
 */
export function makeReadOnly(mountinfo: Uint8Array): (host: string) => string {
  const mounts = decodeText(mountinfo)
    .split("\n")
    .flatMap((line): KnownMount[] => {
      const [id, parent, , , place, options] = line.split(" ");
      if (id === undefined || parent === undefined || place === undefined || options === undefined) return [];
      return [{ id, parent, place: unescapeField(place), stopped: options.split(",").includes("noexec") }];
    });
  const plain = "bind,ro,nosuid,nodev";
  if (!mounts.some(({ stopped }) => stopped)) return () => plain;
  const ids = new Set(mounts.map(({ id }) => id));
  // The root is on one that is out of sight, or on itself.
  const on = Map.groupBy(mounts, ({ id, parent }) => (ids.has(parent) && parent !== id ? parent : "root"));
  return (host) => {
    let under: KnownMount | undefined;
    for (let next = firstOn(on.get("root"), host); next !== undefined; next = firstOn(on.get(next.id), host))
      under = next;
    return under?.stopped === true ? `${plain},noexec` : plain;
  };
}

type KnownMount = {
  readonly id: string;
  /** The mount that it is on. */
  readonly parent: string;
  readonly place: string;
  /** Whether nothing on it may be executed. */
  readonly stopped: boolean;
};

/** Of mounts on one mount, give that which is met first on the way to a path. One in its own place covers all others. */
function firstOn(mounts: readonly KnownMount[] | undefined, host: string): KnownMount | undefined {
  let first: KnownMount | undefined;
  for (const each of mounts ?? [])
    if (isAt(host, each.place) && (first === undefined || each.place.length < first.place.length))
      first = each;
  return first;
}

function isAt(host: string, place: string): boolean {
  if (place === "/" || host === place) return true;
  return host.startsWith(place) && host[place.length] === "/";
}

function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
