import { type Derivation, derivationPath, formatDerivation, type StorePath } from "../nix/index.ts";
import { addTexts } from "./add-text.ts";
import { orderByReferences } from "./order.ts";
import type { State } from "./state.ts";
import type { Text } from "./store.ts";

/** See `Store.addDerivations`. */
export async function addDerivations(state: State, derivations: Iterable<Derivation>): Promise<StorePath[]> {
  const paths: StorePath[] = [];
  const texts = new Map<StorePath, Text & { readonly references: readonly StorePath[] }>();
  for (const derivation of derivations) {
    const { name, inputDrvs, inputSrcs } = derivation;
    const content = formatDerivation(derivation);
    const path = derivationPath(derivation, content);
    paths.push(path);
    state.fresh.set(path, derivation);
    texts.set(path, { name: `${name}.drv`, content, references: [...inputDrvs.keys(), ...inputSrcs] });
  }
  const referencesOf = (path: StorePath) => texts.get(path)?.references ?? [];
  try {
    await addTexts(
      state,
      orderByReferences(texts.keys(), referencesOf).flatMap((path) => texts.get(path) ?? []),
    );
  } finally {
    for (const path of paths) state.fresh.delete(path);
  }
  return paths;
}
