/** Arguments: what modules want of `specialArgs`, checked by type. */
import { CleaveError, nearest } from "../base/index.ts";
import { Definition } from "./definition.ts";
import { mergeDefinitions } from "./merge.ts";
import type { Declared } from "./module.ts";
import { Module } from "./module.ts";

/** Get the arguments in a module's reach, those that the modules it uses want among them. Throws `module-argument`. */
export function argumentsOf(
  module: Declared,
  specialArgs: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { args } of withUsed(module))
    for (const [name, type] of Object.entries(args ?? {})) {
      if (!Object.hasOwn(specialArgs, name))
        throw new CleaveError({
          code: "module-argument",
          message: `module ${module.name} wants the argument ${name}, which is not in specialArgs`,
          hint: nearest(name, Object.keys(specialArgs)).length
            ? `did you mean ${nearest(name, Object.keys(specialArgs)).join(" or ")}?`
            : `give it: evalModules({ …, specialArgs: { ${name}: … } })`,
          location: module.origin.location,
        });
      const source = { module, root: undefined, rank: 0 };
      const definition = new Definition(specialArgs[name], source, undefined, undefined, undefined);
      found[name] = mergeDefinitions({ parent: { parent: undefined, name: "specialArgs" }, name }, type, [
        definition,
      ]);
    }
  return found;
}

function withUsed(module: Declared): readonly Declared[] {
  const found = new Set([module]);
  for (const each of found) for (const used of each.uses) found.add(Module.declared(used));
  return [...found];
}
