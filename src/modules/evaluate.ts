/** Evaluations: the definitions of a list of modules, merged option by option as they are read. */
import { types } from "node:util";
import type { Location } from "../base/error.ts";
import { CleaveError } from "../base/index.ts";
import { BodyContext, notDefined } from "./body.ts";
import { type Compiled, Group, type Redirect, undefinedYet } from "./compiled.ts";
import { uncomputed } from "./declaration.ts";
import { Condition, Definition, heldParts, runThunk, type Source } from "./definition.ts";
import { Facts } from "./facts.ts";
import { current, force, isKeeping, passes, type Slots } from "./forcing.ts";
import { LateDefinitions } from "./late.ts";
import { definedAt, locate, locateDeclaration } from "./locate.ts";
import { throwing } from "./merge.ts";
import { type Declared, Defined } from "./module.ts";
import { namesOf, type Place, placeOf, showPath } from "./place.ts";
import { callerIn } from "./position.ts";
import { describePlace, describeSource, optionError } from "./problem.ts";
import { Property } from "./property.ts";
import { outOfReach, recordOf, removed } from "./record.ts";
import { isRecord } from "./types/check.ts";

/** What an evaluation is made of: modules, and records of definitions that stand in none of its modules. */
export type Part = Declared | Definition;

export type SpecialArgs = Readonly<Record<string, unknown>>;

/** A definition under the old name of an option, or a module that reads it. */
export type OldName = { readonly evaluation: Evaluation; readonly redirect: Redirect } & (
  | { readonly definition: Definition }
  | { readonly reader: Declared; readonly location: Location | undefined }
);

export class Evaluation implements Slots {
  readonly compiled: Compiled;
  readonly place: Place | undefined;
  readonly specialArgs: SpecialArgs;
  /** The evaluation whose submodule this is, at any depth, or this one. */
  readonly root: Evaluation;
  #parts: readonly Part[] | undefined;
  #oldNames: OldName[] | undefined = undefined;
  values: unknown[] = [];
  pending: unknown[] = [];
  #ready = false;
  #running: Declared | undefined = undefined;
  #facts: Facts | undefined = undefined;
  /** Late definitions have slots of their own, behind those of the options. */
  #late: LateDefinitions | undefined = undefined;

  /** `parts` are in the order of their definitions. */
  constructor(
    compiled: Compiled,
    parts: readonly Part[],
    place: Place | undefined,
    specialArgs: SpecialArgs,
  ) {
    this.compiled = compiled;
    this.#parts = parts;
    this.place = place;
    this.specialArgs = specialArgs;
    this.root = (place === undefined ? undefined : current()?.root) ?? this;
  }

  /** What was defined under old names, here and in the submodules that were read. */
  get oldNames(): readonly OldName[] {
    return this.#oldNames ?? [];
  }

  get config(): object {
    return recordOf(this, this.compiled.root, undefined);
  }

