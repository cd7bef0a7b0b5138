/**
 * Collecting: from a list of modules to all that take part, in the order of their definitions.
 *
 * The order is nixpkgs': breadth first through what modules use and import, then the other way around, so what is
 * imported comes before who imports it.
 */
import { CleaveError } from "../base/index.ts";
import { Definition } from "./definition.ts";
import type { Part } from "./evaluate.ts";
import { passes } from "./forcing.ts";
import { checkModule, type Declared, Module } from "./module.ts";

/** What makes two modules one: the key that they give, or the module itself. */
export function keyOf(module: Declared): unknown {
  return module.key ?? module;
}

/** The keys of a module and all that it uses, directly or not. */
export function reachOf(module: Declared): Set<unknown> {
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

/** Call a thunk of imports. Throws `module-invalid` with what it throws. */
function listed(module: Declared, imports: () => unknown): unknown {
  try {
    return imports();
  } catch (cause) {
    if (passes(cause)) throw cause;
    throw new CleaveError({
      code: "module-invalid",
      message: `the imports of module ${module.name} throw`,
      hint: "the cause says what went wrong; what imports each other is to be there before it is evaluated",
      location: module.origin.location,
      cause,
    });
  }
}

function importsOf(module: Declared): readonly Declared[] {
  const { imports } = module;
  if (typeof imports === "function") {
    const list = listed(module, imports);
    if (Array.isArray(list))
      return list.map((each) => checkModule(each, `imports of module ${module.name}`, module.origin));
    return [checkModule(list, `imports of module ${module.name}`, module.origin)];
  }
  return imports.map((each) => Module.declared(each));
}
