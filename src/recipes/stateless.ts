/**
 * Tells whether the code of a file can keep no state, so that all recipes may share one instance of it: its modules are
 * compiled once then.
 *
 * The proof is coarse; what it does not cover is run for each recipe by itself, which is slower and never wrong.
 *
 * 1. At the top there are only imports, exports, constants and functions. Their values are hardened after they are made,
 *    and must not hold collections or bytes, which stay changeable.
 * 2. No code assigns to a variable of an outer function or of the file. There are no classes and generators, and no function
 *    expression has a name, by which it could keep something on itself.
 * 3. What is called while the file is loaded are functions of cleave, which keep functions that they are handed and call none,
 *    or functions that make no closures over their own variables: only in such a closure could a changeable object be out of
 *    reach of (1).
 */
import { childrenOf, isFunction, isNode, isReference, type Node, namesIn } from "./syntax.ts";

export type State =
  | {
      readonly stateless: true;
      /** Names of what is at the top. */
      readonly names: readonly string[];
    }
  | { readonly stateless: false };

const unknown: State = { stateless: false };

/** The variables of a function, or of the file. */
type Scope = { readonly above: Scope | undefined; readonly names: Set<string> };

/** Look at the program of a file whose imports from cleave bind `own`. */
export function stateOf(program: unknown, own: ReadonlySet<string>): State {
  if (!isNode(program) || !Array.isArray(program["body"])) return unknown;
  const names: string[] = [];
  const functions = new Map<string, Node>();
  const tops: Node[] = [];
  for (const statement of program["body"] as readonly Node[]) {
    const declaration = isNode(statement["declaration"]) ? statement["declaration"] : statement;
    if (/^(Import|ExportAll)/.test(statement.type)) continue;
    if (statement.type === "ExportNamedDeclaration" && !isNode(statement["declaration"])) continue;
    if (declaration.type === "VariableDeclaration" && declaration["kind"] === "const") {
      for (const each of declaration["declarations"] as readonly Node[]) {
        names.push(...namesIn(each["id"]));
        if (isNode(each["id"]) && isNode(each["init"]) && isFunction(each["init"]))
          for (const name of namesIn(each["id"])) functions.set(name, each["init"]);
      }
    } else if (declaration.type === "FunctionDeclaration") {
      for (const name of namesIn(declaration["id"])) {
        names.push(name);
        functions.set(name, declaration);
      }
    } else if (statement.type !== "ExportDefaultDeclaration") return unknown;
    tops.push(declaration);
  }
  const isStateless = tops.every(
    (each) =>
      !changesOuter(each, { above: undefined, names: new Set() }) && callsAreHarmless(each, own, functions),
  );
  return isStateless ? { stateless: true, names } : unknown;
}

/** Look for what rule 2 forbids. */
function changesOuter(node: Node, scope: Scope): boolean {
  switch (node.type) {
    case "ClassDeclaration":
    case "ClassExpression":
    case "YieldExpression":
      return true;
    case "AssignmentExpression":
    case "ForInStatement":
    case "ForOfStatement":
      if (isNode(node["left"]) && node["left"].type !== "VariableDeclaration" && !isOwn(node["left"], scope))
        return true;
      break;
    case "UpdateExpression":
      if (!isOwn(node["argument"], scope)) return true;
      break;
    case "FunctionExpression":
      if (isNode(node["id"])) return true;
      break;
    default:
  }
  const inside = isFunction(node) ? { above: scope, names: new Set(variablesOf(node)) } : scope;
  if (isFunction(node) && node["generator"] === true) return true;
  for (const [, child] of childrenOf(node)) if (changesOuter(child, inside)) return true;
  return false;
}

/** Tell whether what is assigned to is a variable of the innermost function, or part of an object. */
function isOwn(target: unknown, { names }: Scope): boolean {
  if (!isNode(target)) return false;
  if (target.type === "MemberExpression") return true;
  const assigned = [...namesIn(target)];
  return assigned.length > 0 && assigned.every((name) => names.has(name));
}

/** Give the parameters of a function and what is declared in it, functions inside of it left out. */
function variablesOf(node: Node): string[] {
  const found: string[] = [];
  for (const each of node["params"] as readonly unknown[]) found.push(...namesIn(each));
  const visit = (at: Node): void => {
    if (at.type === "VariableDeclarator") found.push(...namesIn(at["id"]));
    if (at.type === "CatchClause") found.push(...namesIn(at["param"]));
    if (at.type === "FunctionDeclaration") found.push(...namesIn(at["id"]));
    if (!isFunction(at)) for (const [, child] of childrenOf(at)) visit(child);
  };
  if (isNode(node["body"])) visit(node["body"]);
  return found;
}

/** Look at the calls that are made when the file is loaded: rule 3. */
function callsAreHarmless(
  top: Node,
  own: ReadonlySet<string>,
  functions: ReadonlyMap<string, Node>,
): boolean {
  const harmless = (node: Node): boolean => {
    // What a function does is done when it is called.
    if (isFunction(node)) return true;
    if (node.type === "NewExpression" || node.type === "TaggedTemplateExpression") return false;
    if (node.type === "CallExpression" && !isOfCleave(node["callee"], own)) {
      const { callee } = node;
      if (!isNode(callee)) return false;
      if (callee.type === "Identifier") {
        const called = functions.get(String(callee["name"]));
        if (called === undefined || makesClosures(called)) return false;
      } else if (callee.type !== "MemberExpression") return false;
      // Methods, such as map, may call what they are handed.
      for (const each of node["arguments"] as readonly Node[]) {
        if (isFunction(each) && makesClosures(each)) return false;
        if (each.type === "Identifier" && functions.get(String(each["name"])) !== undefined) return false;
      }
    }
    for (const [, child] of childrenOf(node)) if (!harmless(child)) return false;
    return true;
  };
  return harmless(top);
}

/** Tell whether an expression is a function of cleave, or a method of what one gives: `uses(base).package`. */
function isOfCleave(node: unknown, own: ReadonlySet<string>): boolean {
  if (!isNode(node)) return false;
  if (node.type === "Identifier") return own.has(String(node["name"]));
  if (node.type === "MemberExpression") return isOfCleave(node["object"], own);
  return node.type === "CallExpression" && isOfCleave(node["callee"], own);
}

/** Tell whether a function makes functions that see its own variables. */
function makesClosures(node: Node): boolean {
  const variables = new Set(variablesOf(node));
  const sees = (at: Node, parent: Node | undefined, key: string): boolean => {
    if (at.type === "Identifier") return isReference(parent, key) && variables.has(String(at["name"]));
    for (const [name, child] of childrenOf(at)) if (sees(child, at, name)) return true;
    return false;
  };
  const visit = (at: Node): boolean => {
    for (const [, child] of childrenOf(at))
      if (isFunction(child) ? sees(child, undefined, "") : visit(child)) return true;
    return false;
  };
  return visit(node);
}

/** Tell whether a value, all of which is hardened, can still be changed somewhere. */
export function isChangeable(value: unknown, seen = new Set<unknown>()): boolean {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value))
    return false;
  seen.add(value);
  if (
    value instanceof Map ||
    value instanceof Set ||
    value instanceof WeakMap ||
    value instanceof WeakSet ||
    value instanceof Iterator ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    (value instanceof RegExp && (value.global || value.sticky))
  )
    return true;
  return Reflect.ownKeys(value).some((key) => {
    const property = Reflect.getOwnPropertyDescriptor(value, key);
    return isChangeable(property?.value, seen);
  });
}
