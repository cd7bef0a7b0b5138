/** What results of evaluations depend on besides recipes: cleave itself and the runtime. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compareText, isCheckout, projectFile } from "../base/index.ts";
import { hashOf } from "./files.ts";

/** Rooms whose code decides on results. */
const rooms = ["base", "nix", "modules", "phases", "package", "recipes"];

/** Name the version of all that: a few characters. In a checkout, it changes with the sources. */
export function evaluationVersion(): string {
  known ??= makeVersion();
  return known;
}

let known: string | undefined;

function makeVersion(): string {
  // The versions of what it depends on are in it too.
  const facts = ["1", readFileSync(projectFile("package.json"), "utf8"), process.version, process.arch];
  if (isCheckout) for (const room of rooms) addFacts(fileURLToPath(projectFile(`src/${room}`)), room, facts);
  return hashOf(facts.join("\n")).slice(0, 12);
}

/** Add size and time of all files below a folder. */
function addFacts(folder: string, name: string, facts: string[]): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    compareText(a.name, b.name),
  )) {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) addFacts(file, `${name}/${entry.name}`, facts);
    else {
      const { size, mtimeMs } = statSync(file);
      facts.push(`${name}/${entry.name} ${size} ${mtimeMs}`);
    }
  }
}
