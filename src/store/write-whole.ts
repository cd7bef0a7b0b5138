import { renameSync, writeFileSync } from "node:fs";

/** Write a small file so that others see it whole or not at all. Killed in between, a temporary file stays. */
export function writeWhole(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.tmp-${process.pid}`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}
