/** Find definitions and declarations in the sources, by walking the syntax along an option path. */
import { types } from "node:util";
import type { Location } from "../base/index.ts";
import type { Definition, Source } from "./definition.ts";
import type { Declared } from "./module.ts";
import { namesOf, type Place } from "./place.ts";
import { childrenOf, isNode, type Node, nodesBelow, type Syntax } from "./syntax.ts";
import { isRecord } from "./types/check.ts";

/** A definition in the syntax: where it starts, and what is defined. */
type Candidate = { readonly start: number; readonly value: Node };

/** What a walk has found, and which names it has looked up, so that it ends. */
class Walk {
  readonly syntax: Syntax;
  readonly found: Candidate[] = [];
  readonly names = new Set<Node>();

  constructor(syntax: Syntax) {
    this.syntax = syntax;
  }
}

/** Find where a definition of the option at `place` stands; the module's own place where it cannot be found. */
export function locate(definition: Definition, place: Place | undefined): Location | undefined {
  const { source, value } = definition;
  if (source.rank === 0) return locateDeclaration(source.module, namesOf(place));
  const found = candidatesOf(source, place);
  const best =
    found.find((each) => looksLike(each.value, value)) ?? found.find(({ value }) => !isLiteral(value));
  const chosen = best ?? found[0];
  return chosen === undefined
    ? placeOfModule(source.module)
    : source.module.origin.syntax?.locationOf(chosen.start);
}

/** Find where all definitions of one module for the option at `place` stand, in order of the source. */
export function locateAll(source: Source, place: Place | undefined): readonly Location[] {
  const { syntax } = source.module.origin;
  return syntax === undefined ? [] : candidatesOf(source, place).map(({ start }) => syntax.locationOf(start));
}

/** Find where a module declares the option with these names. */
export function locateDeclaration(module: Declared, names: readonly string[]): Location | undefined {
  const { syntax } = module.origin;
  const call = syntax === undefined ? undefined : callOf(syntax, module.origin.location);
  if (syntax === undefined || call === undefined) return placeOfModule(module);
  // What comes before the last names may be the path of a submodule.
  for (let skipped = 0; skipped < names.length; skipped += 1) {
    const walk = new Walk(syntax);
    for (const argument of nodesIn(call["arguments"]))
      search(walk, argument, ["options", ...names.slice(skipped)]);
    const [first] = walk.found;
    if (first !== undefined) return syntax.locationOf(first.start);
  }
  return placeOfModule(module);
}

/** Name the option that a module's body defines with the code at a location. */
export function definedAt(module: Declared, { line, column }: Location): readonly string[] {
  const { syntax } = module.origin;
  const call = syntax === undefined ? undefined : callOf(syntax, module.origin.location);
  if (syntax === undefined || call === undefined || line === undefined || column === undefined) return [];
  const offset = syntax.offsetOf(line, column);
  const names: string[] = [];
  let node: Node | undefined = nodesIn(call["arguments"]).at(-1);
  while (node !== undefined) {
    const below: Node | undefined = childrenOf(node).find(
      (each) => each.start <= offset && offset < each.end,
    );
    if (node.type === "ObjectExpression" && below !== undefined) names.push(keyOf(below) ?? "?");
    node = below;
  }
  return names;
}

function placeOfModule({ origin: { location } }: Declared): Location | undefined {
  return location.file === undefined ? undefined : location;
}

/** Name the path that a module writes for an option. */
function writtenPath({ root, alias }: Source, place: Place | undefined): readonly string[] {
  const names = namesOf(place).slice(namesOf(root).length);
  return alias?.of.every((each, index) => each === names[index]) === true
    ? [...alias.as, ...names.slice(alias.of.length)]
    : names;
}

function candidatesOf(source: Source, place: Place | undefined): readonly Candidate[] {
  const { module } = source;
  const { syntax, location } = module.origin;
  const call = syntax === undefined ? undefined : callOf(syntax, location);
  if (syntax === undefined || call === undefined) return [];
  const names = writtenPath(source, place);
  const walk = new Walk(syntax);
  const all = nodesIn(call["arguments"]);
  const last = all.at(-1);
  // extendModules takes definitions in its only argument, all others as their last one.
  if (last !== undefined)
    search(walk, last, module.reachesAll && all.length === 1 ? ["definitions", ...names] : names);
  return walk.found;
}

/** Find the call that the runtime gives as the place of a module: at its function's name. */
function callOf(syntax: Syntax, { line, column }: Location): Node | undefined {
  if (line === undefined || column === undefined) return undefined;
  const offset = syntax.offsetOf(line, column);
  for (const node of nodesBelow(syntax.program)) {
    if (node.type !== "CallExpression" || !isNode(node["callee"])) continue;
    const { callee } = node;
    const name =
      callee.type === "MemberExpression" && isNode(callee["property"]) ? callee["property"] : callee;
    if (name.start === offset) return node;
  }
  return undefined;
}

