/**
 * Properties: what a definition can be wrapped in. Semantics are those of nixpkgs' `lib/modules.nix`.
 *
 * A definition is a value, a thunk `() => value`, or a property around either. A function is always a thunk;
 * {@link mkValue} wraps one that is meant as a value.
 */
import { CleaveError } from "../base/index.ts";
import { callerOutside } from "./position.ts";

declare const content: unique symbol;
declare const wrapped: unique symbol;

/** A function that stands for itself and not for the value that it returns. */
export interface ValueOf<out F> {
  readonly [wrapped]: F;
}

/** What an option that takes `I` can be defined as. */
export type Definable<I> = I | (() => Definable<I>) | Property<I>;

export type PropertyKind = "if" | "merge" | "override" | "order" | "value";

/** A definition with a condition, a priority or an order, or several in one. */
export class Property<out I> {
  declare readonly [content]: I;
  readonly #kind: PropertyKind;
  readonly #body: unknown;
  readonly #argument: unknown;

  constructor(kind: PropertyKind, body: unknown, argument: unknown) {
    this.#kind = kind;
    this.#body = body;
    this.#argument = argument;
  }

  static is(value: object): value is Property<unknown> {
    return #kind in value;
  }
  static kind(property: Property<unknown>): PropertyKind {
    return property.#kind;
  }
  static body(property: Property<unknown>): unknown {
    return property.#body;
  }
  /** Get the condition of an `if`, the number of an `override` or an `order`. */
  static argument(property: Property<unknown>): unknown {
    return property.#argument;
  }
}

/** Priorities, the lowest number wins: nixpkgs' `mkOptionDefault`, `mkDefault`, plain definitions, `mkForce`. */
export const priorities = { optionDefault: 1500, default: 1000, plain: 100, force: 50, vm: 10 } as const;

/** The order of `mkBefore`, of plain definitions, of `mkAfter`. */
export const orders = { before: 500, plain: 1000, after: 1500 } as const;

function checkNumber(value: unknown, where: string, what: string): void {
  if (typeof value !== "number" || Number.isNaN(value))
    refuse(`the ${what} of ${where} is a number, and not ${typeof value}`, `write ${where}(100, value)`);
}

function refuse(message: string, hint: string): never {
  throw new CleaveError({ code: "property-invalid", message, hint, location: callerOutside() });
}

/** Define only where the condition holds. A thunk as condition or body runs only when it is needed. */
export function mkIf<I>(condition: boolean | (() => boolean), body: NoInfer<Definable<I>>): Property<I> {
  return new Property("if", body, condition);
}

/** Define several times at once. */
export function mkMerge<I>(bodies: readonly NoInfer<Definable<I>>[]): Property<I> {
  if (!Array.isArray(bodies))
    refuse(`mkMerge takes a list of definitions, and not ${typeof bodies}`, "write mkMerge([first, second])");
  return new Property("merge", bodies, undefined);
}

/** Define with a priority; of all definitions of an option only those with the lowest number count. */
export function mkOverride<I>(priority: number, body: NoInfer<Definable<I>>): Property<I> {
  checkNumber(priority, "mkOverride", "priority");
  return new Property("override", body, priority);
}

/** Define with the priority of an option's own default, 1500. */
export function mkOptionDefault<I>(body: NoInfer<Definable<I>>): Property<I> {
  return new Property("override", body, priorities.optionDefault);
}

/** Define with priority 1000, which every plain definition wins over. */
export function mkDefault<I>(body: NoInfer<Definable<I>>): Property<I> {
  return new Property("override", body, priorities.default);
}

/** Define with priority 50, which wins over every plain definition. */
export function mkForce<I>(body: NoInfer<Definable<I>>): Property<I> {
  return new Property("override", body, priorities.force);
}

/** Define with a place among the definitions that are merged: the lowest number comes first. */
export function mkOrder<I>(order: number, body: NoInfer<Definable<I>>): Property<I> {
  checkNumber(order, "mkOrder", "order");
  return new Property("order", body, order);
}

/** Define before plain definitions: order 500. */
export function mkBefore<I>(body: NoInfer<Definable<I>>): Property<I> {
  return new Property("order", body, orders.before);
}

/** Define after plain definitions: order 1500. */
export function mkAfter<I>(body: NoInfer<Definable<I>>): Property<I> {
  return new Property("order", body, orders.after);
}

/** Define as this very value, which is how a function becomes one. */
export function mkValue<F>(value: F): Property<F extends (...args: never) => unknown ? ValueOf<F> : F> {
  return new Property("value", value, undefined);
}
