/** Records: configurations as their readers see them. Each name is computed when it is read. */
import { inspect } from "node:util";
import { CleaveError, nearest } from "../base/index.ts";
import type { Group } from "./compile.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Declared } from "./module.ts";
import { namesOf, placeOf, showPath } from "./place.ts";

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

  below(group: Group): object {
    return recordOf(this.evaluation, group, this.reader);
  }

  get(_target: object, name: string | symbol): unknown {
    const { evaluation, group } = this;
    if (typeof name === "symbol")
      return name === inspect.custom ? () => Object.fromEntries(this.#entries()) : undefined;
    const entry = group.names.get(name);
    if (typeof entry === "number") return this.leaf(entry);
    if (entry !== undefined) return this.below(entry);
    if (group.open) {
      const rest = evaluation.rest(group);
      if (Object.hasOwn(rest, name)) return rest[name];
    }
    // What JavaScript itself looks up on any object.
    if (name === "then" || name === "toJSON") return undefined;
    if (name in Object.prototype) return Reflect.get(Object.prototype, name);
    throw outOfReach(evaluation, group, name, this.reader);
  }

  has(_target: object, name: string | symbol): boolean {
    if (typeof name === "symbol") return false;
    return (
      this.group.names.has(name) || (this.group.open && Object.hasOwn(this.evaluation.rest(this.group), name))
    );
  }

  ownKeys(): string[] {
    const names = [...this.group.names.keys()];
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

  /** Get names and values for a console, an error standing for itself. */
  *#entries(): Generator<[string, unknown]> {
    for (const name of this.ownKeys())
      try {
        yield [name, this.get(this, name)];
      } catch (error) {
        yield [name, error];
      }
  }

  #assigned(name: string | symbol): CleaveError {
    const path = [...namesOf(placeOf(this.evaluation.place, this.group.path)), String(name)];
    return new CleaveError({
      code: "option-assigned",
      message: `${showPath(path)} is assigned to; a configuration does not change once it is there`,
      hint: "define it in a module, with mkForce if need be, and evaluate with that module too: extendModules",
    });
  }

  // What `util.inspect` shows of a proxy is its target.
  [inspect.custom](): unknown {
    return Object.fromEntries(this.#entries());
  }
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
  verb = "reads",
): CleaveError {
  const path = showPath([...namesOf(placeOf(evaluation.place, group.path)), name]);
  const whole = group.whole ?? group;
  const entry = whole.names.get(name);
  if (entry !== undefined && by !== undefined) {
    const owner = ownerOf(evaluation, entry);
    return new CleaveError({
      code: "module-reach",
      message: `module ${by.name} ${verb} ${path}, an option of module ${owner}, which it does not use`,
      hint: `let it use that module: uses(…, ${owner}).module("${by.name}", …)`,
      location: by.origin.location,
    });
  }
  const near = nearest(name, group.names.keys());
  const who = by === undefined ? "" : `module ${by.name} ${verb} it; `;
  return new CleaveError({
    code: "option-unknown",
    message: `there is no option ${path}; ${who}${showPath(group.path)} has ${[...group.names.keys()].join(", ") || "no options"}`,
    hint:
      near.length > 0
        ? `did you mean ${near.join(" or ")}?`
        : "declare the option, or use the module that declares it",
    location: by?.origin.location,
  });
}

function ownerOf(evaluation: Evaluation, entry: number | Group): string {
  if (typeof entry === "number")
    return evaluation.compiled.declarations[entry]?.declarers[0]?.source.module.name ?? "?";
  const [first] = entry.names.values();
  return first === undefined ? "?" : ownerOf(evaluation, first);
}
