/**
 * Translates a recipe's file from a TypeScript module to the text of a function, which a compartment can run.
 *
 * Types go, and each import and export becomes something that the function is handed or gives back:
 *
 *     (function ($cleave) { "use strict"; let uses; $cleave.imports(($) => …); $cleave.exports({ default: () => … });
 *     …the file…
 *     })
 *
 * The lines of the result are not those of the file: positions are translated back when somebody asks for one.
 */
import { createRequire } from "node:module";
import { CleaveError, type Location } from "../base/index.ts";
import { analyse, type Breach, type Edit, isSuspicious } from "./analyse.ts";
import { type Binding, type Forward, type Links, parsedLinks, plainLinks } from "./links.ts";
import { type Mapping, mappingOf } from "./source-map.ts";
import { stateOf } from "./stateless.ts";

const require = createRequire(import.meta.url);

export type ImportRequest = {
  readonly specifier: string;
  readonly bindings: readonly Binding[];
  /** Where it stands in the file. */
  readonly location: () => Location;
};

export type Translation = {
  /** An expression whose value is the function. */
  readonly code: string;
  readonly imports: readonly ImportRequest[];
  readonly forwards: readonly Forward[];
  /** Names of what it exports itself. */
  readonly exports: readonly string[];
  /** Whether it keeps no state; not known, and so not said, of a recipe itself. */
  readonly stateless: boolean;
  /** Translate a position in `code` to one in the file. */
  readonly locate: (line: number, column: number) => Location;
};

/**
 * Translate the text of a file. With `isShared` it is found out whether it keeps state, and the function tells what is at
 * its top. Throws `recipe-syntax`, and `recipe-forbidden` for what no recipe may do.
 */
export function translate(file: string, text: string, isShared: boolean): Translation {
  const { code, errors } = transform(file, text);
  const [error] = errors;
  if (error !== undefined) {
    const start = error.labels[0]?.start;
    throw new CleaveError({
      code: "recipe-syntax",
      message: `this is no TypeScript: ${error.message}`,
      hint: "mend the file at this place",
      location: { file, ...(start === undefined ? {} : positionAt(text, start)) },
    });
  }
  let mapping: Mapping | undefined;
  /** Translate a position in `code`. */
  const locate = (line: number, column: number): Location => {
    mapping ??= mappingOf(transform(file, text, true).map?.mappings ?? "");
    return { file, ...mapping(line, column) };
  };
  const locationAt = (offset: number): Location => {
    const { line, column } = positionAt(code, offset);
    return locate(line, column);
  };
  /** Parse the code: it may hold what no recipe may do, or what has to be changed. */
  const parsed = (): Links & { readonly program: unknown } => {
    const { parseSync }: typeof import("oxc-parser") = require("oxc-parser");
    const { module, program, comments } = parseSync(`${file}.js`, code);
    const breaches: Breach[] = [...module.dynamicImports, ...module.importMetas].map(({ start }) => ({
      start,
      what: code.startsWith("import.meta", start) ? "import.meta" : "import()",
      hint: "import what is needed at the top of the file; read files with file() of cleave/recipe",
    }));
    const analysis = isSuspicious(code) ? analyse(program, comments, code) : undefined;
    breaches.push(...(analysis?.breaches ?? []));
    const [first] = breaches.sort((a, b) => a.start - b.start);
    if (first !== undefined)
      throw new CleaveError({
        code: "recipe-forbidden",
        message: `a recipe has no ${first.what.replace(/^an? /, "")}`,
        hint: first.hint,
        location: locationAt(first.start),
      });
    const links = parsedLinks(module, code);
    const edits = [...links.edits, ...(analysis?.edits ?? [])];
    return { ...links, edits, program };
  };
  const plain = isShared || isSuspicious(code) ? undefined : plainLinks(code);
  const {
    imports: links,
    forwards,
    getters,
    edits,
    program,
  } = plain === undefined ? parsed() : { ...plain, program: undefined };
  const imports = links.map(({ specifier, bindings, offset }) => ({
    specifier,
    bindings,
    location: () => locationAt(offset),
  }));

  const locals = imports.flatMap(({ bindings }) => bindings.map(({ local }) => local));
  const bound = imports.flatMap(({ bindings }, index) =>
    bindings.map(
      ({ imported, local }) =>
        `${local}=$[${index}]${imported === "*" ? "" : `[${JSON.stringify(imported)}]`};`,
    ),
  );
  const published = getters.map(({ exported, local }) => `${JSON.stringify(exported)}:(()=>${local})`);
  // The functions in parentheses are compiled together with what is around them.
  const head = [
    '(function($cleave){"use strict";',
    locals.length === 0 ? "" : `let ${locals.join(",")};`,
    bound.length === 0 ? "" : `$cleave.imports((($)=>{${bound.join("")}}));`,
    `$cleave.exports({${published.join(",")}});`,
    "\n",
  ].join("");
  const state = isShared
    ? stateOf(
        program,
        new Set(
          imports.flatMap(({ specifier, bindings }) =>
            /^cleave\/(?!stdenv$)/.test(specifier) ? bindings.map(({ local }) => local) : [],
          ),
        ),
      )
    : undefined;
  const tops = state?.stateless === true ? `$cleave.top([${state.names.join(",")}]);` : "";
  return {
    code: `${head}${apply(code, edits)}\n${tops}})`,
    stateless: state?.stateless === true,
    imports,
    forwards,
    exports: getters.map(({ exported }) => exported),
    locate: (line, column) => locate(line - 1, column + shiftOf(code, edits, line - 1, column)),
  };
}

