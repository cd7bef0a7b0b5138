/**
 * Compiling: from a list of modules to their options, once per process and list.
 *
 * Only modules that declare something count for the list, so that thousands of packages that use the same few
 * modules share one compiled form. The order of definitions is nixpkgs': breadth first through the imports, then
 * the other way around, so what is imported comes before who imports it.
 */
import { CleaveError, compareText } from "../base/index.ts";
import { Declaration, type Declarer, uncomputed } from "./declaration.ts";
import { Definition, type Source } from "./definition.ts";
import type { Part } from "./evaluate.ts";
import { checkModule, type Declared, isOptionTree, Module } from "./module.ts";
import { Alias, Option, type OptionTree } from "./option.ts";
import { showPath } from "./place.ts";
import type { Type } from "./types/type.ts";

/** A name that stands for another option. */
export class Redirect {
  readonly kind: Alias["kind"];
  readonly path: readonly string[];
  readonly owner: Declared;
  readonly target: Alias["target"];
  /** The index of the option that it stands for, once the list is compiled; none where it was removed. */
  index = -1;

  constructor(alias: Alias, path: readonly string[], owner: Declared) {
    this.kind = alias.kind;
    this.target = alias.target;
    this.path = path;
    this.owner = owner;
  }
}

/** What a name in a record stands for: an option, by its index; another record; another option. */
export type Entry = number | Group | Redirect;

/** A record of options. */
export class Group {
  readonly path: readonly string[];
  readonly names: ReadonlyMap<string, Entry>;
  /** Other names may be read and defined too, by a freeform type. */
  readonly open: boolean;
  /** The whole record, where this one is what a module can reach of it. */
  readonly whole: Group | undefined;

  constructor(
    path: readonly string[],
    names: ReadonlyMap<string, Entry>,
    open: boolean,
    whole: Group | undefined,
  ) {
    this.path = path;
    this.names = names;
    this.open = open;
    this.whole = whole;
  }
}

/** No definitions. */
export const undefinedYet: readonly never[] = Object.freeze([]);

export class Compiled {
  readonly root: Group;
  readonly declarations: readonly Declaration[];
  /** The index of the slot of names that are not declared. */
  readonly freeform: number | undefined;
  #values: unknown[] | undefined;
  #pending: unknown[] = [];
  readonly #views = new WeakMap<Declared, Group>();

  constructor(root: Group, declarations: readonly Declaration[], freeform: number | undefined) {
    this.root = root;
    this.declarations = declarations;
    this.freeform = freeform;
  }

