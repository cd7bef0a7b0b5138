/**
 * Compares the derivations of a package before and after a change: which differ in what they say themselves, and which only
 * because something that they need does.
 */
import type { Derivation, StorePath } from "../nix/index.ts";
import { namePart } from "../nix/index.ts";

/** Reads a derivation; `undefined` where it is not known any more. */
export type ReadDerivation = (path: StorePath) => Derivation | undefined;

export type Side = { readonly root: StorePath; readonly read: ReadDerivation };

export type FieldChange = { readonly field: string; readonly before: string; readonly after: string };

/** A derivation that changes. */
export type DerivationChange = {
  readonly name: string;
  readonly before: StorePath | undefined;
  readonly after: StorePath | undefined;
  /** What it says otherwise itself; empty where it only follows. */
  readonly fields: readonly FieldChange[];
  /** Names of what it needs that changes, comes or goes. */
  readonly because: readonly string[];
};

/** Compare two derivations and all that they need; those that others follow from come first. */
export function compareDerivations(before: Side, after: Side): DerivationChange[] {
  const changes: DerivationChange[] = [];
  const seen = new Set<string>();
  const visit = (old: StorePath, now: StorePath): void => {
    if (old === now || seen.has(`${old} ${now}`)) return;
    seen.add(`${old} ${now}`);
    const one = before.read(old);
    const two = after.read(now);
    if (one === undefined || two === undefined) {
      changes.push({ name: nameOf(now), before: old, after: now, fields: [], because: [] });
      return;
    }
    const olds = byName(one);
    const nows = byName(two);
    const because: string[] = [];
    for (const [name, path] of nows) {
      const other = olds.get(name);
      if (other === undefined) because.push(`${name} is new`);
      else if (other !== path) {
        because.push(nameOf(path));
        visit(other, path);
      }
    }
    for (const name of olds.keys()) if (!nows.has(name)) because.push(`${name} is gone`);
    changes.push({
      name: nameOf(now),
      before: old,
      after: now,
      fields: [
        ...(nameOf(old) === nameOf(now) ? [] : [{ field: "name", before: nameOf(old), after: nameOf(now) }]),
        ...fieldsOf(one, two),
      ],
      because,
    });
  };
  visit(before.root, after.root);
  return changes;
}

/** The inputs by their names: without versions, so that another version of the same is found, unless two are called so. */
function byName({ inputDrvs }: Derivation): Map<string, StorePath> {
  const counts = new Map<string, number>();
  for (const path of inputDrvs.keys()) counts.set(shortName(path), (counts.get(shortName(path)) ?? 0) + 1);
  return new Map(
    [...inputDrvs.keys()].map((path) => [
      counts.get(shortName(path)) === 1 ? shortName(path) : nameOf(path),
      path,
    ]),
  );
}

function shortName(path: StorePath): string {
  return nameOf(path).replace(/-\d.*$/, "");
}

function nameOf(path: StorePath): string {
  return namePart(path).replace(/\.drv$/, "");
}

function fieldsOf(one: Derivation, two: Derivation): FieldChange[] {
  const fields: FieldChange[] = [];
  const compare = (field: string, before: string, after: string): void => {
    if (withoutHashes(before) !== withoutHashes(after)) fields.push(...narrow(field, before, after));
  };
  compare("platform", one.platform, two.platform);
  compare("builder", one.builder, two.builder);
  compare("args", one.args.join(" "), two.args.join(" "));
  const outputs = new Set([...one.outputs.keys(), ...two.outputs.keys()]);
  const before = new Map(one.env);
  const after = new Map(two.env);
  for (const name of new Set([...before.keys(), ...after.keys()]))
    if (!outputs.has(name)) compare(name, before.get(name) ?? "", after.get(name) ?? "");
  const sources = (each: Derivation) => each.inputSrcs.map(namePart).sort().join(" ");
  compare("sources", sources(one), sources(two));
  const contents = changedSources(one, two);
  if (contents.length > 0)
    fields.push({ field: "sources", before: contents.join(" "), after: "other content" });
  return fields;
}

/** Names of sources, such as scripts, that have another content. */
function changedSources(one: Derivation, two: Derivation): string[] {
  const before = new Set(one.inputSrcs);
  const names = new Set(one.inputSrcs.map(namePart));
  return two.inputSrcs.filter((path) => !before.has(path) && names.has(namePart(path))).map(namePart);
}

/** What is said apart from which paths are meant: those of inputs are told of there. */
function withoutHashes(text: string): string {
  return text.replaceAll(/\/nix\/store\/[0-9a-df-np-sv-z]{32}-/g, "/nix/store/…-");
}

/** Where both sides are JSON records, tell of the places in them. */
function narrow(field: string, before: string, after: string): FieldChange[] {
  const one = parse(before);
  const two = parse(after);
  if (one === undefined || two === undefined) return [{ field, before, after }];
  const found: FieldChange[] = [];
  const visit = (path: string, a: unknown, b: unknown): void => {
    if (isObject(a) && isObject(b)) {
      for (const name of new Set([...Object.keys(a), ...Object.keys(b)]))
        visit(`${path}.${labelOf(b, name)}`, a[name], b[name]);
      return;
    }
    const texts = [JSON.stringify(a) ?? "nothing", JSON.stringify(b) ?? "nothing"] as const;
    if (withoutHashes(texts[0]) !== withoutHashes(texts[1]))
      found.push({ field: path, before: texts[0], after: texts[1] });
  };
  visit(field === "__json" ? "attributes" : field, one, two);
  return found;
}

/** Phases stand in a list, and are known by their names. */
function labelOf(list: Readonly<Record<string, unknown>>, index: string): string {
  const entry = list[index];
  const name = isObject(entry) ? entry["name"] : undefined;
  return Array.isArray(list) && typeof name === "string" ? name : index;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Write changes as lines, causes apart from what only follows. */
export function describeChanges(changes: readonly DerivationChange[]): string[] {
  const causes = changes.filter(({ fields }) => fields.length > 0);
  const others = changes.filter(({ fields }) => fields.length === 0);
  const lines: string[] = [];
  for (const { name, fields } of causes) {
    lines.push(`${name} changes:`);
    for (const { field, before, after } of fields)
      lines.push(`  ${field}`, `    - ${cut(before)}`, `    + ${cut(after)}`);
  }
  for (const { name, because } of others)
    lines.push(because.length === 0 ? `${name} changes` : `${name} only follows: ${because.join(", ")}`);
  return lines;
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
