/** The thread of `read-ahead.ts`: reads the files that it is given, translates them, and sends a few at a time. */
import { parentPort, workerData } from "node:worker_threads";
import { contentOf } from "./files.ts";
import type { FileAhead, Request } from "./read-ahead.ts";
import { translateAhead } from "./translate.ts";

const { files, port }: Request = workerData;
const atOnce = 16;

for (let at = 0; at < files.length; at += atOnce)
  port.postMessage(files.slice(at, at + atOnce).flatMap(prepare));
parentPort?.close();
port.close();

/** Nothing where anything is wrong: whoever needs the file finds out, and says so. */
function prepare(file: string): readonly FileAhead[] {
  try {
    const content = contentOf(file);
    if (content === undefined) return [];
    const translation = translateAhead(file, Buffer.from(content.content).toString());
    // A copy, as what it was read into may be part of something large, all of which would be sent.
    return [{ file, content: { ...content, content: content.content.slice() }, translation }];
  } catch {
    return [];
  }
}
