import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { cleave, repository } from "../support/cleave.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const forms = [
  "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
  "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
];

test("cleave hash convert prints what nix hash to-... prints", needsNix, async () => {
  using temp = temporaryFolder();
  const { run } = nixIn(temp.path);
  for (const [to, theirs] of [
    ["base16", "to-base16"],
    ["nix32", "to-base32"],
    ["base32", "to-base32"],
    ["base64", "to-base64"],
    ["sri", "to-sri"],
  ] as const)
    assert.deepEqual(await cleave(["hash", "convert", "--hash-algo", "sha256", "--to", to, ...forms]), {
      code: 0,
      stdout: run("nix", ["hash", theirs, "--type", "sha256", ...forms]).toString(),
      stderr: "",
    });
});

test("cleave hash convert prints the hashes before a bad one, and what is wrong with it", async () => {
  assert.deepEqual(await cleave(["hash", "convert", forms[0] ?? "", "x\n"]), {
    code: 1,
    stdout: `${forms[3]}\n`,
    stderr: `error[hash-malformed]: the hash "x\\n" does not say its algorithm
  hint: write it in front, as in "sha256:x\\n"
  more: cleave explain hash-malformed
`,
  });
  assert.deepEqual(await cleave(["hash", "convert", "--to", "hex", ...forms]), {
    code: 2,
    stdout: "",
    stderr: `error[cli-usage]: there is no hash format hex
  hint: the hash formats are base16, nix32, base64 and sri
  more: cleave explain cli-usage
`,
  });
});

test("an argument that is not UTF-8 is shown as what it is", () => {
  const { stderr, status } = spawnSync(
    "sh",
    ["-c", `"$0" hash convert "$(printf 'a\\377')"`, join(repository, "cleave")],
    {
      encoding: "utf8",
    },
  );
  assert.equal(status, 1);
  assert.equal(
    stderr.split("\n")[0],
    'error[hash-malformed]: the hash "a\\udcff" does not say its algorithm',
  );
});
