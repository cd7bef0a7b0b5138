/** The compiled form of a list of modules: its options, and the records that they stand in. */
import { keyOf, reachOf } from "./collect.ts";
import { type Declaration, uncomputed } from "./declaration.ts";
import { type Declared, Module } from "./module.ts";
import type { Alias } from "./option.ts";

/** A name that stands for another option. */
export class Redirect {
  readonly kind: Alias["kind"];
  readonly path: readonly string[];
  readonly owner: Declared;
  readonly target: Alias["target"];
  /** The index of the option that it stands for, once the list is compiled; none where it was removed. */
  index = -1;
  /** The names inside of that option's value, where it stands for a part of it. */
  inside: readonly string[] = [];

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
  readonly #values: unknown[];
  readonly #pending: unknown[];
  readonly #views = new WeakMap<Declared, Group>();

  constructor(root: Group, declarations: readonly Declaration[], freeform: number | undefined) {
    this.root = root;
    this.declarations = declarations;
    this.freeform = freeform;
    this.#values = declarations.map(() => undefined);
    this.#pending = declarations.map(() => undefinedYet);
  }

  /** Make the slots of a new evaluation: constant defaults that somebody read before are there already. */
  slots(): { values: unknown[]; pending: unknown[] } {
    return { values: this.#values.slice(), pending: this.#pending.slice() };
  }

  /** Get the value of an option that nobody defines, the same in every evaluation; {@link uncomputed} if it is not. */
  constant(index: number): unknown {
    const value = this.declarations[index]?.constant;
    if (value !== uncomputed && this.#pending[index] !== undefined) {
      this.#values[index] = value;
      this.#pending[index] = undefined;
    }
    return value;
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

/** Say whether a module has declarations, and so is part of what is compiled. */
export function declares(module: Declared): boolean {
  return module.options !== undefined || module.freeform !== undefined;
}
