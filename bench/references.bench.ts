/**
 * How fast a stream is scanned for 10,000 candidates, in chunks of 64 KiB. Kinds of bytes: random ones, a program
 * (the pinned Node), text (lock files), random digits of nix32, which no skipping helps with, and a list of store
 * paths none of which is a candidate. Two peers in the same run: `grep -c -F -f candidates`, a whole process, and
 * SHA-256 of the same bytes, which whoever scans an output has to compute as well.
 */
import { hash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { formatBase32, makeReferenceScanner, makeRewriter } from "../src/nix/index.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { measure, round } from "./support/measure.ts";
import { budgets, figures } from "./support/report.ts";

const size = 2 ** 27;
const runs = 7;
const chunk = 2 ** 16;
const hashPart = () => formatBase32(randomBytes(20));
const candidates = Array.from({ length: 10_000 }, hashPart);

const random = randomBytes(size);
const lockFile = readFileSync(fileURLToPath(new URL("../package-lock.json", import.meta.url)));
const digits = Buffer.from("0123456789abcdfghijklmnpqrsvwxyz");
const kinds: Record<string, Buffer> = {
  random,
  program: readFileSync(process.execPath).subarray(0, size),
  text: repeat(lockFile),
  "digits of nix32": Buffer.from(random.map((byte) => digits[byte & 31] ?? 0)),
  "store paths": repeat(
    Buffer.from(Array.from({ length: 5_000 }, () => `/nix/store/${hashPart()}-hello-2.12.1\n`).join("")),
  ),
};

using temp = temporaryFolder();
const bytesFile = `${temp.path}/bytes`;
const candidatesFile = `${temp.path}/candidates`;
writeFileSync(candidatesFile, candidates.map((each) => `${each}\n`).join(""));

let slowest = Number.POSITIVE_INFINITY;
for (const [kind, bytes] of Object.entries(kinds)) {
  writeFileSync(bytesFile, bytes);
  const scan = timed(bytes, () => {
    const { update } = makeReferenceScanner(candidates);
    for (let at = 0; at < bytes.length; at += chunk) update(bytes.subarray(at, at + chunk));
  });
  const rewrite = timed(bytes, () => {
    const { update, finish } = makeRewriter(
      new Map(candidates.slice(0, 10).map((each) => [each, hashPart()])),
    );
    for (let at = 0; at < bytes.length; at += chunk) update(bytes.subarray(at, at + chunk));
    finish();
  });
  const sha256 = timed(bytes, () => hash("sha256", bytes));
  const grep = await measure(
    {
      grep: {
        command: ["sh", "-c", 'LC_ALL=C grep -c -F -f "$0" "$1" || test $? = 1', candidatesFile, bytesFile],
      },
    },
    { runs: 3 },
  );
  const grepSpeed = bytes.length / 2 ** 30 / ((grep["grep"]?.wall_ms.median ?? NaN) / 1000);
  slowest = Math.min(slowest, scan);
  figures("references", [
    {
      case: kind,
      mib: round(bytes.length / 2 ** 20, 0),
      scan_gib_s: round(scan, 2),
      rewrite_10_gib_s: round(rewrite, 2),
      sha256_gib_s: round(sha256, 2),
      grep_gib_s: round(grepSpeed, 2),
    },
  ]);
}
budgets([
  {
    what: "reference scan, 10,000 candidates, the slowest kind of bytes",
    measured: `${round(slowest, 2)} GiB/s`,
    budget: "1 GiB/s",
    met: slowest >= 1,
  },
]);

function repeat(piece: Buffer): Buffer {
  return Buffer.alloc(size, piece);
}

/** Median speed in GiB/s. */
function timed(bytes: Buffer, work: () => unknown): number {
  const times: number[] = [];
  for (let run = -1; run < runs; run += 1) {
    const begun = performance.now();
    work();
    if (run >= 0) times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  return bytes.length / 2 ** 30 / ((times[times.length >> 1] ?? NaN) / 1000);
}
