import assert from "node:assert/strict";
import { test } from "node:test";
import type { Machine } from "../../src/fetch/machine.ts";
import { makeResolver } from "../../src/fetch/mirror.ts";
import { assertError } from "../support/throws.ts";

/** What npm says when it is asked. */
let npmAnswer: string | undefined = "https://npm.example/";

/** Make a machine of some files. */
function machineOf(files: Readonly<Record<string, string>>, env: Machine["env"] = {}): Machine {
  return {
    env,
    home: "/home/me",
    cwd: "/home/me/project/folder",
    npmRegistry: () => npmAnswer,
    read: (file) => files[file],
    list: (folder) =>
      Object.keys(files)
        .filter((file) => file.startsWith(`${folder}/`))
        .map((file) => file.slice(folder.length + 1).split("/")[0] ?? ""),
  };
}

function resolve(url: string, files: Readonly<Record<string, string>>, env?: Machine["env"]): string[] {
  return makeResolver(machineOf(files, env))(url).map(({ url: { href }, authorization }) =>
    authorization === undefined ? href : `${href} ${authorization}`,
  );
}

const upstreamDebian = ["https://snapshot.debian.org/archive/debian/20250101T000000Z/pool/a.gz"];

test("mirror://debian is the machine's apt sources, then Debian's own hosts", () => {
  assert.deepEqual(resolve("mirror://debian/pool/a.gz", {}), upstreamDebian);
  assert.deepEqual(
    resolve("mirror://debian/pool/a.gz", {
      "/etc/apt/sources.list": [
        "# deb http://commented.example/debian stable main",
        "deb [arch=amd64 signed-by=/a.gpg] https://one.example/debian/ stable main # a comment",
        "deb-src\thttp://one.example/debian-security stable-security main",
        "deb https://one.example/debian stable-updates main",
        "deb cdrom:[Debian 12]/debian stable main",
        "deb http://other.example/apt stable main",
        "debian http://wrong.example/debian",
      ].join("\n"),
      "/etc/apt/sources.list.d/b.list": "deb http://two.example/mirrors/debian stable main\r\n",
      "/etc/apt/sources.list.d/b.list.disabled-by-me": "deb http://off.example/debian stable main\n",
      "/etc/apt/sources.list.d/a.sources": [
        "# a comment",
        "Types: deb deb-src",
        "URIs: https://three.example/debian",
        "# between",
        "  https://four.example/debian/",
        "Suites: stable",
        "Signed-By:",
        " -----BEGIN PGP PUBLIC KEY BLOCK-----",
        " .",
        " -----END PGP PUBLIC KEY BLOCK-----",
        "",
        "Enabled: no",
        "Types: deb",
        "URIs: https://off.example/debian",
        " ",
        "types: deb",
        "uris: http://archive.example/debian",
      ].join("\n"),
    }),
    [
      "https://one.example/debian/pool/a.gz",
      "http://one.example/debian-security/pool/a.gz",
      "https://three.example/debian/pool/a.gz",
      "https://four.example/debian/pool/a.gz",
      "http://archive.example/debian/pool/a.gz",
      "http://two.example/mirrors/debian/pool/a.gz",
      ...upstreamDebian,
    ],
  );
});

