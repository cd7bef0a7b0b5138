/**
 * Narinfos: what a binary cache says of one store path.
 *
 *     narinfo = line*
 *     line    = field ": " value "\n"
 *
 * | field       | value                                                       |           |
 * |-|-|-|
 * | StorePath   | store path                                                  | needed    |
 * | URL         | where the NAR is, relative to the cache, not empty          | needed    |
 * | Compression | method; bzip2 where there is none                           |           |
 * | FileHash    | sha256 of the compressed NAR                                |           |
 * | FileSize    | bytes of the compressed NAR                                 |           |
 * | NarHash     | sha256 of the NAR                                           | needed    |
 * | NarSize     | bytes of the NAR, not 0                                     | needed    |
 * | References  | base names, with spaces between                             |           |
 * | Deriver     | base name, or unknown-deriver for none                      |           |
 * | System      | system that it was built for                                |           |
 * | Sig         | signature of the fingerprint                                | may repeat |
 * | CA          | content address; empty for none                             |           |
 *
 * They are written in this order. The reader takes any order, and leaves out what it does not know, both as Nix does.
 * It refuses a second line of a field, which Nix does only for References and CA, a line without `: `, sizes past
 * 2^53 - 1 and hashes that are not sha256, which Nix reads but cannot write.
 *
 *     fingerprint = "1;" store path ";sha256:" nix32 ";" NAR size ";" store path *( "," store path )
 */
import { CleaveError, compareText, quote } from "../base/index.ts";
import { type ContentAddress, formatContentAddress, parseContentAddress } from "./content-address.ts";
import { formatNamedHash, type Hash, parseHash } from "./hash.ts";
import { type PublicKey, type SecretKey, sign, verify } from "./signing-key.ts";
import { baseName, parseBaseName, parseStorePath, type StorePath, sortStorePaths } from "./store-path.ts";

const fieldNames = [
  "StorePath",
  "URL",
  "Compression",
  "FileHash",
  "FileSize",
  "NarHash",
  "NarSize",
  "References",
  "Deriver",
  "System",
  "Sig",
  "CA",
] as const;

type Field = (typeof fieldNames)[number];

/** What a signature vouches for. */
export type SignedFacts = {
  readonly path: StorePath;
  /** A sha256. */
  readonly narHash: Hash;
  readonly narSize: number;
  /** In the order of their bytes, each once. */
  readonly references: readonly StorePath[];
};

export type NarInfo = SignedFacts & {
  readonly url: string;
  readonly compression: string;
  /** A sha256. */
  readonly fileHash?: Hash;
  readonly fileSize?: number;
  readonly deriver?: StorePath;
  readonly system?: string;
  /** In the order of their bytes, each once. */
  readonly signatures: readonly string[];
  readonly contentAddress?: ContentAddress;
};

/** Read a narinfo, a byte string. Throws `narinfo-malformed` with the line. */
export function parseNarInfo(text: string): NarInfo {
  const { fields, signatures } = parseLines(text);
  const read = <T>(name: Field, parse: (value: string) => T): T | undefined => {
    const field = fields.get(name);
    if (field === undefined) return undefined;
    try {
      return parse(field.value);
    } catch (error) {
      if (!(error instanceof CleaveError)) throw error;
      throw malformed(`${name} cannot be read`, field.line, error);
    }
  };
  const need = <T>(name: Field, parse: (value: string) => T): T => {
    const value = read(name, parse);
    if (value === undefined) throw malformed(`${name} is missing`);
    if (value === "" || value === 0) throw malformed(`${name} is empty`, fields.get(name)?.line);
    return value;
  };
  const asIs = (value: string) => value;
  const fileHash = read("FileHash", parseSha256);
  const fileSize = read("FileSize", parseSize);
  const deriver = read("Deriver", (value) =>
    value === "unknown-deriver" ? undefined : parseBaseName(value),
  );
  const system = read("System", asIs);
  const contentAddress = read("CA", (value) => (value === "" ? undefined : parseContentAddress(value)));
  return {
    path: need("StorePath", parseStorePath),
    url: need("URL", asIs),
    compression: read("Compression", asIs) || "bzip2",
    ...(fileHash === undefined ? {} : { fileHash }),
    ...(fileSize === undefined ? {} : { fileSize }),
    narHash: need("NarHash", parseSha256),
    narSize: need("NarSize", parseSize),
    references: sortStorePaths(read("References", parseReferences) ?? []),
    ...(deriver === undefined ? {} : { deriver }),
    ...(system === undefined ? {} : { system }),
    signatures: [...new Set(signatures)].sort(compareText),
    ...(contentAddress === undefined ? {} : { contentAddress }),
  };
}