  /** Make an evaluation of the same modules that has computed nothing yet. */
  again(): Evaluation {
    if (this.#parts === undefined) throw new Error("an evaluation that does not know what it is made of");
    return new Evaluation(this.compiled, this.#parts, this.place, this.specialArgs);
  }

  /**
   * Get the definitions of all options, kept from now on. `parts` are what the evaluation is made of, for one that has
   * let go of that.
   */
  facts(parts: readonly Part[] | undefined = this.#parts): Facts {
    this.#parts ??= parts;
    this.#facts ??= new Facts(this, this.#ready ? this.again() : this);
    return this.#facts;
  }

  /** Run the bodies, unless that was done or is being done. Throws what is wrong with their definitions. */
  prepare(): void {
    if (!this.#ready && this.#running === undefined) this.#prepare(0);
  }

  /** Read an option. */
  read(index: number): unknown {
    if (!this.#ready) this.#prepare(index);
    return force(this, index);
  }

  /** Get the definitions of an option as they were made, neither settled nor forced. */
  definitionsOf(index: number): readonly Definition[] {
    const facts = this.facts();
    if (facts.source !== this) return facts.source.definitionsOf(index);
    if (!this.#ready) this.#prepare(index);
    return this.#allDefinitions(index, facts.kept[index] ?? undefinedYet);
  }

  /** Read what a freeform type made of the names below a group that are not declared. */
  rest(group: Group): Readonly<Record<string, unknown>> {
    const { freeform } = this.compiled;
    let value: unknown = freeform === undefined ? {} : this.read(freeform);
    for (const name of group.path) value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : {};
    return isRecord(value) ? value : {};
  }

  compute(index: number, pending: unknown): unknown {
    const declaration = this.compiled.declarations[index];
    if (declaration === undefined) return this.#computeLate(index);
    const definitions = this.#allDefinitions(index, pending);
    if (definitions.length === 0) {
      const constant = this.compiled.constant(index);
      if (constant !== uncomputed) return constant;
    }
    const place = this.place === undefined ? declaration.place : placeOf(this.place, declaration.names);
    return declaration.value(place, definitions);
  }

  pathOf(index: number): readonly string[] {
    const { declarations } = this.compiled;
    const names = declarations[index]?.names ?? this.#lateAt(index)?.view.path ?? [];
    return namesOf(placeOf(this.place, names));
  }

  whereOf(index: number, pending: unknown): string {
    const { declarations } = this.compiled;
    const late = this.#lateAt(index);
    const names = declarations[index]?.names ?? [];
    if (late !== undefined)
      return `a thunk in place of a record, by ${describeSource(late.definition, placeOf(this.place, late.view.path))}`;
    const [definition] = Array.isArray(pending) ? pending : [];
    if (definition instanceof Definition)
      return `defined by ${describeSource(definition, placeOf(this.place, names))}`;
    const module = declarations[index]?.declarers[0]?.source.module;
    return module === undefined
      ? "declared nowhere"
      : `declared by module ${module.name}${describePlace(locateDeclaration(module, names))}`;
  }

  /** Run all bodies and sort what they define by option. */
  #prepare(wanted: number): void {
    if (this.#running !== undefined) throw this.#eager(wanted, this.#running);
    const { values, pending } = this.compiled.slots();
    this.values = values;
    this.pending = pending;
    this.#late = undefined;
    let rank = 0;
    const parts = this.#parts ?? [];
    for (const part of parts) {
      rank += 1;
      if (part instanceof Definition) this.#pushPart(part);
      else if (part.body !== undefined) this.#run(part, rank, parts);
    }
    this.#ready = true;
    if (isKeeping()) this.#facts ??= new Facts(this, this);
    if (this.#facts?.source === this) this.#facts.kept = this.pending.slice();
    // There are many submodules, and few are looked into again.
    if (this.root !== this && !isKeeping()) this.#parts = undefined;
  }

  #run(module: Declared, rank: number, parts: readonly Part[]): void {
    const view = this.compiled.viewOf(module);
    this.#running = module;
    try {
      const result: unknown = module.body?.(new BodyContext(this, view, module, parts) as never);
      if (!Defined.is(result)) throw notDefined(module, result);
      const source: Source = { module, root: this.place, rank };
      this.#push(
        view,
        new Definition(Defined.definitions(result), source, undefined, undefined, undefined),
        module,
      );
    } catch (error) {
      if (passes(error)) throw error;
      throw new CleaveError({
        code: "module-body",
        message: `the body of module ${module.name} throws`,
        hint: "the cause says what went wrong; wrap what depends on options in a thunk",
        location: module.origin.location,
        cause: error,
      });
    } finally {
      this.#running = undefined;
    }
  }

  /** Push the definitions of a record that stands in no module of this evaluation. */
  #pushPart(part: Definition): void {
    try {
      this.#push(this.compiled.root, part, undefined);
    } catch (error) {
      if (passes(error)) throw error;
      throw throwing(this.place, [part], error);
    }
  }

  /** Push the definitions of a record down to its options. */
  #push(view: Group, definition: Definition, by: Declared | undefined): void {
    const { value, source, priority, order, condition } = definition;
    if (typeof value === "function") this.#postpone(view, definition, by);
    else if (typeof value === "object" && value !== null && Property.is(value))
      this.#pushProperty(view, value, definition, by);
    else if (!isRecord(value)) throw notRecord(placeOf(this.place, view.path), definition);
    else {
      // A configuration computes each value when it is read.
      const isLazy = types.isProxy(value);
      for (const name in value) {
        const entry = view.names.get(name);
        const body = isLazy ? () => value[name] : value[name];
        const each = new Definition(body, source, priority, order, condition);
        if (typeof entry === "number") this.#add(entry, each);
        else if (entry instanceof Group) this.#push(entry, each, by);
        else if (entry !== undefined) this.#redirect(entry, each);
        else this.#pushRest(view, name, each, by);
      }
    }
  }

  #pushProperty(view: Group, property: Property<unknown>, outer: Definition, by: Declared | undefined): void {
    const { source } = outer;
    const body = Property.body(property);
    const argument = Property.argument(property);
    let { priority, order, condition } = outer;
    const kind = Property.kind(property);
    if (kind === "merge") {
      for (const each of Array.isArray(body) ? body : [])
        this.#push(view, new Definition(each, source, priority, order, condition), by);
      return;
    }
    if (kind === "if") condition = new Condition(argument, condition);
    else if (kind === "override") priority ??= Number(argument);
    else if (kind === "order") order ??= Number(argument);
    this.#push(view, new Definition(body, source, priority, order, condition), by);
  }

  /** Remember where a module first reads an option under its old name. */
  noteOldRead(redirect: Redirect, reader: Declared, locate: () => Location | undefined): void {
    const { root } = this;
    const isKnown = root.oldNames.some(
      (each) => each.redirect === redirect && "reader" in each && each.reader === reader,
    );
    if (!isKnown) root.#addOldName({ evaluation: this, redirect, reader, location: locate() });
  }

  #addOldName(old: OldName): void {
    this.#oldNames ??= [];
    this.#oldNames.push(old);
  }

