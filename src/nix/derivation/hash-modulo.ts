/**
 * The hash modulo of a derivation: what its outputs' paths follow from.
 *
 *     modulo(fixed)           = sha256 of "fixed:out:" method algorithm ":" base16 ":" path
 *     modulo(input-addressed) = sha256 of its text, every input derivation's path replaced by that one's modulo
 *     modulo(any other)       = none: its paths are deferred, and so are those of all that need it
 *
 * So where a fixed output comes from changes nothing above it. For a derivation's own paths the modulo is taken of
 * its text without these (masked).
 */
import { CleaveError } from "../../base/index.ts";
import { sha256Text } from "../fingerprint.ts";
import { formatHash } from "../hash.ts";
import type { StorePath } from "../store-path.ts";
import { sortEntries } from "./order.ts";
import { type Derivation, type InputOutputs, isDynamic } from "./type.ts";
import { formatModuloInput, formatParts, joinModulo, methodPrefix, type Parts } from "./write-aterm.ts";

/** What a derivation looks like from those that need it. */
export type Modulo = {
  /** Its hash modulo in base16; `undefined` if its outputs' paths are not known before it is built. */
  readonly hash: string | undefined;
  readonly outputs: readonly string[];
};

/** Derivations that need each other, and what is known of them: shared by all calls about the same graph. */
export type Graph = {
  /** Give the derivation of a path that is not in `modulos`. Throws `derivation-missing` or what it likes. */
  readonly read: (path: StorePath) => Derivation;
  /** The memory: what has been computed, by the path of the derivation. */
  readonly modulos: Map<StorePath, Modulo>;
};

/** Start a graph. Without `read` it knows only what {@link Graph.modulos} has, such as what was made in it. */
export function makeGraph(
  read: Graph["read"] = (path) => {
    throw new CleaveError({
      code: "derivation-missing",
      message: `the derivation ${path} is needed, but not there`,
      hint: "make derivations after those that they need",
    });
  },
): Graph {
  return { read, modulos: new Map() };
}

/**
 * Compute the modulo of the derivation at a path and of all that it needs, however deep, and remember them.
 * Throws `derivation-cycle` with the chain.
 */
export function hashModulo(path: StorePath, graph: Graph): Modulo {
  const { read, modulos } = graph;
  const known = modulos.get(path);
  if (known !== undefined) return known;
  // Depth first with a stack of our own, since chains are longer than JavaScript's.
  const frames: Frame[] = [makeFrame(path, read(path))];
  const open = new Set<StorePath>([path]);
  for (;;) {
    const frame = frames.at(-1);
    if (frame === undefined) break;
    const next = nextUnknown(frame, modulos);
    if (next === undefined) {
      modulos.set(frame.path, moduloOf(frame.derivation, graph));
      open.delete(frame.path);
      frames.pop();
    } else if (open.has(next)) {
      const chain = frames.map((each) => each.path);
      throw cycle([...chain.slice(chain.indexOf(next)), next]);
    } else {
      open.add(next);
      frames.push(makeFrame(next, read(next)));
    }
  }
  const modulo = modulos.get(path);
  if (modulo === undefined) throw new Error(`the modulo of ${path} was not computed`);
  return modulo;
}

/**
 * Compute the hash in base16 that a derivation's input-addressed paths follow from; `undefined` if they are
 * deferred. It depends on none of its outputs' paths, nor on the variables called as they are.
 */
export function hashMasked(derivation: Derivation, graph: Graph): string | undefined {
  const inputs = moduloInputs(derivation, graph);
  if (inputs === undefined) return undefined;
  return sha256Text(joinModulo(inputs, formatParts(derivation, true)));
}

/** Compute the modulo of a derivation, and of what it needs. */
function moduloOf(derivation: Derivation, graph: Graph): Modulo {
  const known = moduloWithoutInputs(derivation);
  if (known !== undefined) return known;
  const inputs = moduloInputs(derivation, graph);
  return moduloWithInputs(derivation, inputs, formatParts(derivation, false));
}

