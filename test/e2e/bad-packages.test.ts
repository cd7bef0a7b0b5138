/** What a recipe can get wrong, from the command line: a coded error that names the place and the remedy, and nothing lost. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needsTools } from "../support/bootstrapped.ts";
import { copyPackages, type QuickStore, quickStore } from "../support/quick-store.ts";

const head = `import { uses } from "cleave/modules";
import { base, fetchUrl, outputPlaceholder } from "cleave/package";
import { file, script, text } from "cleave/recipe";
import { make, quickjs, standard } from "cleave/stdenv";
`;
const install = `import { definePhase } from "cleave/phase";
export default definePhase((phase) => phase.write(phase.output(), "made\\n"));
`;

type Recipe = {
  readonly define: string;
  readonly uses?: string;
  readonly files?: Readonly<Record<string, string>>;
};

/** Write recipes, build one, and give what was said. */
async function build(
  at: QuickStore,
  { define, uses = "base, quickjs", files = {} }: Recipe,
  ...args: string[]
): Promise<string> {
  const folder = join(at.path, "recipes");
  mkdirSync(join(folder, "bad"), { recursive: true });
  writeFileSync(
    join(folder, "bad/package.ts"),
    `${head}export default uses(${uses}).package("bad", ({ define }) =>\n  define({ name: "bad", version: "1", ${define} }),\n);\n`,
  );
  for (const [name, content] of Object.entries({ "install.ts": install, ...files }))
    writeFileSync(join(folder, "bad", name), content);
  const { code, stdout, stderr } = await at.run("build", "--folder", folder, "--no-link", ...args, "bad");
  assert.notEqual(code, 0, stdout);
  assert.equal(stdout, "");
  if (readdirSync(at.root).includes("nix"))
    assert.ok(!readdirSync(join(at.root, "nix/store")).some((name) => name.endsWith("-bad-1")));
  return stderr
    .replaceAll(/\/nix\/store\/[0-9a-df-np-sv-z]{32}-/g, "/nix/store/…-")
    .replaceAll(/\b[0-9.]+ s\b/g, "N s")
    .replaceAll(folder, "RECIPES");
}

const phases = (more: string): string => `phases: { install: { script: script("install.ts") }, ${more} }`;

test("mistakes in phases are found before anything is built", needsTools, async () => {
  using at = await quickStore();
  assert.equal(
    await build(at, { define: phases('extra: { script: script("install.ts"), after: ["instal"] }') }),
    "error[phase-unknown]: the phase extra names instal in after, and there is no such phase\n" +
      "  at RECIPES/bad/package.ts\n" +
      "  hint: did you mean install?\n" +
      "  more: cleave explain phase-unknown\n",
  );
  assert.match(
    await build(at, {
      define: phases(
        'a: { script: script("install.ts"), after: ["b"] }, b: { script: script("install.ts"), after: ["a"] }',
      ),
    }),
    /^error\[phase-cycle\]: phases follow each other in a circle: a follows b follows a\n/,
  );
  assert.match(
    await build(at, { define: phases('a: { script: script("install.ts"), interpreter: "ruby" }') }),
    /^error\[package-interpreter\]: the phase a of bad is run by ruby, and there is no such interpreter\n/,
  );
  assert.match(
    await build(at, {
      define: phases('a: { script: script("install.ts"), data: { when: () => 0, f: 0.5 } }'),
    }),
    /^error\[package-data\]: phases\.a\.data\.\S+ of bad is /,
  );
  assert.match(
    await build(at, { define: phases("") }, "--partition", "after=instal"),
    /^error\[partition-unknown-phase\]: the partition cuts after instal, and there is no such phase\n {2}hint: did you mean install\?\n/,
  );
  assert.match(
    await build(at, { define: `${phases("")}, tools: { make: "bootstrap.mak" }` }),
    /^error\[attribute-unknown\]: there is no package bootstrap\.mak\n/,
  );
});

test("what is wrong in what others see of a package is told before it is built", needsTools, async () => {
  using at = await quickStore();
  assert.match(
    await build(at, { define: `${phases("")}, meta: { license: "MIT" as never }` }),
    /^error\[option-type\]: the option meta\.license takes a list of string, which this is not:\n/,
  );
  assert.match(
    await build(at, { define: `${phases("")}, exports: { programs: ["bin"] }` }),
    /^error\[package-output\]: exports\.programs of bad names bin, and there is no output bin\n/,
  );
});

