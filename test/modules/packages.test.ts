/** The packages of `bench/modules/` have the values and derivations that real Nix gives them, in both forms. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type Package, packagesEach, packagesOfOne } from "../../bench/modules/packages.ts";
import { compareText } from "../../src/base/index.ts";
import { repository } from "../support/cleave.ts";
import { golden } from "../support/golden.ts";
import { nixIn } from "../support/nix.ts";
import { needsNixpkgs } from "../support/nixpkgs.ts";
import { temporaryFolder } from "../support/temp.ts";

function show(packages: readonly Package[]): string {
  const shown = packages.map(({ drv, ...rest }) => ({ ...rest, drv: [drv.drvPath, drv.outPath] }));
  return `${JSON.stringify(
    shown.map((each) => Object.fromEntries(Object.entries(each).sort(([a], [b]) => compareText(a, b)))),
    null,
    1,
  )}\n`;
}

test("packages evaluated each by itself have the values that Nix gave them", () => {
  golden("modules/packages.json", show(packagesEach(4)));
});

test("packages evaluated as submodules of one have the same values", () => {
  assert.equal(show(packagesOfOne(4)), show(packagesEach(4)));
});

test("Nix gives these values still", needsNixpkgs, () => {
  using temp = temporaryFolder();
  const file = join(repository, "bench/modules/nix/eval-modules.nix");
  for (const one of ["false", "true"]) {
    const text: unknown = JSON.parse(
      nixIn(temp.path)
        .run("nix-instantiate", [
          ...["--eval", "--strict", "--json", "--readonly-mode", file],
          ...["--arg", "libPath", process.env["NIXPKGS_LIB"] ?? ""],
          ...["--arg", "n", "4", "--arg", "values", "true", "--arg", "one", one],
        ])
        .toString(),
    );
    golden("modules/packages.json", `${JSON.stringify(JSON.parse(String(text)), null, 1)}\n`);
  }
});
