/** Real Nix and nixpkgs' lib have the last word on which modules take part, and in which order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  defineModule,
  evalModules,
  type Module,
  mkOption,
  mkOrder,
  types,
  uses,
} from "../../../src/modules/index.ts";
import { compare, needsNixpkgs, type Program } from "../../support/nixpkgs.ts";

/** Modules 0 to 5, of which each adds its number to a list, imports later ones and disables any. */
const imports: fc.Arbitrary<Program> = fc
  .record({
    listed: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
    modules: fc.array(
      fc.record({
        imports: fc.uniqueArray(fc.nat(5), { maxLength: 3 }),
        disabled: fc.uniqueArray(fc.nat(5), { maxLength: 1 }),
        order: fc.constantFrom(undefined, undefined, 500, 1500),
      }),
      { minLength: 6, maxLength: 6 },
    ),
  })
  .map(({ listed, modules }) => ({
    nix: `(let
      m = builtins.genList (i: builtins.elemAt [ ${modules
        .map(
          ({ imports, disabled, order }, i) => `{
            key = "${i}";
            imports = [ ${later(imports, i)
              .map((each) => `(builtins.elemAt m ${each})`)
              .join(" ")} ];
            disabledModules = [ ${disabled.map((each) => `{ key = "${each}"; }`).join(" ")} ];
            config.l = ${order === undefined ? "" : `lib.mkOrder ${order}`} [ "${i}" ];
          }`,
        )
        .join(" ")} ] i) 6;
    in (lib.evalModules { modules = [
      { options.l = lib.mkOption { type = lib.types.listOf lib.types.str; }; }
      ${listed.map((each) => `(builtins.elemAt m ${each})`).join(" ")}
    ]; }).config.l)`,
    evaluate: () => {
      const declares = defineModule("declares", {
        options: { l: mkOption({ type: types.listOf(types.string) }) },
      });
      const all: Module[] = [];
      const named = modules.map((_, i) => defineModule(`${i}`, { key: `${i}` }));
      for (const [i, { imports, disabled, order }] of [...modules.entries()].reverse())
        all[i] = uses(declares).module(
          `${i}`,
          {
            key: `${i}`,
            imports: later(imports, i).flatMap((each) => all[each] ?? []),
            disabledModules: disabled.flatMap((each) => named[each] ?? []),
          },
          ({ define }) => define({ l: order === undefined ? [`${i}`] : mkOrder(order, [`${i}`]) }),
        );
      return evalModules({ modules: [declares, ...listed.flatMap((each) => all[each] ?? [])] }).config.l;
    },
  }));

function later(numbers: readonly number[], than: number): number[] {
  return numbers.filter((each) => each > than);
}

test("modules are imported, ordered and disabled as nixpkgs does it", needsNixpkgs, () => {
  const { merged, total } = compare(imports);
  assert.equal(merged, total);
});
