/** Where the code of recipes runs. */
import { Script } from "node:vm";

export type Realm = {
  /** Evaluate an expression; errors call its source by `name`. */
  readonly evaluate: (code: string, name: string) => unknown;
  /** Make a value and all that can be reached from it unchangeable, and give it back. */
  readonly harden: <T>(value: T) => T;
};

export function openRealm(): Realm {
  return {
    evaluate: (code, name) => new Script(code, { filename: `cleave-recipe:${name}` }).runInThisContext(),
    harden: (value) => value,
  };
}
