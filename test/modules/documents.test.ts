/** The examples of docs/modules.md run, and modules of a file without a name have positions. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import vm from "node:vm";
import { describeExplanation, evalModules, type Module, mkOption, modulesIn } from "cleave/modules";
import { repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

test("the example of docs/modules.md runs", async () => {
  using temp = temporaryFolder();
  const page = readFileSync(join(repository, "docs/modules.md"), "utf8");
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  assert.ok(example?.includes('from "cleave/modules"'));
  const file = join(temp.path, "example.ts");
  writeFileSync(
    file,
    (example ?? "").replace('"cleave/modules"', JSON.stringify(join(repository, "src/modules/index.ts"))),
  );
  const { hello }: { hello: Module<object> } = await import(file);
  assert.equal(
    JSON.stringify(evalModules({ modules: [hello] }).config).includes('"script":"make check"'),
    true,
  );
});

test("a file without a name has positions in the text that it is given", () => {
  const text = `
    const base = defineModule("base", { options: { flags: mkOption({ type: types.listOf(types.string), default: [] }) } });
    uses(base).package("hello", ({ define }) =>
      define({ flags: ["a"] }));
  `;
  let reads = 0;
  const bound = modulesIn({
    file: "packages/hello.ts",
    read: () => {
      reads += 1;
      return text;
    },
  });
  const hello = vm.runInNewContext(text, { ...bound, mkOption }, { filename: "" });
  const evaluated = evalModules({ modules: [hello] });
  assert.equal(JSON.stringify(evaluated.config), '{"flags":["a"]}');
  assert.equal(reads, 0);
  assert.equal(
    describeExplanation(evaluated.explain("flags")),
    [
      'flags = ["a"]',
      "  takes list of string",
      "  declared by module base at packages/hello.ts:2:52",
      "  defined by",
      '    used: module hello at packages/hello.ts:4:16, priority 100: ["a"]',
      "    overridden: module base at packages/hello.ts:2:52, default: []",
      "  read by no option",
      "",
    ].join("\n"),
  );
  assert.equal(reads, 1);
});
