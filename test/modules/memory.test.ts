/** What is kept for all evaluations goes when the modules go that it is about. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { defineModule, evalModules, type Module, mkOption, modulesIn, types, uses } from "cleave/modules";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Make many values, and count those that are still there when nobody holds them. */
async function countKept(make: (number: number) => object): Promise<number> {
  const all = Array.from({ length: 50 }, (_, number) => new WeakRef(make(number)));
  for (let round = 0; round < 3; round += 1) {
    // References that were read are kept until the task ends.
    await setImmediate();
    collect();
  }
  return all.filter((each) => each.deref() !== undefined).length;
}

const int = (value: number) => mkOption({ type: types.int, default: value });
const base = defineModule("base", {
  options: {
    a: int(1),
    parts: mkOption({ type: types.attrsOf(types.submodule({ options: { b: int(2) } })), default: {} }),
  },
});
const declaring = (number: number) =>
  defineModule(`m${number}`, { options: { [`o${number}`]: int(number) } });
const read = (...modules: readonly Module[]): string => JSON.stringify(evalModules({ modules }).config);

test("modules that declare, beside those that stay, are not kept by what is compiled of them", async () => {
  for (const list of [(one: Module) => [one, base], (one: Module) => [base, one]])
    assert.ok(
      (await countKept((number) => {
        const module = declaring(number);
        read(...list(module));
        return module;
      })) < 3,
    );
});

test("packages, and modules that define their submodules, are not kept", async () => {
  assert.ok(
    (await countKept((number) => {
      const inner = declaring(number);
      const hello = uses(base).package(`p${number}`, ({ define }) => define({ parts: { inner } }));
      read(hello);
      return inner;
    })) < 3,
  );
});

test("sources that were parsed for a position are not kept", async () => {
  const text = 'defineModule("m", { options: {} })';
  assert.ok(
    (await countKept((number) => {
      const source = { file: `m${number}.ts`, read: () => text };
      const module = modulesIn(source).defineModule("m", { options: { a: int(1) } });
      evalModules({ modules: [module] }).explain("a");
      return source;
    })) < 3,
  );
});
