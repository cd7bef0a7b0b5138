/**
 * The hash modulo of every derivation that was made in this process or named by an interface: a pure function of the
 * derivation, remembered.
 */
import { type Graph, makeGraph } from "../nix/index.ts";

export const graph: Graph = makeGraph();