test("mirror://npm is npm's registry, which npm is asked for where no file names it", () => {
  const url = "mirror://npm/left-pad/-/left-pad-1.0.0.tgz";
  const official = "https://npm.example/left-pad/-/left-pad-1.0.0.tgz";
  assert.deepEqual(resolve(url, {}), [official]);
  const files = {
    "/home/me/project/package.json": "{}",
    "/home/me/project/.npmrc": "registry = https://project.example/npm\n",
    "/home/me/.npmrc": "; comment\n#registry=x\n registry=https://user.example/\n",
    "/opt/node/etc/npmrc": 'registry="https://machine.example/"\n',
  };
  const env = { PATH: "/a/node_modules/.bin:/opt/node/bin" };
  const path = "left-pad/-/left-pad-1.0.0.tgz";
  assert.deepEqual(resolve(url, files, env), [`https://project.example/npm/${path}`]);
  const { "/home/me/project/.npmrc": _, ...user } = files;
  assert.deepEqual(resolve(url, user, env), [`https://user.example/${path}`]);
  const { "/home/me/.npmrc": __, ...machine } = user;
  assert.deepEqual(resolve(url, machine, env), [`https://machine.example/${path}`]);
  assert.deepEqual(resolve(url, machine, {}), [official]);
  assert.deepEqual(resolve(url, machine, { npm_config_globalconfig: "/opt/node/etc/npmrc" }), [
    `https://machine.example/${path}`,
  ]);
  for (const name of ["npm_config_registry", "NPM_CONFIG_REGISTRY"])
    assert.deepEqual(resolve(url, files, { [name]: "http://env.example" }), [`http://env.example/${path}`]);
  assert.deepEqual(
    resolve(url, { "/mine": "registry=https://mine.example\n" }, { npm_config_userconfig: "/mine" }),
    [`https://mine.example/${path}`],
  );
});

test("a scope has a registry of its own, and a login goes to its host and path only", () => {
  const file = "tool/-/tool-1.0.0.tgz";
  const npmrc = (text: string) => ({ "/home/me/.npmrc": text });
  const env = { TOKEN: "secret" };
  const scoped = "@corp:registry=https://corp.example:8443/npm/\n";
  const bearer = (text: string) => resolve(`mirror://npm/@corp/${file}`, npmrc(scoped + text), env)[0];
  const bare = `https://corp.example:8443/npm/@corp/${file}`;
  assert.equal(bearer(""), bare);
  assert.equal(bearer("//corp.example:8443/npm/:_authToken=${TOKEN}\n"), `${bare} Bearer secret`);
  assert.equal(bearer("//corp.example:8443/:_authToken=${TOKEN}\n"), `${bare} Bearer secret`);
  assert.equal(bearer("//corp.example:8443/:_authToken=${OTHER}\n"), `${bare} Bearer \${OTHER}`);
  assert.equal(bearer("//corp.example:8443/other/:_authToken=${TOKEN}\n"), bare);
  assert.equal(bearer("//corp.example/:_authToken=${TOKEN}\n"), bare);
  assert.equal(bearer("//corp.example:8443/:_authToken=\u{1f511}\n"), bare);
  assert.equal(bearer("//corp.example:8443/:_auth=bWU6eA==\n"), `${bare} Basic bWU6eA==`);
  assert.equal(
    bearer("//corp.example:8443/:username=me\n//corp.example:8443/:_password=eA==\n"),
    `${bare} Basic bWU6eA==`,
  );
  assert.deepEqual(resolve(`mirror://npm/${file}`, npmrc(scoped)), [`https://npm.example/${file}`]);
});

test("without npm and without its configuration there is no registry", () => {
  npmAnswer = undefined;
  try {
    assertError(
      () => resolve("mirror://npm/x/-/x-1.tgz", {}),
      "error[fetch-mirror]: mirror://npm/x/-/x-1.tgz needs a registry, and npm's configuration names none",
      `  hint: npm config set registry URL, or name one in ${config}`,
    );
  } finally {
    npmAnswer = "https://npm.example/";
  }
});

const config = "/home/me/.config/cleave/mirrors.json";

test("the mirrors file adds mirrors and replaces known ones", () => {
  const files = {
    [config]: '{ "gnu": ["https://a.example/gnu", "file:///srv/gnu/"], "mine": ["http://b/"] }',
  };
  assert.deepEqual(resolve("mirror://gnu/hello/h.tar.gz", files), [
    "https://a.example/gnu/hello/h.tar.gz",
    "file:///srv/gnu/hello/h.tar.gz",
  ]);
  assert.deepEqual(resolve("mirror://mine/x", files), ["http://b/x"]);
  assert.deepEqual(resolve("mirror://kernel/x", files), [
    "https://cdn.kernel.org/pub/x",
    "https://mirrors.edge.kernel.org/pub/x",
  ]);
  assert.deepEqual(
    resolve(
      "mirror://gnu/x",
      { "/xdg/cleave/mirrors.json": '{"gnu":["http://c"]}' },
      { XDG_CONFIG_HOME: "/xdg" },
    ),
    ["http://c/x"],
  );
});