/** What of a translation can be sent to another thread. Positions are not among it. */
export type Ahead = Pick<Translation, "code" | "forwards" | "exports" | "stateless"> & {
  readonly isShared: boolean;
  readonly imports: readonly Omit<ImportRequest, "location">[];
};

/** Translate a file so that the result can be sent. Throws what {@link translate} throws. */
export function translateAhead(file: string, text: string, isShared: boolean): Ahead {
  const { imports, locate: _, ...sent } = translate(file, text, isShared);
  return { ...sent, isShared, imports: imports.map(({ specifier, bindings }) => ({ specifier, bindings })) };
}

/** Take up a translation that was sent. It is made again when somebody asks for a position. */
export function takeUp(file: string, text: string, { imports, isShared, ...sent }: Ahead): Translation {
  let own: Translation | undefined;
  const again = (): Translation => {
    own ??= translate(file, text, isShared);
    return own;
  };
  return {
    ...sent,
    imports: imports.map((each, index) => ({
      ...each,
      location: () => again().imports[index]?.location() ?? {},
    })),
    locate: (line, column) => again().locate(line, column),
  };
}

/** Change a text; lines stay lines. What lies inside of another change goes with that. */
function apply(code: string, edits: readonly Edit[]): string {
  const sorted = edits.toSorted((a, b) => a.start - b.start || b.end - a.end);
  let result = "";
  let at = 0;
  for (const { start, end, text } of sorted) {
    if (start < at) continue;
    result += code.slice(at, start) + text;
    for (let line = code.indexOf("\n", start); line >= 0 && line < end; line = code.indexOf("\n", line + 1))
      result += "\n";
    at = end;
  }
  return result + code.slice(at);
}

/** How many columns were taken away in front of a position, on its line. */
function shiftOf(code: string, edits: readonly Edit[], line: number, column: number): number {
  let shift = 0;
  for (const { start, end, text } of edits) {
    const at = positionAt(code, start);
    if (at.line !== line || code.slice(start, end).includes("\n")) continue;
    if (at.column - shift <= column) shift += end - start - text.length;
  }
  return shift;
}

function positionAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let at = before.indexOf("\n"); at >= 0; at = before.indexOf("\n", at + 1)) line += 1;
  return { line, column: offset - start + 1 };
}

type Transformed = ReturnType<typeof import("oxc-transform").transformSync>;

/** Take the types out of a module. What is wrong with it is in `errors`. */
function transform(file: string, text: string, sourcemap = false): Transformed {
  const { transformSync }: typeof import("oxc-transform") = require("oxc-transform");
  return transformSync(file, text, {
    lang: "ts",
    sourceType: "module",
    target: "esnext",
    typescript: { onlyRemoveTypeImports: true },
    sourcemap,
  });
}
