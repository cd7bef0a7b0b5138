/** The pages of the project: their links lead somewhere, and they name every room and command. */
import assert from "node:assert/strict";
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { describeCommand } from "../src/cli/command.ts";
import { commands } from "../src/cli/commands.ts";
import { repository } from "./support/cleave.ts";

const pages = ["*.md", "docs/*.md", "docs/errors/*.md", "bench/*.md"]
  .flatMap((pattern) => globSync(pattern, { cwd: repository }))
  .sort();
const read = (page: string): string => readFileSync(join(repository, page), "utf8");

/** The names that links can have behind `#`, as they follow from headings. */
function anchors(page: string): Set<string> {
  const headings = read(page).matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(/\s/g, "-"),
    ),
  );
}

test("every relative link in a page leads to a file, and every anchor to a heading", () => {
  const broken: string[] = [];
  for (const page of pages)
    for (const [, target = ""] of read(page)
      .replaceAll(/^```.*?^```/gms, "")
      .matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      if (!existsSync(join(repository, file))) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined && !anchors(file).has(anchor)) broken.push(`${page}: ${target}`);
    }
  assert.deepEqual(broken, []);
  assert.ok(pages.length > 50, `only ${pages.length} pages were read`);
});

test("the map names every room", () => {
  const map = read("docs/map.md");
  for (const room of readdirSync(join(repository, "src"), { withFileTypes: true }))
    if (room.isDirectory())
      assert.ok(map.includes(`(../src/${room.name}/`), `docs/map.md lacks ${room.name}`);
});

test("docs/commands.md is what the commands say of themselves", async () => {
  const parts = [
    "# Commands",
    "What `cleave COMMAND --help` prints, for every command. Results go to standard output, all else to standard error. Exit\n" +
      "codes: 0 done, 1 failed, 2 wrong usage, 100 a build failed, 104 what was built again came out otherwise, 130 interrupted,\n" +
      "141 nobody reads what is printed. `cleave help COMMAND` prints the same.",
  ];
  for (const [name, { load }] of Object.entries(commands)) {
    const [summary = "", ...rest] = describeCommand(name, await load())
      .trimEnd()
      .split("\n\n");
    parts.push(`## cleave ${name}`, summary, ["```", rest.join("\n\n"), "```"].join("\n"));
  }
  const text = `${parts.join("\n\n")}\n`;
  if (process.env["CLEAVE_ACCEPT"] === "1") {
    writeFileSync(join(repository, "docs/commands.md"), text);
    assert.fail("docs/commands.md was written; run again without CLEAVE_ACCEPT");
  }
  assert.equal(read("docs/commands.md"), text, "run this test with CLEAVE_ACCEPT=1 to write the page anew");
});

test("help fits into the columns that there are", async () => {
  for (const name of ["build", "diff", "store gc", "explain"]) {
    const command = await commands[name]?.load();
    assert.ok(command !== undefined);
    for (const width of [96, 80, 60])
      for (const line of describeCommand(name, command, width).split("\n"))
        assert.ok(line.length <= width, `${width} columns: ${line}`);
  }
});
