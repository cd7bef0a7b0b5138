/**
 * What a derivation is: one build, its inputs and its outputs.
 *
 * Texts are byte strings (`src/base/text.ts`). Maps and lists of names and paths are sets: their order means
 * nothing, whatever writes them puts them in the order of their bytes. Only `args` has an order of its own.
 */
import type { Hash, HashAlgorithm } from "../hash.ts";
import type { IngestionMethod } from "../make-store-path.ts";
import type { StorePath } from "../store-path.ts";

/** What of an output is hashed: as for any content, or as a text that may have references. */
export type OutputMethod = IngestionMethod | "text";

/** One output of a derivation, by how its path comes about. */
export type Output =
  /** The path follows from the derivation. */
  | { readonly type: "input-addressed"; readonly path: StorePath }
  /** The content is known in advance, so the path is too. */
  | {
      readonly type: "fixed";
      readonly path: StorePath;
      readonly method: OutputMethod;
      readonly hash: Hash;
    }
  /** Content-addressed: the path follows from the content once it is built. */
  | { readonly type: "floating"; readonly method: OutputMethod; readonly algorithm: HashAlgorithm }
  /** Input-addressed, but an input is floating or impure, so the path is not known yet. */
  | { readonly type: "deferred" }
  /** As floating, but built outside of the sandbox and never the same twice. */
  | { readonly type: "impure"; readonly method: OutputMethod; readonly algorithm: HashAlgorithm };

/** Which outputs of a derivation are inputs of another. */
export type InputOutputs = {
  readonly outputs: readonly string[];
  /** Outputs of outputs: an output that is itself a derivation, and which of its outputs (dynamic derivations). */
  readonly dynamic?: ReadonlyMap<string, InputOutputs>;
};

export type Derivation = {
  /** The name of its store path without `.drv`; the file itself does not have it. */
  readonly name: string;
  readonly outputs: ReadonlyMap<string, Output>;
  readonly inputDrvs: ReadonlyMap<StorePath, InputOutputs>;
  readonly inputSrcs: readonly StorePath[];
  /** `x86_64-linux`, or `builtin`. */
  readonly platform: string;
  /** A program, or `builtin:fetchurl` and the like. */
  readonly builder: string;
  readonly args: readonly string[];
  /** Structured attributes are the variable `__json` here, as in the file (`structured-attrs.ts`). */
  readonly env: ReadonlyMap<string, string>;
};

/** Tell whether an input asks for outputs of outputs. */
export function isDynamic({ dynamic }: InputOutputs): boolean {
  return dynamic !== undefined && dynamic.size > 0;
}
