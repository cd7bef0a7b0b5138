import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleave } from "../support/cleave.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const digits = "0123456789abcdfghijklmnpqrsvwxyz";
const hello = `/nix/store/${digits}-hello-2.12.1`;
const done = (stdout: string) => ({ code: 0, stdout, stderr: "" });
const failed = (code: number, stderr: string) => ({ code, stdout: "", stderr });

test("cleave store-path parse shows the parts of paths", async () => {
  assert.deepEqual(
    await cleave(["store-path", "parse", hello, `${hello}/bin/a b`]),
    done(`storePath  ${hello}
hashPart   ${digits}
name       hello-2.12.1

storePath  ${hello}
hashPart   ${digits}
name       hello-2.12.1
below      "/bin/a b"
`),
  );
  assert.deepEqual(
    await cleave(["store-path", "parse", "--json", hello, `${hello}/bin`]),
    done(
      `{"paths":[{"storePath":"${hello}","hashPart":"${digits}","name":"hello-2.12.1"},` +
        `{"storePath":"${hello}","hashPart":"${digits}","name":"hello-2.12.1","below":"/bin"}]}\n`,
    ),
  );
  assert.deepEqual(
    await cleave(["store-path", "parse", hello, "result"]),
    failed(
      1,
      `error[store-path-malformed]: result is no store path: it is not in /nix/store
  hint: a store path is /nix/store/, 32 digits of nix32, a dash and a name
  more: cleave explain store-path-malformed
`,
    ),
  );
});

test("cleave store-path make-text, make-source and make-fixed print real Nix's paths", needsNix, async () => {
  using temp = temporaryFolder();
  const { run } = nixIn(temp.path);
  const nix = (program: string, ...args: string[]) => run(program, args).toString().trimEnd();
  const first = nix("nix-instantiate", "--eval", "--expr", 'builtins.toFile "first" "content"').slice(1, -1);
  assert.deepEqual(
    await cleave([
      ...["store-path", "make-text", "first"],
      nix("nix-instantiate", "--eval", "--expr", 'builtins.hashString "sha256" "content"').slice(1, -1),
    ]),
    done(`${first}\n`),
  );
  assert.deepEqual(
    await cleave([
      ...["store-path", "make-text", "--reference", first, "second"],
      nix("nix-instantiate", "--eval", "--expr", `builtins.hashString "sha256" "${first}"`).slice(1, -1),
    ]),
    done(
      `${nix("nix-instantiate", "--eval", "--expr", `builtins.toFile "second" "\${builtins.toFile "first" "content"}"`).slice(1, -1)}\n`,
    ),
  );
  writeFileSync(join(temp.path, "file"), "content");
  assert.deepEqual(
    await cleave(["store-path", "make-source", "file", nix("nix", "hash", "path", "file")]),
    done(`${nix("nix-store", "--add", "file")}\n`),
  );
  for (const algorithm of ["md5", "sha1", "sha256", "sha512"])
    for (const recursive of [["--recursive"], []]) {
      const hash = nix("nix", "hash", "file", "--base32", "--type", algorithm, "file");
      assert.deepEqual(
        await cleave(["store-path", "make-fixed", ...recursive, "--hash-algo", algorithm, "a.tar", hash]),
        done(`${nix("nix-store", "--print-fixed-path", ...recursive, algorithm, hash, "a.tar")}\n`),
      );
    }
});

test("cleave store-path make-source knows references and the content's own", async () => {
  const hash = "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
  const source = async (...options: string[]) =>
    (await cleave(["store-path", "make-source", ...options, "a", hash])).stdout;
  const paths = await Promise.all([
    source(),
    source("--self"),
    source("--reference", hello),
    source("--self", "--reference", hello),
  ]);
  assert.equal(new Set(paths).size, 4);
  assert.equal(await source("--reference", hello, "--reference", hello), paths[2]);
});

test("a name or hash that Nix has no path for is refused", async () => {
  const hash = "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
  assert.deepEqual(
    await cleave(["store-path", "make-fixed", "a b", hash]),
    failed(
      1,
      `error[store-path-malformed]: "a b" is no name for a store path: it has " " in its name
  hint: a name is 1 to 211 of the letters a to z and A to Z, digits and + - . _ ? =
  more: cleave explain store-path-malformed
`,
    ),
  );
  assert.deepEqual(
    await cleave(["store-path", "make-text", "a", "md5:d41d8cd98f00b204e9800998ecf8427e"]),
    failed(
      1,
      `error[hash-malformed]: the hash md5:d41d8cd98f00b204e9800998ecf8427e is one of md5, where sha256 is asked for
  more: cleave explain hash-malformed
`,
    ),
  );
});

test("cleave store-path placeholder prints what stands for outputs", async () => {
  assert.deepEqual(
    await cleave(["store-path", "placeholder", "out", "dev"]),
    done(
      "/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9\n/02qcpld1y6xhs5gz9bchpxaw0xdhmsp5dv88lh25r2ss44kh8dxz\n",
    ),
  );
  assert.deepEqual(
    await cleave([
      ...["store-path", "placeholder", "out"],
      ...["--derivation", "/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv"],
    ]),
    done("/0c6rn30q4frawknapgwq386zq358m8r6msvywcvc89n6m5p2dgbz\n"),
  );
  assert.deepEqual(
    await cleave(["store-path", "placeholder", "--derivation", hello, "out"]),
    failed(
      2,
      `error[cli-usage]: ${hello} is no derivation: its name does not end in .drv
  more: cleave explain cli-usage
`,
    ),
  );
});

test("an option that wants a store path and gets none is wrong usage", async () => {
  const hash = "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
  for (const [option, ...command] of [
    ["--reference", "make-text", "a", hash],
    ["--reference", "make-source", "a", hash],
    ["--derivation", "placeholder", "out"],
  ] as const) {
    const { code, stdout, stderr } = await cleave(["store-path", ...command, option, "result"]);
    assert.deepEqual(
      [code, stdout, stderr.split("\n")[0]],
      [2, "", `error[cli-usage]: ${option}: result is no store path: it is not in /nix/store`],
    );
  }
});
