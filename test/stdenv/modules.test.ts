/** The modules of stdenv, as recipes use them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { PackageConfig } from "../../src/package/index.ts";
import { repository } from "../support/cleave.ts";
import { openSet, platforms, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";
import { assertError } from "../support/throws.ts";

/** Write a recipe that is made by make, and open a set of it and of the packages of cleave. */
function openWith(folder: string, definitions: string, settings: readonly string[] = []) {
  writeFiles(folder, {
    "app/package.ts": `import { uses } from "cleave/modules";
import { cc, make, repeatMake } from "cleave/stdenv";

export default uses(make, cc).package("app", ({ config, define }) =>
  define({
    name: "app",
    version: "1",
    makeFlags: ["V=1"],
    ${definitions}
  }),
);
`,
  });
  return openSet(folder, {
    sources: [
      { folder, prefix: "" },
      { folder: join(repository, "bootstrap"), prefix: "bootstrap." },
    ],
    platforms,
    settings,
  });
}

const again = `phases: {
      again: { ...repeatMake("build", config, { directory: "sub", targets: ["all"] }), after: ["build"], before: ["install"] },
      "check-again": { ...repeatMake("check", config, { parallel: false }), after: ["again"] },
    },`;

test("a phase is repeated with other data", () => {
  using temp = temporaryFolder();
  const made = openWith(temp.path, again).package("app");
  assert.deepEqual(
    made.plan?.trunk.map(({ name }) => name),
    ["unpack", "patch", "build", "again", "install", "fixup"],
  );
  assert.deepEqual(
    made.plan?.branches.map(({ phase, start }) => [phase.name, start]),
    [
      ["check", 2],
      ["check-again", 3],
    ],
  );
  const { phases } = made.config as PackageConfig;
  assert.equal(phases["again"]?.script, phases["build"]?.script);
  const data = phases["build"]?.data as Record<string, unknown>;
  assert.deepEqual(phases["again"]?.data, { ...data, directory: "sub", targets: ["all"] });
  assert.deepEqual(data["flags"], ["V=1"]);
});

test("what is repeated has to be there", () => {
  using temp = temporaryFolder();
  const definitions = `phases: { again: { ...repeatMake("bild", config, {}), after: ["build"] } },`;
  const made = openWith(temp.path, definitions).package("app");
  assertError(
    () => made.plan,
    "error[option-throws]: a definition of phases.again.script throws:",
    `    a function, by module app at ${temp.path}/app/package.ts:4:31`,
    "  because: there is no phase bild to repeat; there are: again, build, check, fixup, install, patch, unpack",
    "  hint: the cause says what went wrong",
  );
});

test("without doCheck there is no phase check, whatever a recipe says of it", () => {
  using temp = temporaryFolder();
  const definitions = `phases: { check: { data: { extra: 1 } } },`;
  const branches = (settings: readonly string[], attribute: string) =>
    openWith(temp.path, definitions, settings)
      .package(attribute)
      .plan?.branches.map(({ phase }) => phase.name);
  assert.deepEqual(branches([], "app"), ["check"]);
  assert.deepEqual(branches(["app.doCheck=false"], "app"), []);
  // What is built for another platform does not run here.
  assert.deepEqual(branches([], "cross.aarch64-linux.app"), []);
});
