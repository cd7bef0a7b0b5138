/** Records: configurations as their readers see them. Each name is computed when it is read. */
import { inspect } from "node:util";
import { CleaveError, type Location, nearest } from "../base/index.ts";
import { type Entry, Group, Redirect } from "./compiled.ts";
import type { Definition } from "./definition.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Declared } from "./module.ts";
import { Option } from "./option.ts";
import { namesOf, placeOf, showPath } from "./place.ts";
import { callerIn } from "./position.ts";
import { optionError } from "./problem.ts";
import { isRecord } from "./types/check.ts";

/**
 * The handler of a record, and its target too. It looks like a frozen plain object whose properties are the
 * options that `reader` reaches, or all options.
 */
export class RecordHandler implements ProxyHandler<object> {
  readonly evaluation: Evaluation;
  readonly group: Group;
  readonly reader: Declared | undefined;

  constructor(evaluation: Evaluation, group: Group, reader: Declared | undefined) {
    this.evaluation = evaluation;
    this.group = group;
    this.reader = reader;
  }

  leaf(index: number): unknown {
    return this.evaluation.read(index);
  }

  /** Get a part of what an option holds. */
  inside(value: unknown, names: readonly string[]): unknown {
    return names.reduce(valueAt, value);
  }

  /** Remember that a module reads an option under its old name. */
  noteOld(redirect: Redirect): void {
    const { reader } = this;
    if (reader !== undefined) this.evaluation.noteOldRead(redirect, reader, () => readAt(reader));
  }

  below(group: Group): object {
    return recordOf(this.evaluation, group, this.reader);
  }

  /** Find definitions of what does not exist, before anybody is told what exists. */
  check(): void {
    this.evaluation.prepare();
  }

  get(_target: object, name: string | symbol, receiver?: unknown): unknown {
    const { evaluation, group } = this;
    if (typeof name === "symbol") return name === inspect.custom ? show : name === behind ? this : undefined;
    const entry = group.names.get(name);
    if (typeof entry === "number") return this.leaf(entry);
    if (entry instanceof Group) return this.below(entry);
    if (entry !== undefined) {
      if (entry.index < 0) throw removed(evaluation, entry, []);
      if (entry.kind === "renamed") this.noteOld(entry);
      return this.inside(this.leaf(entry.index), entry.inside);
    }
    if (group.open) {
      const rest = evaluation.rest(group);
      if (Object.hasOwn(rest, name)) return rest[name];
    }
    // What JavaScript itself looks up on any object.
    if (name === "then" || name === "toJSON") return undefined;
    if (name in Object.prototype) return Reflect.get(Object.prototype, name, receiver);
    this.check();
    throw outOfReach(evaluation, group, name, this.reader);
  }

  has(_target: object, name: string | symbol): boolean {
    if (typeof name === "symbol") return false;
    this.check();
    return (
      this.group.names.has(name) || (this.group.open && Object.hasOwn(this.evaluation.rest(this.group), name))
    );
  }

  ownKeys(): string[] {
    this.check();
    const names: string[] = [];
    for (const [name, entry] of this.group.names)
      if (typeof entry === "number" || entry instanceof Group) names.push(name);
    return this.group.open
      ? [...new Set([...names, ...Object.keys(this.evaluation.rest(this.group))])]
      : names;
  }

  getOwnPropertyDescriptor(target: object, name: string | symbol): PropertyDescriptor | undefined {
    return this.has(target, name)
      ? { get: () => this.get(target, name), enumerable: true, configurable: true }
      : undefined;
  }

  getPrototypeOf(): object {
    return Object.prototype;
  }

  set(_target: object, name: string | symbol): boolean {
    throw this.#assigned(name);
  }
  defineProperty(_target: object, name: string | symbol): boolean {
    throw this.#assigned(name);
  }
  deleteProperty(_target: object, name: string | symbol): boolean {
    throw this.#assigned(name);
  }
  setPrototypeOf(): boolean {
    return false;
  }
  preventExtensions(): boolean {
    return false;
  }

  #assigned(name: string | symbol): CleaveError {
    const path = [...namesOf(placeOf(this.evaluation.place, this.group.path)), String(name)];
    return new CleaveError({
      code: "option-assigned",
      message: `${showPath(path)} is assigned to; a configuration does not change once it is there`,
      hint: "define it in a module, with mkForce if need be, and evaluate with that module too: extendModules",
    });
  }

  // What `util.inspect` shows of a proxy is its target, but it calls this on the proxy.
  [inspect.custom](): unknown {
    return show.call(this);
  }
}

