/**
 * Compiling: from a list of modules to their options, once per process and list.
 *
 * Only modules that declare something count for the list, so that thousands of packages that use the same few
 * modules share one compiled form.
 */
import { CleaveError, compareText } from "../base/index.ts";
import { keyOf, reachOf } from "./collect.ts";
import { Compiled, declares, type Entry, Group, Redirect } from "./compiled.ts";
import { Declaration, type Declarer } from "./declaration.ts";
import { Definition, type Source } from "./definition.ts";
import type { Part } from "./evaluate.ts";
import { type Declared, isOptionTree } from "./module.ts";
import { Alias, Option, type OptionTree } from "./option.ts";
import { showPath } from "./place.ts";
import type { Type } from "./types/type.ts";

class Trie {
  #next: WeakMap<Declared, Trie> | undefined;
  compiled: Compiled | undefined;

  at(module: Declared): Trie {
    this.#next ??= new WeakMap();
    let next = this.#next.get(module);
    if (next === undefined) {
      next = new Trie();
      this.#next.set(module, next);
    }
    return next;
  }
}

const trie = new Trie();

/** Get the compiled form of a collected list. Throws `option-declaration`. */
export function compile(parts: readonly Part[]): Compiled {
  let node = trie;
  for (const each of parts) if (!(each instanceof Definition) && declares(each)) node = node.at(each);
  node.compiled ??= compileModules(
    parts.filter((each): each is Declared => !(each instanceof Definition) && declares(each)),
  );
  return node.compiled;
}

type Draft = { readonly options: Declarer[]; readonly groups: { source: Source; tree: OptionTree }[] };

function compileModules(modules: readonly Declared[]): Compiled {
  const declarations: Declaration[] = [];
  const trees = modules
    .filter(({ options }) => options !== undefined)
    .map((module) => ({ source: { module, root: undefined, rank: 0 }, tree: module.options ?? {} }));
  const freeforms = modules.flatMap((module) =>
    module.freeform === undefined
      ? []
      : [{ source: { module, root: undefined, rank: 0 }, option: new Option({ type: module.freeform }) }],
  );
  const root = compileGroup([], trees, declarations, freeforms.length > 0);
  resolveRedirects(root, root, declarations);
  if (freeforms.length === 0) return new Compiled(root, declarations, undefined);
  declarations.push(new Declaration([], freeforms));
  return new Compiled(root, declarations, declarations.length - 1);
}

function compileGroup(
  path: readonly string[],
  trees: readonly { readonly source: Source; readonly tree: OptionTree }[],
  declarations: Declaration[],
  open: boolean,
): Group {
  const drafts = new Map<string, Draft>();
  for (const { source, tree } of trees)
    for (const [name, entry] of Object.entries(tree)) {
      if (name === "__proto__") throw badEntry(source, path, name, "__proto__ is no name for an option");
      const draft = drafts.get(name) ?? { options: [], groups: [] };
      drafts.set(name, draft);
      if (entry instanceof Option) draft.options.push({ source, option: entry });
      else if (typeof entry === "object" && entry !== null && isOptionTree(entry))
        draft.groups.push({ source, tree: entry });
      else throw badEntry(source, path, name, "is neither an option nor a record of options");
    }
  const names = new Map<string, Entry>();
  for (const [name, draft] of [...drafts].sort(([a], [b]) => compareText(a, b))) {
    const at = [...path, name];
    const alias = draft.options.find(({ option }) => option instanceof Alias);
    if (alias?.option instanceof Alias) {
      const [other] = [...draft.options, ...draft.groups].filter((each) => each !== alias);
      if (other !== undefined)
        throw badEntry(
          alias.source,
          path,
          name,
          `is declared as another name, and by module ${other.source.module.name} as well`,
        );
      names.set(name, new Redirect(alias.option, at, alias.source.module));
    } else if (draft.options.length === 0)
      names.set(name, compileGroup(at, draft.groups, declarations, open));
    else {
      names.set(name, declarations.length);
      declarations.push(new Declaration(at, withGroups(at, draft)));
    }
  }
  return new Group(path, names, open, undefined);
}

/** Find the options that aliases stand for. Throws `option-declaration` where there is none. */
function resolveRedirects(root: Group, group: Group, declarations: readonly Declaration[]): void {
  for (const entry of group.names.values())
    if (entry instanceof Group) resolveRedirects(root, entry, declarations);
    else if (entry instanceof Redirect && entry.kind !== "removed") resolve(entry, root, declarations);
}

function resolve(redirect: Redirect, root: Group, declarations: readonly Declaration[]): void {
  const { target, path, owner } = redirect;
  let index = -1;
  let inside: readonly string[] = [];
  if (target instanceof Option)
    index = declarations.findIndex(({ declarers }) => declarers.some(({ option }) => option === target));
  else if (typeof target !== "string") {
    let entry: Entry | undefined = root;
    let at = 0;
    for (; entry instanceof Group && at < target.length; at += 1) entry = entry.names.get(target[at] ?? "");
    if (typeof entry === "number") index = entry;
    inside = target.slice(at);
  }
  const declaration = declarations[index];
  const reach = reachOf(owner);
  if (
    declaration?.declarers.some(({ source }) => reach.has(keyOf(source.module))) === true &&
    (inside.length === 0 || holdsNames(declaration.type))
  ) {
    redirect.index = index;
    redirect.inside = inside;
    return;
  }
  const what = Array.isArray(target) ? showPath(target) : "an option";
  throw badEntry(
    { module: owner, root: undefined, rank: 0 },
    path.slice(0, -1),
    path.at(-1) ?? "",
    `stands for ${what}, which is not among the options in its reach`,
    "give an option of the module, or of one that it uses, or its path",
  );
}

/** Say whether values of a type may hold others under names: submodules, attribute sets, and what is made of them. */
function holdsNames(type: Type): boolean {
  return type.extend !== undefined || type.inside !== undefined;
}

/** Turn records of options that stand where an option is declared into submodules, if that option is one. */
function withGroups(path: readonly string[], { options, groups }: Draft): readonly Declarer[] {
  const [first] = groups;
  const [option] = options;
  if (first === undefined || option === undefined) return options;
  const { type } = option.option.facts;
  if (type.extend === undefined)
    throw new CleaveError({
      code: "option-declaration",
      message: `module ${first.source.module.name} declares options below ${showPath(path)}, which module ${option.source.module.name} declares as an option that takes ${type.description} and has none below it`,
      hint: "rename one of them, or make the option's type a submodule",
      location: first.source.module.origin.location,
    });
  return [
    ...options,
    ...groups.map(
      ({ source, tree }): Declarer => ({
        source,
        option: new Option({ type: extended(type, source, tree) }),
      }),
    ),
  ];
}

function extended(type: Type, source: Source, tree: OptionTree): Type {
  if (type.extend === undefined) throw new Error("a type that cannot be extended");
  return type.extend(source.module, tree);
}

function badEntry(
  source: Source,
  path: readonly string[],
  name: string,
  problem: string,
  hint = "declare options with mkOption({ type }), and put them into plain records",
): CleaveError {
  return new CleaveError({
    code: "option-declaration",
    message: `module ${source.module.name}: ${showPath([...path, name])} ${problem}`,
    hint,
    location: source.module.origin.location,
  });
}
