import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./cleave.ts";

/**
 * Compare a text with the golden file `test/golden/<name>`, byte for byte; gives the file's bytes. With
 * `CLEAVE_ACCEPT=1` the file is written, and the test fails.
 */
export function golden(name: string, text: string): Buffer {
  const file = join(repository, "test/golden", name);
  if (process.env["CLEAVE_ACCEPT"] === "1") {
    writeFileSync(file, text);
    assert.fail(`${name} was written; run again without CLEAVE_ACCEPT`);
  }
  const bytes = readFileSync(file);
  assert.equal(text, bytes.toString());
  return bytes;
}
