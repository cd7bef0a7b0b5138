/** Documentation: what users can set, as records, JSON and Markdown, from the declarations themselves. */
import { relative } from "node:path";
import type { Location } from "../base/error.ts";
import { compareText } from "../base/index.ts";
import { collect } from "./collect.ts";
import { compile } from "./compile.ts";
import { locateDeclaration } from "./locate.ts";
import { type Declared, Module } from "./module.ts";
import type { OptionFacts } from "./option.ts";
import { showPath } from "./place.ts";
import { describePlace, describeValue } from "./problem.ts";
import { evaluationOf } from "./record.ts";
import { isRecord } from "./types/check.ts";
import type { JsonSchema, OptionBelow, Type } from "./types/type.ts";

/** What is said of an option. Below a set of any names or a list, `<name>` and `*` stand for each. */
export type OptionDocument = {
  readonly name: string;
  readonly path: readonly string[];
  readonly description?: string;
  readonly type: string;
  readonly schema: JsonSchema;
  /** As source text, or what the option says in its place. */
  readonly default?: string;
  readonly example?: string;
  readonly readOnly: boolean;
  readonly declarations: readonly { readonly module: string; readonly location?: Location }[];
};

export type DocumentationOptions = {
  /** The folder that files of declarations are given relative to. */
  readonly relativeTo?: string;
};

/** Describe all options of some modules, those below submodules too, ordered by path; internal ones are left out. */
export function describeOptions(
  modules: readonly Module[],
  { relativeTo }: DocumentationOptions = {},
): readonly OptionDocument[] {
  const { declarations, freeform } = compile(collect(modules.map((each) => Module.declared(each))));
  const found: OptionDocument[] = [];
  for (const [index, { names, declarers, facts }] of declarations.entries()) {
    const declared = { names, facts, modules: declarers.map(({ source }) => source.module) };
    if (index !== freeform) describe([], declared, new Set());
    else describeBelow([], declared, new Set());
  }
  return found.sort((a, b) => compareText(a.name, b.name));

  /** Describe an option below a path; `within` are the types around it, of which none is entered twice. */
  function describe(above: readonly string[], option: OptionBelow, within: ReadonlySet<Type>): void {
    const { names, facts, modules } = option;
    if (facts.internal === true || facts.visible === false) return;
    const path = [...above, ...names];
    found.push({
      name: showPath(path),
      path,
      ...(facts.description === undefined ? {} : { description: facts.description }),
      type: facts.type.description,
      schema: facts.type.schema(),
      ...textOf("default", facts.defaultText, facts.default === undefined ? emptyOf(facts) : facts.default),
      ...textOf("example", undefined, facts.example),
      readOnly: facts.readOnly === true,
      declarations: modules.map((module) => ({ module: module.name, ...locationOf(module, names) })),
    });
    if (facts.visible !== "shallow") describeBelow(path, option, within);
  }

  function describeBelow(
    path: readonly string[],
    { facts: { type }, modules }: OptionBelow,
    within: ReadonlySet<Type>,
  ): void {
    if (within.has(type)) return;
    const around = new Set([...within, type]);
    for (const below of type.below?.() ?? [])
      for (const each of below.options)
        describe(
          [...path, ...below.path],
          { ...each, modules: each.modules.length > 0 ? each.modules : modules.slice(0, 1) },
          around,
        );
  }

  function locationOf(module: Declared, names: readonly string[]): { location?: Location } {
    const location = locateDeclaration(module, names);
    if (location?.file === undefined) return {};
    const file = relativeTo === undefined ? location.file : relative(relativeTo, location.file);
    return { location: { ...location, file } };
  }
}

/** Get the value of an option that nobody defines, where its type has a plain one. */
function emptyOf({ type }: OptionFacts): unknown {
  const empty = type.empty?.(undefined);
  return evaluationOf(empty) === undefined ? empty : undefined;
}

function textOf<K extends string>(key: K, text: string | undefined, value: unknown): { [L in K]?: string } {
  const shown = text ?? (value === undefined ? undefined : sourceOf(value));
  return (shown === undefined ? {} : { [key]: shown }) as { [L in K]?: string };
}

/** Write a value as TypeScript would. */
function sourceOf(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sourceOf).join(", ")}]`;
  if (!isRecord(value)) return typeof value === "function" ? String(value) : describeValue(value);
  const entries = Object.entries(value).map(
    ([name, each]) => `${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}: ${sourceOf(each)}`,
  );
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** Write documents as JSON: a record with `options`, by name. Ends with a line feed. */
export function documentsToJson(documents: readonly OptionDocument[]): string {
  const options = Object.fromEntries(documents.map(({ name, ...rest }) => [name, rest]));
  return `${JSON.stringify({ options }, null, 2)}\n`;
}

/** Write documents as Markdown, a heading of level 2 each. Ends with a line feed. */
export function documentsToMarkdown(documents: readonly OptionDocument[]): string {
  return documents
    .map((each) => {
      const facts = [
        `- Takes: ${each.type}`,
        ...(each.default === undefined ? [] : [`- Default: ${code(each.default)}`]),
        ...(each.example === undefined ? [] : [`- Example: ${code(each.example)}`]),
        ...(each.readOnly ? ["- Read-only"] : []),
        ...each.declarations.map(
          ({ module, location }) => `- Declared by module ${module}${describePlace(location)}`,
        ),
      ];
      const description = each.description === undefined ? "" : `${each.description.trim()}\n\n`;
      return `## ${code(each.name)}\n\n${description}${facts.join("\n")}\n`;
    })
    .join("\n");
}

/** Put a text into backticks, more of them where it has some. */
function code(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}
