/** The bootstrap, as derivations: what comes from outside, and what is run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { MadeDerivation } from "../../src/nix/index.ts";
import type { Package } from "../../src/package/index.ts";
import { repository } from "../support/cleave.ts";
import { openSet } from "../support/recipes.ts";

const set = openSet(join(repository, "bootstrap"), {
  sources: [{ folder: join(repository, "bootstrap"), prefix: "bootstrap." }],
});
const packages = set.attributes().map((attribute) => set.package(attribute));

function fetchedBy(made: Package): readonly MadeDerivation[] {
  return [...made.lower("joined").inputs.fetched.values()].flatMap(({ derivations }) => derivations);
}

test("one prebuilt program comes from outside: all else that is fetched is source", () => {
  const names = new Set(packages.flatMap(fetchedBy).map(({ derivation }) => derivation.name));
  const seed = [...names].filter((name) => !/^[a-z]+-source-/.test(name)).sort();
  assert.deepEqual(seed, ["zig-0.16.0", "zig-0.16.0-archive", "zig-lib-0.16.0", "zig-lib-0.16.0-archive"]);
  assert.ok(names.size > seed.length);
});

test("what is fetched is fixed by a hash, and unpacked by what Nix has built in", () => {
  for (const { derivation } of packages.flatMap(fetchedBy)) {
    const { name, builder } = derivation;
    assert.equal(builder, name.endsWith("-archive") ? "builtin:fetchurl" : "builtin:unpack-channel");
    const out = derivation.outputs.get("out");
    assert.equal(out !== undefined && "hash" in out, name.endsWith("-archive"), name);
  }
});

test("every step is run by what the bootstrap made, and the first by the seed", () => {
  const builders = packages.flatMap((each) =>
    each.attribute === "bootstrap.stage0" ? [] : [each.lower("joined").canonical.derivation.builder],
  );
  const made = (attribute: string) => set.package(attribute).interface.path;
  const known = [made("bootstrap.stage0"), `${made("bootstrap.quickjs")}/bin/qjs`];
  assert.deepEqual([...new Set(builders)].sort(), known.sort());
  const { builder } = set.package("bootstrap.stage0").lower("joined").canonical.derivation;
  assert.match(builder, /^\/nix\/store\/.{32}-zig-0\.16\.0\/content\/bin\/zig$/);
});