/** Walk down a path of names through records, lists, calls such as `mkIf`, and what functions return. */
function search(walk: Walk, node: Node, path: readonly string[], start = node.start): void {
  const on = (value: unknown, names = path, at?: number): void => {
    if (isNode(value)) search(walk, value, names, at ?? (names.length === 0 ? start : value.start));
  };
  const [name, ...rest] = path;
  if (/^(TS\w+|Parenthesized)Expression$/.test(node.type)) on(node["expression"]);
  else if (node.type === "CallExpression") searchCall(walk, node, path, start);
  else if (name === undefined) walk.found.push({ start, value: node });
  else if (node.type === "ObjectExpression") {
    for (const property of nodesIn(node["properties"]))
      if (property.type === "SpreadElement") on(property["argument"]);
      else if (keyOf(property) === name) on(property["value"], rest, property.start);
  } else if (node.type === "ArrayExpression") {
    const [, entry, index] = /^\[(?:definition \d+-entry (\d+)|(\d+))\]$/.exec(name) ?? [];
    const elements = nodesIn(node["elements"]);
    if (entry !== undefined) on(elements[Number(entry) - 1], rest);
    else if (index !== undefined) on(elements[Number(index)], rest);
    else for (const element of elements) on(element);
  } else if (node.type !== "Identifier") for (const each of behind(node)) on(each);
  else if (!walk.names.has(node)) {
    walk.names.add(node);
    on(walk.syntax.declared.get(String(node["name"])));
  }
}

/** What an expression that is no record, list, call or name may stand for. */
function behind(node: Node): readonly unknown[] {
  switch (node.type) {
    case "ArrowFunctionExpression":
    case "FunctionExpression": {
      const { body } = node;
      return isNode(body) && body.type === "BlockStatement" ? returnsOf(body) : [body];
    }
    case "ConditionalExpression":
      return [node["consequent"], node["alternate"]];
    case "LogicalExpression":
      return [node["left"], node["right"]];
    default:
      return [];
  }
}

/** Go into a call: the bodies of properties, and any argument where names are left to find. */
function searchCall(walk: Walk, node: Node, path: readonly string[], start: number): void {
  const { callee } = node;
  const name = isNode(callee) ? String(callee["name"] ?? "") : "";
  const all = nodesIn(node["arguments"]);
  if (name === "mkMerge") {
    for (const each of nodesIn(all[0]?.["elements"])) search(walk, each, path);
    return;
  }
  const bodies = /^mk(If|Override|Order)$/.test(name) ? all.slice(1) : all;
  const isProperty = /^mk(If|Override|Order|Default|OptionDefault|Force|Before|After)$/.test(name);
  if (path.length === 0 && !isProperty) walk.found.push({ start, value: node });
  else for (const each of bodies) search(walk, each, path, path.length === 0 ? start : each.start);
}

/** The values that a function returns, those of functions inside of it left out. */
function returnsOf(block: Node): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (/Function/.test(node.type)) return;
    if (node.type === "ReturnStatement" && isNode(node["argument"])) found.push(node["argument"]);
    for (const value of Object.values(node))
      for (const each of Array.isArray(value) ? value : [value]) if (isNode(each)) visit(each);
  };
  visit(block);
  return found;
}

function keyOf(property: Node): string | undefined {
  const { key, computed } = property;
  if (!isNode(key) || (computed === true && key.type !== "Literal")) return undefined;
  const name = key["name"] ?? key["value"];
  return name === undefined ? undefined : String(name);
}

function nodesIn(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function isLiteral(node: Node): boolean {
  return node.type === "Literal" || node.type === "ArrayExpression" || node.type === "ObjectExpression";
}

/** Say whether a value may come of a literal in the source. */
function looksLike(node: Node, value: unknown): boolean {
  // A configuration would compute what it holds, and other proxies may do anything.
  if (types.isProxy(value)) return false;
  if (node.type === "Literal") return node["value"] === value;
  if (node.type === "ArrayExpression") {
    const elements = nodesIn(node["elements"]);
    return (
      Array.isArray(value) &&
      elements.length === value.length &&
      elements.every((each, index) => !isLiteral(each) || looksLike(each, value[index]))
    );
  }
  if (node.type === "ObjectExpression")
    return (
      isRecord(value) && nodesIn(node["properties"]).every((each) => Object.hasOwn(value, keyOf(each) ?? ""))
    );
  return typeof value === "function" && /Function/.test(node.type);
}
