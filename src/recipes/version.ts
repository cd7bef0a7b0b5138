/** What results of evaluations depend on besides recipes: cleave itself and the runtime. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
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
  const root = fileURLToPath(new URL("..", import.meta.url));
  // The versions of what it depends on are in it too.
  const facts = ["1", readFileSync(`${root}../package.json`, "utf8"), process.version, process.arch];
  if (import.meta.url.endsWith(".ts"))
    for (const room of rooms)
      for (const name of readdirSync(`${root}${room}`, { recursive: true, encoding: "utf8" }).sort()) {
        const { size, mtimeMs } = statSync(`${root}${room}/${name}`);
        facts.push(`${room}/${name} ${size} ${mtimeMs}`);
      }
  return hashOf(facts.join("\n")).slice(0, 12);
}