/**
 * Write a narinfo as Nix does, byte for byte; what is absent has no line, except for `References`. Throws
 * `narinfo-malformed` where a value would not be read back as it is.
 */
export function formatNarInfo(info: NarInfo): string {
  const lines: [field: Field, value: string | undefined][] = [
    ["StorePath", info.path],
    ["URL", info.url],
    ["Compression", info.compression],
    ["FileHash", info.fileHash && formatNamedHash(info.fileHash, "nix32")],
    ["FileSize", info.fileSize?.toString()],
    ["NarHash", formatNamedHash(info.narHash, "nix32")],
    ["NarSize", info.narSize.toString()],
    ["References", sortStorePaths(info.references).map(baseName).join(" ")],
    ["Deriver", info.deriver && baseName(info.deriver)],
    ["System", info.system],
    ...[...new Set(info.signatures)].sort(compareText).map((each): [Field, string] => ["Sig", each]),
    ["CA", info.contentAddress && formatContentAddress(info.contentAddress)],
  ];
  return lines
    .map(([field, value]) => {
      if (value === undefined) return "";
      if (value.includes("\n")) throw malformed(`${field} cannot hold a line end, as ${quote(value)} does`);
      if (value === "" && (field === "URL" || field === "Compression")) throw malformed(`${field} is empty`);
      return `${field}: ${value}\n`;
    })
    .join("");
}

/** Give the text that signatures of a store path sign. */
export function fingerprint({ path, narHash, narSize, references }: SignedFacts): string {
  return `1;${path};${formatNamedHash(narHash, "nix32")};${narSize};${sortStorePaths(references).join(",")}`;
}

/** Add a signature of the fingerprint, unless the very same is there. */
export function signNarInfo(info: NarInfo, key: SecretKey): NarInfo {
  const signatures = new Set([...info.signatures, sign(key, fingerprint(info))]);
  return { ...info, signatures: [...signatures].sort(compareText) };
}

/** List those of `keys` that made a signature of the narinfo, each once. */
export function verifyNarInfo(info: NarInfo, keys: Iterable<PublicKey>): PublicKey[] {
  const all = [...keys];
  const text = fingerprint(info);
  const good = info.signatures.map((signature) => verify(all, text, signature));
  return all.filter((key) => good.includes(key));
}

type Line = { readonly value: string; readonly line: number };

/** Split a narinfo into its fields, known or not, and its signatures. */
function parseLines(text: string): { fields: Map<string, Line>; signatures: string[] } {
  const fields = new Map<string, Line>();
  const signatures: string[] = [];
  const lines = text.split("\n");
  if (lines.pop() !== "") throw malformed("the last line does not end", lines.length + 1);
  lines.forEach((content, index) => {
    const line = index + 1;
    const colon = content.indexOf(":");
    if (colon < 0 || content[colon + 1] !== " ")
      throw malformed(`the line ${quote(content)} is no field, colon, space and value`, line);
    const name = content.slice(0, colon);
    const value = content.slice(colon + 2);
    const earlier = fields.get(name);
    if (name === "Sig") signatures.push(value);
    else if (earlier === undefined || !fieldNames.some((each) => each === name))
      fields.set(name, { value, line });
    else throw malformed(`${name} is there already, in line ${earlier.line}`, line);
  });
  return { fields, signatures };
}

function parseSha256(value: string): Hash {
  const hash = parseHash(value);
  if (hash.algorithm === "sha256") return hash;
  throw malformed(`it is one of ${hash.algorithm}, where sha256 is needed`);
}

function parseSize(value: string): number {
  const size = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(size)) return size;
  throw malformed(`${quote(value)} is no whole number up to 2^53 - 1`);
}

function parseReferences(value: string): StorePath[] {
  return value
    .split(" ")
    .filter((each) => each !== "")
    .map(parseBaseName);
}

function malformed(message: string, line?: number, cause?: unknown): CleaveError {
  return new CleaveError({
    code: "narinfo-malformed",
    message,
    location: line === undefined ? undefined : { line },
    cause,
  });
}
