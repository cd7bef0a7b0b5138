/**
 * Structured attributes as a builder gets them: `.attrs.json`, and `.attrs.sh` with the same for bash.
 *
 * The object is the derivation's, with `outputs` (path by name) added, and with the closures themselves where
 * `exportReferencesGraph` names paths. In `.attrs.sh` a member whose name is one of a shell variable becomes
 *
 *     declare NAME='text'            texts, integers, null (''), true (1), false (nothing)
 *     declare -a NAME=('a' 'b' )     lists of these
 *     declare -A NAME=(['k']='v' )   objects of these
 *
 * and every other member is left out: fractions, deeper nesting, other names.
 */
import { compareText } from "../base/index.ts";
import {
  formatJson,
  isJsonRecord,
  type JsonRecord,
  type JsonValue,
  Numeral,
} from "../nix/derivation/json-text.ts";
import { type Graphs, graphAttrs } from "./references-graph.ts";

/** Add to structured attributes what only a build knows: the paths of the outputs by name, and closures. */
export function completeAttrs(
  attrs: JsonRecord,
  outputs: ReadonlyMap<string, string>,
  graphs: Graphs,
): JsonRecord {
  const complete: Record<string, JsonValue> = Object.assign(Object.create(null), attrs);
  for (const [name, nodes] of graphs) complete[name] = graphAttrs(nodes);
  complete["outputs"] = Object.fromEntries(outputs);
  return complete;
}

/** Write `.attrs.json`: members ordered by bytes, no white space. */
export function formatAttrsJson(attrs: JsonRecord): string {
  return formatJson(attrs);
}

/** Write `.attrs.sh`. */
export function formatAttrsShell(attrs: JsonRecord): string {
  let text = "";
  for (const [name, value] of membersOf(attrs)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue;
    const simple = formatSimple(value);
    if (simple !== undefined) text += `declare ${name}=${simple}\n`;
    else if (Array.isArray(value)) {
      const items = (value as readonly JsonValue[]).map(formatSimple);
      if (!items.includes(undefined))
        text += `declare -a ${name}=(${items.map((item) => `${item} `).join("")})\n`;
    } else if (isJsonRecord(value)) {
      const items = membersOf(value).map(([key, each]) => [quoteShell(key), formatSimple(each)]);
      if (items.every(([, item]) => item !== undefined))
        text += `declare -A ${name}=(${items.map(([key, item]) => `[${key}]=${item} `).join("")})\n`;
    }
  }
  return text;
}

/** Write what bash takes as one word; `undefined` for what it does not. */
function formatSimple(value: JsonValue): string | undefined {
  switch (typeof value) {
    case "string":
      return quoteShell(value);
    case "number":
      return String(value);
    case "boolean":
      return value ? "1" : "";
    case "object":
      if (value === null) return "''";
      // An integer that is written as a fraction, such as 1.0.
      if (value instanceof Numeral && Number.isSafeInteger(Number(value.source)))
        return String(Number(value.source));
      return undefined;
  }
}

function membersOf(record: JsonRecord): (readonly [string, JsonValue])[] {
  return Object.entries(record).sort(([a], [b]) => compareText(a, b));
}

function quoteShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