  #redirect(redirect: Redirect, definition: Definition): void {
    if (redirect.kind === "removed") throw removed(this, redirect, [definition]);
    if (redirect.kind === "renamed") this.root.#addOldName({ evaluation: this, redirect, definition });
    const { value, source, priority, order, condition } = definition;
    const { inside, path } = redirect;
    const of = [...(this.compiled.declarations[redirect.index]?.names ?? []), ...inside];
    const aliased = { ...source, alias: { of, as: path } };
    if (inside.length === 0) {
      this.#add(redirect.index, new Definition(value, aliased, priority, order, condition));
      return;
    }
    // Where no definition is left, nothing is defined around it either.
    const records = (): unknown => {
      const left = heldParts(placeOf(this.place, path), definition);
      const bodies = left.map((body) =>
        this.#nested(path, inside, new Definition(body, source, priority, order, undefined)),
      );
      return new Property("merge", bodies, undefined);
    };
    this.#add(redirect.index, new Definition(records, aliased, undefined, undefined, condition));
  }

  /** Make the record that defines the same below some names. */
  #nested(path: readonly string[], names: readonly string[], definition: Definition): unknown {
    const { value, priority, order, condition } = definition;
    let record: unknown = value;
    if (priority !== undefined) record = new Property("override", record, priority);
    if (order !== undefined) record = new Property("order", record, order);
    if (condition !== undefined)
      record = new Property("if", record, () => condition.holds(placeOf(this.place, path), definition));
    for (const name of names.toReversed()) record = { [name]: record };
    return record;
  }

  #add(index: number, definition: Definition): void {
    const { pending } = this;
    const running = this.#late?.running;
    if (running !== undefined) {
      this.#late?.add(index, definition, running);
      return;
    }
    const before = pending[index];
    if (before === undefined || before === undefinedYet) pending[index] = [definition];
    else if (Array.isArray(before)) {
      // Literals are as long as need be; what push() makes of one has room for 16 more.
      if (before.length === 1) pending[index] = [before[0], definition];
      else if (before.length === 2) pending[index] = [before[0], before[1], definition];
      else before.push(definition);
    }
  }

  /** Define a name that is not declared: one of a freeform type, or a mistake. */
  #pushRest(view: Group, name: string, definition: Definition, by: Declared | undefined): void {
    const { freeform } = this.compiled;
    if (!view.open || freeform === undefined) throw this.#undeclared(view, name, definition, by);
    const record = this.#nested(view.path, [...view.path, name], definition);
    this.#add(freeform, new Definition(record, definition.source, undefined, undefined, undefined));
  }

  #postpone(view: Group, definition: Definition, by: Declared | undefined): void {
    this.#late ??= new LateDefinitions();
    const indexes = [...indexesIn(view)];
    if (view.open && this.compiled.freeform !== undefined) indexes.push(this.compiled.freeform);
    const late = this.#late.postpone({ view, definition, by }, indexes, (index) => {
      const early = this.pending[index];
      return Array.isArray(early) ? early.length : 0;
    });
    this.values.push(undefined);
    this.pending.push(late);
    for (const index of indexes) this.pending[index] ??= undefinedYet;
  }

  #allDefinitions(index: number, pending: unknown): readonly Definition[] {
    const early = pending as readonly Definition[];
    if (this.#late === undefined) return early;
    // One may bring others, which come behind it.
    for (const [number, { options }] of this.#late.all.entries())
      if (options.has(index)) force(this, this.compiled.declarations.length + number);
    return this.#late.merge(index, early);
  }

  /** Get the record whose slot this is; slots of late records come after those of options. */
  #lateAt(index: number): LateDefinitions["all"][number] | undefined {
    return this.#late?.all[index - this.compiled.declarations.length];
  }

  #computeLate(index: number): unknown {
    const late = this.#lateAt(index);
    if (late === undefined) throw new Error("a slot that is neither an option nor a late record");
    const { view, definition, by } = late;
    const { source, priority, order, condition } = definition;
    const value = runThunk(placeOf(this.place, view.path), definition);
    if (typeof value === "function") throw notRecord(placeOf(this.place, view.path), definition.with(value));
    try {
      this.#late?.run(late, () =>
        this.#push(view, new Definition(value, source, priority, order, condition), by),
      );
    } catch (error) {
      if (passes(error)) throw error;
      throw throwing(placeOf(this.place, view.path), [definition.with(value)], error);
    }
    return undefined;
  }

  #undeclared(view: Group, name: string, definition: Definition, by: Declared | undefined): CleaveError {
    const place = placeOf(this.place, [...view.path, name]);
    return outOfReach(this, view, name, by ?? definition.source.module, {
      location: locate(definition, place),
      value: definition.value,
    });
  }

  #eager(wanted: number, module: Declared): CleaveError {
    const path = showPath(this.pathOf(wanted));
    const { file } = module.origin.location;
    const location = file === undefined ? undefined : callerIn(file);
    const names = location === undefined ? [] : definedAt(module, location);
    const when =
      names.length === 0 ? "while it runs" : `to define ${showPath([...namesOf(this.place), ...names])}`;
    return new CleaveError({
      code: "module-eager-read",
      message: `the body of module ${module.name} reads the option ${path} ${when}, before any option has a value`,
      hint: `wrap what reads it in a thunk: () => … config.${showPath(this.compiled.declarations[wanted]?.names ?? [])} …; mkIf takes thunks too`,
      location: location ?? module.origin.location,
    });
  }
}

/** The options that names below a group stand for. */
function* indexesIn(group: Group): Generator<number> {
  for (const entry of group.names.values())
    if (typeof entry === "number") yield entry;
    else if (entry instanceof Group) yield* indexesIn(entry);
    else if (entry.index >= 0) yield entry.index;
}

function notRecord(place: Place | undefined, definition: Definition): CleaveError {
  return optionError(
    "option-type",
    place,
    (path) => `${path} is a record of options, which this is not:`,
    [definition],
    "define the options below it: { name: value }",
  );
}
