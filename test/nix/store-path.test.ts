import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError } from "../../src/base/index.ts";
import {
  baseName,
  checkStorePathName,
  hashPart,
  isForeignStorePath,
  isStorePath,
  namePart,
  parseBaseName,
  parseForeignStorePath,
  parseStorePath,
  splitStorePath,
} from "../../src/nix/index.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const digits = "0123456789abcdfghijklmnpqrsvwxyz";
const good = `/nix/store/${digits}-hello-2.12.1`;

function refuses(text: string, message: string, read: (text: string) => unknown = parseStorePath): void {
  assert.throws(
    () => read(text),
    (error) => {
      assert.ok(error instanceof CleaveError);
      assert.deepEqual([error.code, error.message], ["store-path-malformed", message]);
      return true;
    },
  );
}

test("a store path has a hash part and a name", () => {
  const path = parseStorePath(good);
  assert.deepEqual(
    [hashPart(path), namePart(path), baseName(path)],
    [digits, "hello-2.12.1", good.slice(11)],
  );
  assert.equal(parseBaseName(good.slice(11)), good);
  assert.ok(isStorePath(good));
  assert.deepEqual(splitStorePath(`${good}/bin/a b`), { path: good, below: "/bin/a b" });
  assert.deepEqual(splitStorePath(good), { path: good, below: "" });
  assert.ok(!isStorePath(`${good}/bin`));
});

test("a foreign store path may have any leading dots, and nothing else", () => {
  for (const name of [".", "..", ".-a", "..-a", "...", ".a.b", "a"]) {
    const path = `/nix/store/${digits}-${name}`;
    assert.equal(parseForeignStorePath(path), path);
  }
  for (const name of ["", ".@", "./", `.${"a".repeat(211)}`])
    assert.ok(!isForeignStorePath(`/nix/store/${digits}-${name}`));
  assert.ok(!isForeignStorePath(`/nix/store/${digits.replace("0", ".")}-.`));
  refuses("/usr/bin/.", "/usr/bin/. is no store path: it is not in /nix/store", parseForeignStorePath);
});

test("a path that breaks a rule is refused with that rule", () => {
  const no = (text: string, rule: string) => refuses(text, `${text} is no store path: it ${rule}`);
  no("/usr/bin/hello", "is not in /nix/store");
  no("/nix/store", "is not in /nix/store");
  no("/nix/store/", "is too short");
  no(`${good}/bin`, "holds a slash after the base name");
  no(good.replace("0", "e"), "has e in its hash part, which is no digit of nix32");
  no(good.replace("0", "A"), "has A in its hash part, which is no digit of nix32");
  no(`/nix/store/${digits}+hello`, "has no dash after 32 digits");
  no(`/nix/store/${digits}-`, "has an empty name");
  no(`/nix/store/${digits}-a@b`, "has @ in its name");
  no(`/nix/store/${digits}-a😀`, "has 😀 in its name");
  no(`/nix/store/${digits}-..`, "has a name that is or starts with ..");
  no(`/nix/store/${digits}-.-a`, "has a name that is or starts with .-");
  const long = "a".repeat(212);
  no(`/nix/store/${digits}-${long}`, "has a name of 212 characters, which is more than 211");
  refuses("x", "x is no base name of a store path: it is too short", parseBaseName);
  refuses("a b", '"a b" is no name for a store path: it has " " in its name', checkStorePathName);
  checkStorePathName("a".repeat(211));
  for (const name of [".a", "..a", "...", "a.", "+-._?="]) checkStorePathName(name);
});

test(
  "names are valid here where they are in real Nix, but for the dots that its successors refuse",
  needsNix,
  () => {
    using temp = temporaryFolder();
    const { run } = nixIn(temp.path);
    const names = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."abzAZ059+-._?= @/:~é\u0001"), minLength: 1, maxLength: 6 }),
      fc.integer({ min: 209, max: 213 }).map((length) => "x".repeat(length)),
      fc.constantFrom("", ".", "..", ".-", "..-a", "...-a", ".a"),
    );
    for (const name of fc.sample(names, 60)) {
      let theirs = true;
      try {
        const expression = `builtins.toFile (builtins.fromJSON ${nixString(JSON.stringify(name))}) ""`;
        run("nix-instantiate", ["--eval", "--readonly-mode", "--expr", expression]);
      } catch {
        theirs = false;
      }
      const dots = /^(\.\.?)(-|$)/.test(name);
      assert.equal(isStorePath(`/nix/store/${digits}-${name}`), theirs && !dots, JSON.stringify(name));
    }
  },
);

function nixString(text: string): string {
  return `"${text.replaceAll(/[\\"$]/g, (char) => `\\${char}`)}"`;
}