test("a script that does not compile is told with its line", needsTools, async () => {
  using at = await quickStore();
  const broken =
    'import { definePhase } from "cleave/phase";\n\nexport default definePhase((phase) => { phase.log("a" });\n';
  assert.match(
    await build(at, { define: phases('a: { script: script("a.ts") }'), files: { "a.ts": broken } }),
    /^error\[script-invalid\]: the script a\.ts does not compile: Expected "\)" but found "}"\n {2}at RECIPES\/bad\/a\.ts:3:\d+\n/,
  );
  assert.match(
    await build(at, { define: phases('a: { script: script("missing.ts") }') }),
    /^error\[recipe-file\]: .*missing\.ts.*\n/,
  );
});

test("a phase that throws is told with its place in the script as written", needsTools, async () => {
  using at = await quickStore();
  const script =
    'import { definePhase } from "cleave/phase";\n\nconst none: { a?: { b: string } } = {};\nexport default definePhase((phase) => {\n  phase.log((none.a as { b: string }).b);\n});\n';
  const said = await build(at, {
    define: phases('a: { script: script("a.ts"), before: ["install"] }'),
    files: { "a.ts": script },
  });
  assert.match(said, /TypeError: cannot read property 'b' of undefined\n/);
  assert.match(said, /a\.ts:5:\d+/);
  assert.match(
    said,
    /error\[build-failed\]: the builder of \/nix\/store\/…-bad-1\.drv failed with exit code 1 in the phase a; /,
  );
});

test("what cannot be fetched, and what has another hash, is told with both hashes", needsTools, async () => {
  using at = await quickStore();
  writeFileSync(join(at.path, "source"), "not what was expected\n");
  const fetched = (url: string) => ({
    define: `source: fetchUrl({ name: "source", urls: ["${url}"], hash: "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }),
      phases: { install: { script: script("install.ts"), data: () => ({ source: fetchUrl({ name: "source", urls: ["${url}"], hash: "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }) }) } }`,
  });
  const mismatch = await build(at, fetched(`file://${at.path}/source`));
  assert.match(mismatch, /because\[fetch-mismatch\]: [^\n]*\n/);
  assert.match(mismatch, /sha256-47DEQpj8HBSa\+\/TImW\+5JCeuQeRkm5NMpJWZG3hSuFU=/);
  assert.match(mismatch, /sha256-xqF3QaQxxI\/[A-Za-z0-9+/]+=|got/);
  assert.match(
    await build(at, fetched(`file://${at.path}/none`)),
    /error\[build-failed\]: .*\n {2}because\[fetch-file\]: /,
  );
  assert.match(
    await build(at, fetched("http://127.0.0.1:9/source")),
    /because\[fetch-(connection|failed)\]: /,
  );
});

test(
  "a phase cannot write to an input, and no placeholder hides in a compressed file",
  needsTools,
  async () => {
    using at = await quickStore();
    const writes = `import { definePhase } from "cleave/phase";
export default definePhase((phase) => phase.write((phase.tools["quickjs"] ?? [""])[0] + "/bin/qjs", "mine"));
`;
    assert.match(
      await build(at, {
        define: `tools: { quickjs: "bootstrap.quickjs" }, ${phases('a: { script: script("a.ts") }')}`,
        files: { "a.ts": writes },
      }),
      /Read-only file system|Permission denied/,
    );
    // As a program would that compresses what it installs: gzip's stored form holds the text as it is, so hide it well.
    const hides = `import * as std from "std";
import { definePhase } from "cleave/phase";
export default definePhase(async (phase) => {
  phase.makeFolder(phase.output());
  phase.write("page", \`see \${phase.output()}/share\\n\`.repeat(50));
  await phase.exec([phase.tool("gzip"), "-n", "page"]);
  phase.move("page.gz", \`\${phase.output()}/page.gz\`);
});
`;
    await copyPackages(["bootstrap.busybox"], at.root);
    const hidden = await build(at, {
      define: 'tools: { busybox: "bootstrap.busybox" }, phases: { install: { script: script("hide.ts") } }',
      files: { "hide.ts": hides },
    });
    assert.match(hidden, /page\.gz/);
    assert.match(hidden, /error\[build-failed\]/);
  },
);

test("a patch that does not apply is told with its hunk", needsTools, async () => {
  using at = await quickStore();
  await copyPackages(["bootstrap.busybox"], at.root);
  const said = await build(at, {
    uses: "standard",
    define:
      'source: text("hello.txt", "one\\ntwo\\nthree\\n"), patches: [file("fix.patch")], phases: { install: { script: script("install.ts"), after: ["patch"], before: ["fixup"] } }',
    files: { "fix.patch": "--- a/hello.txt\n+++ b/hello.txt\n@@ -1,3 +1,3 @@\n one\n-zwei\n+2\n three\n" },
  });
  assert.match(said, /the patch fix\.patch does not apply: hunk 1 of hello\.txt\n/);
});
