import { readFileSync } from "node:fs";
import { projectFile } from "../base/project.ts";

/** Say which cleave this is, in a line. */
export function version(): string {
  const described: { readonly version: string } = JSON.parse(
    readFileSync(projectFile("package.json"), "utf8"),
  );
  return `cleave ${described.version}\n`;
}