/** Give the modulo of a derivation that does not depend on its inputs' modulos. */
export function moduloWithoutInputs(derivation: Derivation): Modulo | undefined {
  for (const output of derivation.outputs.values()) {
    if (output.type === "input-addressed") continue;
    const outputs = [...derivation.outputs.keys()];
    if (output.type !== "fixed" || outputs.length > 1) return { hash: undefined, outputs };
    const digest = formatHash(output.hash, "base16");
    const inner = `fixed:out:${methodPrefix(output.method)}${output.hash.algorithm}:${digest}:${output.path}`;
    return { hash: sha256Text(inner), outputs };
  }
  return undefined;
}

/** Compute the modulo of an input-addressed derivation from {@link moduloInputs} and the parts of its text. */
export function moduloWithInputs(derivation: Derivation, inputs: string | undefined, parts: Parts): Modulo {
  const hash = inputs === undefined ? undefined : sha256Text(joinModulo(inputs, parts));
  const { outputs } = derivation;
  return { hash, outputs: outputs.size === 1 && outputs.has("out") ? onlyOut : [...outputs.keys()] };
}

/** What nearly every derivation has. */
const onlyOut: readonly string[] = ["out"];

/** Write the inputs of a derivation by their modulos, in the order of these; `undefined` if one is deferred. */
export function moduloInputs({ name, inputDrvs }: Derivation, graph: Graph): string | undefined {
  const inputs: [hash: string, outputs: readonly string[]][] = [];
  let deferred = false;
  for (const [path, input] of inputDrvs) {
    const { hash, outputs } = hashModulo(path, graph);
    checkWanted(name, path, input, outputs);
    if (hash === undefined || isDynamic(input)) deferred = true;
    else inputs.push([hash, input.outputs]);
  }
  if (deferred) return undefined;
  sortEntries(inputs);
  let text = "";
  for (let at = 0; at < inputs.length; at += 1) {
    const [hash, outputs] = inputs[at] ?? ["", []];
    const next = inputs[at + 1];
    // Two fixed outputs of the same content and name are one input here.
    if (next !== undefined && next[0] === hash) next[1] = [...outputs, ...next[1]];
    else text += `${text === "" ? "" : ","}${formatModuloInput(hash, outputs)}`;
  }
  return text;
}

function checkWanted(name: string, path: StorePath, input: InputOutputs, there: readonly string[]): void {
  const wanted = input.dynamic === undefined ? input.outputs : [...input.outputs, ...input.dynamic.keys()];
  for (const output of wanted)
    if (!there.includes(output))
      throw new CleaveError({
        code: "derivation-invalid",
        message: `the derivation ${name} needs the output ${output} of ${path}, which has only ${there.join(", ")}`,
      });
}

type Frame = {
  readonly path: StorePath;
  readonly derivation: Derivation;
  readonly inputs: Iterator<StorePath>;
};

function makeFrame(path: StorePath, derivation: Derivation): Frame {
  // Only input-addressed outputs depend on the inputs' modulos.
  const [output] = derivation.outputs.values();
  const inputs = output?.type === "input-addressed" ? derivation.inputDrvs.keys() : [].values();
  return { path, derivation, inputs };
}

function nextUnknown({ inputs }: Frame, modulos: ReadonlyMap<StorePath, Modulo>): StorePath | undefined {
  for (;;) {
    const { value, done } = inputs.next();
    if (done === true || !modulos.has(value)) return value;
  }
}

function cycle(chain: readonly StorePath[]): CleaveError {
  const shown =
    chain.length <= 12 ? chain : [...chain.slice(0, 6), `(${chain.length - 11} more)`, ...chain.slice(-5)];
  return new CleaveError({
    code: "derivation-cycle",
    message: `the derivation ${chain[0]} needs itself: ${shown.join(" -> ")}`,
    hint: "the path of a derivation follows from those that it needs, so one of these files was altered",
  });
}
