/** What there is to say of nodes of a syntax tree (ESTree). */

export type Node = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
};

export function isNode(value: unknown): value is Node {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Node).type === "string" &&
    typeof (value as Node).start === "number"
  );
}

/** Give the nodes directly below one, each with the property that it is in. */
export function* childrenOf(node: Node): Generator<readonly [key: string, child: Node]> {
  for (const [key, value] of Object.entries(node))
    for (const each of Array.isArray(value) ? value : [value]) if (isNode(each)) yield [key, each];
}

/** Give the names that a pattern binds. */
export function* namesIn(pattern: unknown): Generator<string> {
  if (!isNode(pattern)) return;
  switch (pattern.type) {
    case "Identifier":
      yield String(pattern["name"]);
      return;
    case "AssignmentPattern":
      yield* namesIn(pattern["left"]);
      return;
    case "RestElement":
      yield* namesIn(pattern["argument"]);
      return;
    case "Property":
      yield* namesIn(pattern["value"]);
      return;
    default:
      for (const each of [pattern["elements"], pattern["properties"]])
        if (Array.isArray(each)) for (const part of each) yield* namesIn(part);
  }
}

export function isFunction({ type }: Node): boolean {
  return (
    type === "FunctionDeclaration" || type === "FunctionExpression" || type === "ArrowFunctionExpression"
  );
}

/** Tell whether an identifier below a node stands for a variable. */
export function isReference(parent: Node | undefined, key: string): boolean {
  if (parent === undefined) return true;
  const { type } = parent;
  const computed = parent["computed"] === true;
  if (type === "MemberExpression") return key !== "property" || computed;
  if (type === "Property") return key !== "key" || computed || parent["shorthand"] === true;
  if (["MethodDefinition", "PropertyDefinition", "AccessorProperty"].includes(type))
    return key !== "key" || computed;
  if (/^(Labeled|Break|Continue)Statement$/.test(type)) return key !== "label";
  return (
    !/^(Import|Export)/.test(type) || key === "declaration" || (type === "ExportSpecifier" && key === "local")
  );
}