test("a mirrors file that cannot be read says where", () => {
  const hint = '  hint: write { "NAME": ["https://HOST/FOLDER/", ...], ... }';
  const refuses = (text: string, ...lines: readonly string[]) =>
    assertError(() => resolve("mirror://gnu/x", { [config]: text }), ...lines);
  const wrong = (text: string, what: string, place: string) =>
    refuses(
      text,
      `error[mirrors-malformed]: the mirrors file has ${what} should be`,
      `  at ${config}:${place}`,
      hint,
    );
  wrong('{\n  "gnu": [,]\n}\n', ", where a URL", "2:11");
  wrong('{\n  "gnu": []\n}\n', "] where a URL", "2:11");
  wrong('{\n  "gnu": ["http://a",\n]\n}\n', "] where a URL", "3:1");
  wrong("{\n\n", "its end where name or }", "3:1");
  wrong("[]", "[ where {", "1:1");
  wrong("", "its end where {", "1:1");
  wrong("{} x", "x where the end", "1:4");
  wrong('{"a\n": 1}', '"\\"" where name or }', "1:2");
  wrong('{"gnu" ["http://a"]}', "[ where :", "1:8");
  wrong('{"gnu": ["http://a" "http://b"]}', '"\\"http://b\\"" where , or ]', "1:21");
  wrong('{"gnu": ["http://a"]\n,}', "} where the next name or }", "2:2");
  wrong('{\n\n  "gnu": "https://a/"\n}', '"\\"https://a/\\"" where the list of URLs of gnu', "3:10");
  wrong('{"a": ["http://a"],\n  "gnu": ["http://a", 1]\n}', "1 where a URL", "2:23");
  refuses(
    '{\n  "GNU": []\n}',
    "error[mirrors-malformed]: GNU cannot be the name of a mirror",
    `  at ${config}:2:3`,
    "  hint: names hold small letters, digits, dots, dashes and underscores",
  );
  refuses(
    '{"gnu": [\n"http://a",\n"ftp://b"]\n}',
    "error[mirrors-malformed]: the mirror gnu lists ftp://b, which is no http, https or file URL",
    `  at ${config}:3:1`,
    hint,
  );
  refuses(
    '{"gnu": ["http://a"], "gnu": ["http://b"]}',
    "error[mirrors-malformed]: the mirror gnu stands twice",
    `  at ${config}:1:23`,
    hint,
  );
});

test("mirrors that are not there, and mirror URLs that name no file", () => {
  assertError(
    () => resolve("mirror://gnuu/x", {}),
    "error[fetch-mirror]: there is no mirror gnuu",
    "  hint: did you mean mirror://gnu/ or mirror://gnupg/?",
  );
  assertError(
    () => resolve("mirror://zzzzzzzz/x", { [config]: '{"mine": ["http://a"]}' }),
    "error[fetch-mirror]: there is no mirror zzzzzzzz",
    `  hint: there are apache, cpan, debian, gnome, gnu, gnupg, kernel, mine, npm, savannah, sourceforge, sourceware, xorg; ${config} adds more`,
  );
  for (const url of ["mirror://gnu", "mirror://gnu/", "mirror:gnu/x"])
    assertError(
      () => resolve(url, {}),
      `error[fetch-url]: the URL ${url} names no file on a mirror`,
      "  hint: write mirror://NAME/PATH, as in mirror://gnu/hello/hello-2.10.tar.gz",
    );
});