/** Copy a record for a console, with the error in place of each value that throws. */
function show(this: object): unknown {
  return Object.fromEntries(
    Object.keys(this).map((name): [string, unknown] => {
      try {
        return [name, Reflect.get(this, name)];
      } catch (error) {
        return [name, error];
      }
    }),
  );
}

/** Gets the handler behind a record. */
const behind: unique symbol = Symbol("behind");

/** Read a name of a path in a value: of a record, or `[n]` of a list; `undefined` where there is none. */
export function valueAt(value: unknown, name: string): unknown {
  const element = /^\[(\d+)\]$/.exec(name)?.[1];
  if (Array.isArray(value)) return element === undefined ? undefined : value[Number(element)];
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Find the evaluation whose options a record holds; `undefined` for anything else. */
export function evaluationOf(value: unknown): Evaluation | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const handler: unknown = Reflect.get(value, behind);
  return handler instanceof RecordHandler ? handler.evaluation : undefined;
}

/** Make the record of a group, as `reader` sees it. */
export function recordOf(evaluation: Evaluation, group: Group, reader: Declared | undefined): object {
  const handler = new RecordHandler(evaluation, group, reader);
  return new Proxy(handler, handler);
}

/** Say that a name is no option, or that it is one that a module does not reach. */
export function outOfReach(
  evaluation: Evaluation,
  group: Group,
  name: string,
  by: Declared | undefined,
  definition?: { readonly location: Location | undefined; readonly value: unknown },
): CleaveError {
  const verb = definition === undefined ? "reads" : "defines";
  const location = definition === undefined ? readAt(by) : (definition.location ?? by?.origin.location);
  const above = namesOf(placeOf(evaluation.place, group.path));
  const path = showPath([...above, name]);
  const whole = group.whole ?? group;
  const entry = whole.names.get(name);
  if (entry !== undefined && by !== undefined) {
    const owner = ownerOf(evaluation, entry);
    return new CleaveError({
      code: "module-reach",
      message: `module ${by.name} ${verb} ${path}, an option of module ${owner}, which it does not use`,
      hint: `let it use that module: uses(…, ${owner}).module("${by.name}", …)`,
      location,
    });
  }
  const near = nearest(name, group.names.keys()).map((each) => showPath([...above, each]));
  const who = by === undefined ? "" : `, which module ${by.name} ${verb}`;
  const here = showPath(above);
  const names = [...group.names.keys()];
  const some = names.length > 8 ? [...names.slice(0, 8), `${names.length - 8} more`] : names;
  return new CleaveError({
    code: "option-unknown",
    message: `there is no option ${path}${who}`,
    hint: holdsOption(definition?.value)
      ? `this is a declaration: it goes into the options of module ${by?.name}, not into its definitions`
      : near.length > 0
        ? `did you mean ${near.join(" or ")}?`
        : `${here} has ${some.join(", ") || "no options"}; declare the option, or use the module that declares it`,
    location,
  });
}

/** Say whether a definition is an option, or a record of such, without running anything of it. */
function holdsOption(value: unknown, depth = 0): boolean {
  try {
    if (value instanceof Option) return true;
    if (depth > 4 || !isRecord(value)) return false;
    return Object.values(Object.getOwnPropertyDescriptors(value)).some((each) =>
      holdsOption(each.value, depth + 1),
    );
  } catch {
    // A proxy that throws.
    return false;
  }
}

/** Say that an option is no more. */
export function removed(
  evaluation: Evaluation,
  { path, owner, target }: Redirect,
  definitions: readonly Definition[],
): CleaveError {
  const place = placeOf(evaluation.place, path);
  return optionError(
    "option-removed",
    place,
    (shown) =>
      `the option ${shown} of module ${owner.name} is no more${definitions.length > 0 ? ", and is defined:" : ", and is read"}`,
    definitions,
    String(target),
  );
}

/** Find where a module reads something just now. */
function readAt(module: Declared | undefined): Location | undefined {
  const { file } = module?.origin.location ?? {};
  return (file === undefined ? undefined : callerIn(file)) ?? module?.origin.location;
}

function ownerOf(evaluation: Evaluation, entry: Entry): string {
  if (entry instanceof Redirect) return entry.owner.name;
  if (typeof entry === "number")
    return evaluation.compiled.declarations[entry]?.declarers[0]?.source.module.name ?? "?";
  const [first] = entry.names.values();
  return first === undefined ? "?" : ownerOf(evaluation, first);
}
