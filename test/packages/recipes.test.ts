/** The recipes of the set: each says all that people want to know, and together they use what recipes can do. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { Fetched, type Package, type PackageConfig, parsePlatform } from "../../src/package/index.ts";
import { openPackageSet } from "../../src/recipes/index.ts";
import { repository } from "../support/cleave.ts";

const platform = parsePlatform("x86_64-linux");
const set = openPackageSet({
  sources: [
    { folder: join(repository, "packages"), prefix: "" },
    { folder: join(repository, "bootstrap"), prefix: "bootstrap." },
  ],
  platforms: { build: platform, host: platform, target: platform },
  emit: () => {},
});
after(() => set.close());

const attributes = set.attributes().filter((attribute) => !attribute.startsWith("bootstrap."));
const configOf = ({ config }: Package) => config as PackageConfig;

/** A licence of the SPDX list by its form, or one that the list does not have. */
const licence = /^(LicenseRef-)?[A-Za-z0-9][A-Za-z0-9.-]*$/;

for (const attribute of attributes)
  test(`the recipe of ${attribute} is complete`, () => {
    const made = set.package(attribute);
    const { name, meta, exports, outputs, source } = configOf(made);
    assert.equal(name, attribute);
    assert.match(meta.description, /^[A-Z].*[^.]$/);
    assert.match(meta.homepage ?? "", /^https?:\/\//);
    assert.notEqual(meta.license.length, 0);
    for (const each of meta.license) assert.match(each, licence);
    for (const folder of [...exports.programs, ...exports.include, ...exports.lib])
      assert.ok(outputs.includes(folder.split("/")[0] ?? ""), folder);
    for (const required of exports.requires) assert.ok(attributes.includes(required), required);

    assert.ok(source instanceof Fetched, "the source is fetched");
    const [fetch] = source.derivations;
    const env = fetch?.derivation.env ?? new Map();
    const urls = `${env.get("urls") ?? env.get("url")}`.split(" ");
    assert.ok(
      urls.some((url) => url.startsWith("mirror://")),
      `a mirror has it: ${urls.join(" ")}`,
    );

    // Plans end with what goes over the outputs, and all of them lower.
    assert.equal(made.plan?.trunk.at(-1)?.name, "fixup");
    assert.equal(made.lower("split").canonical.path, made.lower("joined").canonical.path);
  });

test("the recipes use what recipes can do", () => {
  const having = (has: (config: PackageConfig) => boolean) =>
    attributes.filter((attribute) => has(configOf(set.package(attribute))));
  const scripts = ({ phases }: PackageConfig) => Object.values(phases).map((phase) => phase?.script.path);
  const uses = {
    "several outputs": having(({ outputs }) => outputs.length > 1),
    patches: having(({ patches }) => patches.length > 0),
    "a repeated phase": having((config) => new Set(scripts(config)).size < scripts(config).length),
    "no configure script": having(({ phases }) => !Object.hasOwn(phases, "configure")),
  };
  for (const [what, users] of Object.entries(uses)) assert.notEqual(users.length, 0, what);
  assert.ok(uses["several outputs"].includes("xz"));
  assert.ok(uses.patches.includes("bzip2"));
  assert.ok(uses["a repeated phase"].includes("zstd"));
  assert.ok(uses["no configure script"].includes("lua"));
});
