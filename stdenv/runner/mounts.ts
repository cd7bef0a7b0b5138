/** What is mounted where. */
import { decodeText, encodeText, readFile } from "cleave:native";

/** Give for every place where something is mounted whether that can be written to. A later mount hides an earlier one. */
export function mountsOf(): ReadonlyMap<string, boolean> {
  const mounts = new Map<string, boolean>();
  for (const line of decodeText(readFile("/proc/self/mountinfo")).split("\n")) {
    // number, parent, device, root, place, options, further fields, " - ", type, source, options of the file system
    const [, , , , place, options] = line.split(" ");
    const whole = line.slice(line.indexOf(" - ") + 3).split(" ")[2] ?? "";
    if (place === undefined || options === undefined) continue;
    const readOnly = [...options.split(","), ...whole.split(",")].includes("ro");
    mounts.set(unescapePlace(place), !readOnly);
  }
  return mounts;
}

/** Undo what the kernel does to blanks, line ends and backslashes: three octal digits. */
function unescapePlace(place: string): string {
  if (!place.includes("\\")) return place;
  const bytes: number[] = [];
  const escaped = new Uint8Array(encodeText(place));
  for (let at = 0; at < escaped.length; at += 1)
    if (escaped[at] === 0x5c) {
      bytes.push(Number.parseInt(String.fromCharCode(...escaped.subarray(at + 1, at + 4)), 8));
      at += 3;
    } else bytes.push(escaped[at] ?? 0);
  return decodeText(Uint8Array.from(bytes));
}
