import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { cleave, repository } from "../support/cleave.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const empty = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

test("cleave hash file prints what nix hash file prints", needsNix, async () => {
  using temp = temporaryFolder();
  const { run } = nixIn(temp.path);
  const files = fc
    .sample(fc.tuple(fc.constantFrom("plain", "a b", "é", "new\nline", "-", "..."), fc.uint8Array()), 8)
    .map(([name, bytes], index) => {
      const file = join(temp.path, `${index}${name}`);
      writeFileSync(file, bytes);
      return file;
    });
  writeFileSync(join(temp.path, "large"), Buffer.alloc(3_000_001, "0123456789"));
  symlinkSync("large", join(temp.path, "link"));
  files.push(join(temp.path, "large"), join(temp.path, "link"));
  for (const options of [
    [],
    ["--sri", "--type", "md5"],
    ["--base16", "--type", "sha1"],
    ["--base32"],
    ["--base64", "--type", "sha512"],
  ])
    assert.deepEqual(await cleave(["hash", "file", ...options, ...files]), {
      code: 0,
      stdout: run("nix", ["hash", "file", ...options, ...files]).toString(),
      stderr: "",
    });
});

test("a file whose name is not UTF-8, standard input and a pipe are hashed", async () => {
  using temp = temporaryFolder();
  const program = join(repository, "cleave");
  const script = `
    name=$(printf 'odd\\377 name')
    : > "$name"
    "$0" hash file "$name" ./"$name" "$(pwd)/$name"
    printf x | "$0" hash file --base16 -
    printf x | "$0" hash file --base16 /dev/stdin`;
  const x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\n";
  assert.equal(
    execFileSync("sh", ["-c", script, program], { cwd: temp.path, encoding: "utf8" }),
    `${empty}\n`.repeat(3) + x.repeat(2),
  );
  assert.equal(
    spawnSync(program, ["hash", "file", "--type", "sha256", "--algo", "sha256", "/dev/null"]).status,
    0,
  );
});

test("what cannot be read is said, after the hashes before it", async () => {
  using temp = temporaryFolder();
  mkdirSync(join(temp.path, "folder"));
  assert.deepEqual(await cleave(["hash", "file", "/dev/null", "folder"], { cwd: temp.path }), {
    code: 1,
    stdout: `${empty}\n`,
    stderr: `error[file-failed]: cannot read the file: illegal operation on a directory
  at folder
  more: cleave explain file-failed
`,
  });
  assert.deepEqual(await cleave(["hash", "file", "no\nsuch"], { cwd: temp.path }), {
    code: 1,
    stdout: "",
    stderr: `error[file-failed]: cannot read the file: no such file or directory
  at "no\\nsuch"
  more: cleave explain file-failed
`,
  });
  assert.deepEqual(await cleave(["hash", "file", "--type", "sha3", "x"]), {
    code: 2,
    stdout: "",
    stderr: `error[cli-usage]: --type: there is no hash algorithm sha3
  hint: the hash algorithms are md5, sha1, sha256, sha512
  more: cleave explain cli-usage
`,
  });
  assert.deepEqual(await cleave(["hash", "file", "--type", "md5", "--algo", "sha1", "x"]), {
    code: 2,
    stdout: "",
    stderr: `error[cli-usage]: --type and --algo are the same option, and here they are md5 and sha1
  more: cleave explain cli-usage
`,
  });
});

test("the algorithm is an option by each of its names, and a wrong one is wrong usage", async () => {
  for (const command of [
    ["hash", "file", "/dev/null"],
    ["hash", "path", "/etc/passwd"],
    ["hash", "convert", "d41d8cd98f00b204e9800998ecf8427e"],
    ["store-path", "make-fixed", "a", "d41d8cd98f00b204e9800998ecf8427e"],
  ])
    for (const option of ["--type", "--algo", "--hash-algo"]) {
      const what = `${command.join(" ")} ${option}`;
      const { code, stdout } = await cleave([...command, option, "md5"]);
      assert.equal(code, 0, what);
      if (command[0] === "hash") assert.match(stdout, /^md5-/, what);
      assert.deepEqual(
        await cleave([...command, option, "sha3"]),
        {
          code: 2,
          stdout: "",
          stderr:
            `error[cli-usage]: ${option}: there is no hash algorithm sha3\n` +
            "  hint: the hash algorithms are md5, sha1, sha256, sha512\n" +
            "  more: cleave explain cli-usage\n",
        },
        what,
      );
    }
});
