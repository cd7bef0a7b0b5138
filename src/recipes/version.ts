/** What results of evaluations depend on besides recipes: cleave itself and the runtime. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compareText, isCheckout, projectFile } from "../base/index.ts";
import { hashOf } from "./files.ts";

/** Rooms whose code decides on results. */
const rooms = ["base", "nix", "modules", "phases", "package", "recipes"];

/** Name the version of all that, in characters of a file name. In a checkout, it changes with the sources. */
export function evaluationVersion(): string {
  known ??= makeVersion();
  return known;
}

let known: string | undefined;

function makeVersion(): string {
  // What it depends on is in both too.
  if (!isCheckout)
    return `${readFileSync(projectFile("dist/build-id"), "utf8")}-node-${process.version.slice(1)}-${process.arch}`;
  const facts = [readFileSync(projectFile("package.json"), "utf8"), process.version, process.arch];
  for (const room of rooms) addFacts(fileURLToPath(projectFile(`src/${room}`)), room, facts);
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
