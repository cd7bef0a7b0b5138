/** Finds the imports and exports of a file, and takes them out of its code. */
import type { EcmaScriptModule } from "oxc-parser";
import type { Edit } from "./analyse.ts";

/** A name that an import brings: `*` for the whole of a module. */
export type Binding = { readonly imported: string; readonly local: string };

/** An import: what it names, at an offset, and what it brings. */
export type Link = {
  readonly specifier: string;
  readonly offset: number;
  readonly bindings: readonly Binding[];
};

/** What a file exports of another: `exported` is absent where it is all that the other exports. */
export type Forward = {
  readonly request: number;
  readonly imported: string;
  readonly exported: string | undefined;
};

/** What a file exports itself, and the variable that it is. */
export type Getter = { readonly exported: string; readonly local: string };

export type Links = {
  readonly imports: readonly Link[];
  readonly forwards: readonly Forward[];
  readonly getters: readonly Getter[];
  /** What takes the imports and exports out of the code. */
  readonly edits: readonly Edit[];
};

/** The variable that holds a default export without a name. */
const defaultVariable = "$cleaveDefault";

/**
 * Find the imports and the default export of code as `oxc-transform` writes it, where it has no other exports: each starts a
 * line. `undefined` where that is not sure, as a text or comment with several lines may look like it.
 */
export function plainLinks(code: string): Links | undefined {
  if (/[`]|\/\*|import\.meta|^export (?!default (?!async\b|function\b|class\b))/m.test(code))
    return undefined;
  const imports: Link[] = [];
  const edits: Edit[] = [];
  for (const match of code.matchAll(/^import (?:(.+) from )?("[^"\\\n]*")(?: with \{[^}\n]*\})?;$/gm)) {
    const [text, clause = "", quoted = ""] = match;
    const bindings = bindingsOf(clause);
    if (bindings === undefined) return undefined;
    const start = match.index;
    edits.push({ start, end: start + text.length, text: "" });
    imports.push({
      specifier: quoted.slice(1, -1),
      offset: start + text.indexOf(quoted, 7 + clause.length),
      bindings,
    });
  }
  const exports = [...code.matchAll(/^export default /gm)];
  if (imports.length !== [...code.matchAll(/^import\b/gm)].length || exports.length > 1) return undefined;
  for (const { index, 0: text } of exports)
    edits.push({ start: index, end: index + text.length, text: `const ${defaultVariable} = ` });
  const getters = exports.map(() => ({ exported: "default", local: defaultVariable }));
  return { imports, forwards: [], getters, edits };
}

/** Read what stands between `import` and `from`. */
function bindingsOf(clause: string): Binding[] | undefined {
  const [, first, whole, names] =
    /^(?:([\w$]+)(?:, )?)?(?:\* as ([\w$]+)|\{ ?([^{}]*?) ?\})?$/.exec(clause) ?? [];
  if (clause !== "" && first === undefined && whole === undefined && names === undefined) return undefined;
  const bindings: Binding[] = [];
  if (first !== undefined) bindings.push({ imported: "default", local: first });
  if (whole !== undefined) bindings.push({ imported: "*", local: whole });
  for (const each of names === undefined || names === "" ? [] : names.split(", ")) {
    const [, imported, local] = /^([\w$]+)(?: as ([\w$]+))?$/.exec(each) ?? [];
    if (imported === undefined) return undefined;
    bindings.push({ imported, local: local ?? imported });
  }
  return bindings;
}

/** Find imports and exports of any form, by what the parser tells. */
export function parsedLinks(module: EcmaScriptModule, code: string): Links {
  const edits: Edit[] = [];
  const imports: Link[] = [];
  const forwards: Forward[] = [];
  const getters: Getter[] = [];
  for (const { start, end, moduleRequest, entries } of module.staticImports) {
    edits.push({ start, end, text: "" });
    imports.push({
      specifier: moduleRequest.value,
      bindings: entries.map(({ importName, localName }) => ({
        imported:
          importName.kind === "Name"
            ? (importName.name ?? "")
            : importName.kind === "Default"
              ? "default"
              : "*",
        local: localName.value,
      })),
      offset: moduleRequest.start,
    });
  }
  for (const { start, end, entries } of module.staticExports) {
    const [first] = entries;
    if (first === undefined || first.moduleRequest !== null || code[start + 7] === "{") {
      edits.push({ start, end, text: "" });
      const request = first?.moduleRequest;
      if (request !== null && request !== undefined) {
        imports.push({
          specifier: request.value,
          bindings: [],
          offset: request.start,
        });
      }
      for (const { moduleRequest, importName, exportName, localName } of entries)
        if (moduleRequest === null)
          getters.push({ exported: nameOf(exportName), local: localName.name ?? "" });
        else
          forwards.push({
            request: imports.length - 1,
            imported: importName.kind === "Name" ? (importName.name ?? "") : "*",
            exported: exportName.kind === "None" ? undefined : nameOf(exportName),
          });
      continue;
    }
    if (first.exportName.kind !== "Default") {
      edits.push({ start, end: start + "export ".length, text: "" });
      for (const { exportName, localName } of entries)
        getters.push({ exported: nameOf(exportName), local: localName.name ?? "" });
      continue;
    }
    const head = code.slice(start, end);
    const named =
      /^export default (?:async )?(?:function\b\s*\*?|class\b)\s*(?!extends\b)([\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)/u.exec(
        head,
      )?.[1];
    if (named !== undefined) {
      edits.push({ start, end: start + "export default ".length, text: "" });
      getters.push({ exported: "default", local: named });
    } else {
      edits.push({ start, end: start + "export default ".length, text: `const ${defaultVariable} = ` });
      edits.push({ start: end, end, text: ";" });
      getters.push({ exported: "default", local: defaultVariable });
    }
  }
  return { imports, forwards, getters, edits };
}

function nameOf({ kind, name }: { readonly kind: string; readonly name: string | null }): string {
  return kind === "Default" ? "default" : (name ?? "");
}