  /** Make the slots of a new evaluation: options with a constant default have their value already. */
  slots(): { values: unknown[]; pending: unknown[] } {
    if (this.#values === undefined) {
      const constants = this.declarations.map(({ constant }) => constant);
      this.#values = constants.map((each) => (each === uncomputed ? undefined : each));
      this.#pending = constants.map((each) => (each === uncomputed ? undefinedYet : undefined));
    }
    return { values: this.#values.slice(), pending: this.#pending.slice() };
  }

  /** Get what a module can reach: the options that it, and all that it uses, declare. */
  viewOf(module: Declared): Group {
    if (module.reachesAll) return this.root;
    let view = this.#views.get(module);
    if (view !== undefined) return view;
    const [only] = module.uses;
    if (!declares(module) && module.uses.length === 1 && only !== undefined)
      view = this.viewOf(Module.declared(only));
    else {
      const reach = reachOf(module);
      const inReach = (index: number): boolean =>
        this.declarations[index]?.declarers.some(({ source }) => reach.has(keyOf(source.module))) === true;
      const open = this.freeform !== undefined && inReach(this.freeform);
      view = prune(this.root, reach, inReach, open);
    }
    this.#views.set(module, view);
    return view;
  }
}

function prune(
  group: Group,
  reach: ReadonlySet<unknown>,
  inReach: (index: number) => boolean,
  open: boolean,
): Group {
  const names = new Map<string, Entry>();
  for (const [name, entry] of group.names)
    if (typeof entry === "number") {
      if (inReach(entry)) names.set(name, entry);
    } else if (entry instanceof Redirect) {
      if (reach.has(keyOf(entry.owner))) names.set(name, entry);
    } else {
      const below = prune(entry, reach, inReach, open);
      if (below.names.size > 0) names.set(name, below);
    }
  return new Group(group.path, names, open, group);
}

/** What makes two modules one: the key that they give, or the module itself. */
function keyOf(module: Declared): unknown {
  return module.key ?? module;
}

function declares(module: Declared): boolean {
  return module.options !== undefined || module.freeform !== undefined;
}

/** The keys of a module and all that it uses, directly or not. */
function reachOf(module: Declared): Set<unknown> {
  const found = new Set<unknown>();
  const todo = [module];
  for (let each = todo.pop(); each !== undefined; each = todo.pop()) {
    if (found.has(keyOf(each))) continue;
    found.add(keyOf(each));
    for (const used of each.uses) todo.push(Module.declared(used));
  }
  return found;
}

/** List modules and all that they use and import, in the order of their definitions, without the disabled ones. */
export function collect(parts: readonly Part[]): readonly Part[] {
  const all = closure(parts, undefined);
  let disabled: Set<unknown> | undefined;
  for (const each of all)
    if (!(each instanceof Definition) && each.disabled.length > 0) {
      disabled ??= new Set();
      for (const module of each.disabled) disabled.add(keyOf(Module.declared(module)));
    }
  return (disabled === undefined ? all : closure(parts, disabled)).reverse();
}

/** Past this many parts, a set is used to find one again. */
const few = 24;

/** Go breadth first through modules and what they use and import, past those that are left out. */
function closure(parts: readonly Part[], without: ReadonlySet<unknown> | undefined): Part[] {
  const found: Part[] = [];
  let seen: Set<unknown> | undefined;
  const add = (part: Part): void => {
    const key = part instanceof Definition ? part : keyOf(part);
    if (without?.has(key) === true) return;
    if (seen === undefined) {
      for (const each of found) if ((each instanceof Definition ? each : keyOf(each)) === key) return;
      if (found.length > few)
        seen = new Set(found.map((each) => (each instanceof Definition ? each : keyOf(each))));
    }
    if (seen?.has(key) === true) return;
    seen?.add(key);
    found.push(part);
  };
  for (const each of parts) add(each);
  for (let index = 0; index < found.length; index += 1) {
    const part = found[index];
    if (part === undefined || part instanceof Definition) continue;
    for (const each of part.uses) add(Module.declared(each));
    if (typeof part.imports === "function" || part.imports.length > 0)
      for (const each of importsOf(part)) add(each);
  }
  return found;
}

function importsOf(module: Declared): readonly Declared[] {
  const { imports } = module;
  if (typeof imports === "function") {
    const list: unknown = imports();
    if (Array.isArray(list))
      return list.map((each) => checkModule(each, `imports of module ${module.name}`, module.origin));
    return [checkModule(list, `imports of module ${module.name}`, module.origin)];
  }
  return imports.map((each) => Module.declared(each));
}

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
    else if (entry instanceof Redirect && entry.kind !== "removed")
      entry.index = resolve(entry, root, declarations);
}

function resolve(redirect: Redirect, root: Group, declarations: readonly Declaration[]): number {
  const { target, path, owner } = redirect;
  let index = -1;
  if (target instanceof Option)
    index = declarations.findIndex(({ declarers }) => declarers.some(({ option }) => option === target));
  else if (typeof target !== "string") {
    let entry: Entry | undefined = root;
    for (const name of target) entry = entry instanceof Group ? entry.names.get(name) : undefined;
    if (typeof entry === "number") index = entry;
  }
  const declaration = declarations[index];
  const reach = reachOf(owner);
  if (declaration?.declarers.some(({ source }) => reach.has(keyOf(source.module))) === true) return index;
  const what = Array.isArray(target) ? showPath(target) : "an option";
  throw badEntry(
    { module: owner, root: undefined, rank: 0 },
    path.slice(0, -1),
    path.at(-1) ?? "",
    `stands for ${what}, which is not among the options in its reach`,
    "give an option of the module, or of one that it uses, or its path",
  );
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
