/** Syntax: the source of a module, parsed when somebody asks for a position in it. */
import { createRequire } from "node:module";
import type { Location } from "../base/error.ts";
import { isRecord } from "./types/check.ts";

/** A node of the syntax tree (ESTree with TypeScript), offsets in UTF-16 code units. */
export type Node = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
};

export type Syntax = {
  readonly program: Node;
  /** Get line and column of an offset. */
  readonly locationOf: (offset: number) => Location;
  readonly offsetOf: (line: number, column: number) => number;
  /** What a name is first declared as, anywhere in the file. */
  readonly declared: ReadonlyMap<string, Node>;
};

export function isNode(value: unknown): value is Node {
  return isRecord(value) && typeof value["type"] === "string" && typeof value["start"] === "number";
}

/** Parse a file's text; `undefined` where it has errors. Loads the parser, which takes 10 ms, on first use. */
export function parse(file: string, text: string): Syntax | undefined {
  const { parseSync }: typeof import("oxc-parser") = createRequire(import.meta.url)("oxc-parser");
  const { program, errors } = parseSync(file, text);
  const root: unknown = program;
  if (errors.length > 0 || !isNode(root)) return undefined;
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const declared = new Map<string, Node>();
  for (const node of nodesBelow(root)) {
    const { id, init } = node;
    if (node.type !== "VariableDeclarator" || !isNode(id) || !isNode(init)) continue;
    const { name } = id;
    if (typeof name === "string" && !declared.has(name)) declared.set(name, init);
  }
  return {
    program: root,
    declared,
    offsetOf: (line, column) => (starts[line - 1] ?? 0) + column - 1,
    locationOf: (offset) => {
      let line = starts.length;
      while (line > 1 && (starts[line - 1] ?? 0) > offset) line -= 1;
      return { file, line, column: offset - (starts[line - 1] ?? 0) + 1 };
    },
  };
}

/** Go through a node and all below it. */
export function* nodesBelow(node: Node): Generator<Node> {
  yield node;
  for (const each of childrenOf(node)) yield* nodesBelow(each);
}

export function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode);
}
