/**
 * A store in which the tools of packages are built, for tests that build packages. `.ci/run` makes it before the tests, because
 * what it is made from comes from outside, and tests do not go there; by hand:
 *
 *     export CLEAVE_TEST_STORE=/dev/shm/cleave-test-store
 *     CLEAVE_ROOT=$CLEAVE_TEST_STORE ./cleave build --no-link --no-check hello bootstrap.lua
 *     CLEAVE_ROOT=$CLEAVE_TEST_STORE ./cleave build --sources $(./cleave list)
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = process.env["CLEAVE_TEST_STORE"];
const found = root !== undefined && existsSync(join(root, "nix/var/nix/db/db.sqlite"));
if (!found && process.env["CI"] === "true")
  throw new Error("CLEAVE_TEST_STORE names no store, and tests that build packages are nothing without it");

/** Options for `test()`: skips loudly where there is no such store. */
export const needsTools: { readonly skip: string | false } = {
  skip: found
    ? false
    : "CLEAVE_TEST_STORE names no store with the tools of packages (test/support/bootstrapped.ts)",
};

/** The root of the store. */
export const toolsRoot: string = root ?? "/nonexistent";
