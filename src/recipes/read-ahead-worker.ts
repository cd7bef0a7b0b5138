/** The thread of `read-ahead.ts`: reads and translates recipes and the files that they import, and sends a few at a time. */
import { resolve } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { contentOf } from "./files.ts";
import type { FileAhead, Request } from "./read-ahead.ts";
import { translateAhead } from "./translate.ts";

const { files, port, hasSent }: Request = workerData;
const mostAtOnce = 16;
const imported = new Set<string>();

// The first are wanted soon.
for (let at = 0, atOnce = 1; at < files.length; at += atOnce, atOnce = Math.min(2 * atOnce, mostAtOnce)) {
  port.postMessage(files.slice(at, at + atOnce).flatMap((file) => prepare(file, false)));
  if (Atomics.exchange(hasSent, 0, 1) === 0) Atomics.notify(hasSent, 0);
}
parentPort?.close();
port.close();

/** Nothing where anything is wrong: whoever needs the file finds out, and says so. */
function prepare(file: string, isShared: boolean): readonly FileAhead[] {
  try {
    const content = contentOf(file);
    if (content === undefined) return [];
    const translation = translateAhead(file, Buffer.from(content.content).toString(), isShared);
    // A copy, as what it was read into may be part of something large, all of which would be sent.
    const ahead = { file, content: { ...content, content: content.content.slice() }, translation };
    return [...translation.imports.flatMap(({ specifier }) => prepareImported(file, specifier)), ahead];
  } catch {
    return [];
  }
}

function prepareImported(from: string, specifier: string): readonly FileAhead[] {
  const file = resolve(from, "..", specifier);
  if (!/^\.\.?\/.*\.ts$/.test(specifier) || imported.has(file)) return [];
  imported.add(file);
  return prepare(file, true);
}
