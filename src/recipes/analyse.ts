/**
 * Finds in the code of a recipe what no recipe may do, and what has to be changed for it to run.
 *
 * Names that recipes do not have are not there in their compartment either: this is for the place and the hint. What is
 * changed: a stack overflow that is caught would tell the depth of the stack, so each `catch` and `finally` reports what it
 * catches; and SES refuses texts that look like an import expression or an HTML comment, in strings too.
 */
import { globals } from "./realm.ts";
import { childrenOf, isNode, isReference, type Node, namesIn } from "./syntax.ts";

/** A part of the code to replace. */
export type Edit = { readonly start: number; readonly end: number; readonly text: string };

/** Something that recipes may not do: where, what, and what to do instead. */
export type Breach = { readonly start: number; readonly what: string; readonly hint: string };

/** What SES refuses in a text, be it a string or a comment. */
const refused = /import(?=\s*(?:\(|\/[/*]))|eval(?=\s*\()|<!--|-->/g;

type Comment = { readonly start: number; readonly end: number };

const clock = "a recipe has no clock: hand the time in as an option, or leave it out";
const machine =
  "a recipe knows nothing of the machine: what differs is an option of the package, or platforms";
const evaluation = "write the code into a file, and import that";
const later = "evaluation is synchronous; there is nothing to wait for";
const files = "read files with file(), directory(), readText() and readJson() of cleave/recipe";

const hints: Readonly<Record<string, string>> = {
  Date: clock,
  Temporal: clock,
  performance: clock,
  Intl: "results must not depend on a locale: write numbers and order texts by hand",
  eval: evaluation,
  Function: evaluation,
  WebAssembly: evaluation,
  Compartment: evaluation,
  lockdown: evaluation,
  Promise: later,
  setTimeout: later,
  setInterval: later,
  setImmediate: later,
  queueMicrotask: later,
  process: machine,
  navigator: machine,
  globalThis: machine,
  global: machine,
  self: machine,
  window: machine,
  require: "write an import at the top of the file",
  module: "write an export",
  exports: "write an export",
  __dirname: files,
  __filename: files,
  Buffer: "use Uint8Array, TextEncoder and TextDecoder",
  fetch: "fetch with fetchUrl() or fetchTarball() of cleave/package: they check a hash",
  XMLHttpRequest: "fetch with fetchUrl() or fetchTarball() of cleave/package: they check a hash",
  WebSocket: "fetch with fetchUrl() or fetchTarball() of cleave/package: they check a hash",
  crypto: "a recipe has no randomness",
  console: "warn with the option warnings of the module checks",
  structuredClone: "copy with { ...value } or [...value]",
  Proxy: "write the values down",
  SharedArrayBuffer: "recipes share no memory",
  Atomics: "recipes share no memory",
  WeakRef: "a recipe cannot see what the collector does",
  FinalizationRegistry: "a recipe cannot see what the collector does",
  escape: "use encodeURIComponent",
  unescape: "use decodeURIComponent",
  localStorage: files,
  sessionStorage: files,
};

/** Words without which code needs no look: all else is as it should be. */
const suspicious = new RegExp(
  `(?<![.\\w$])(?:catch|finally|async|await|${Object.keys(hints).join("|")})\\b|\\brandom\\b|import\\s*(?:\\(|/[/*])|\\$cleave|\\\\u|<!--|-->`,
);

/** Tell whether code has to be analysed. */
export function isSuspicious(code: string): boolean {
  return suspicious.test(code);
}

/** Analyse parsed code. */
export function analyse(
  program: unknown,
  comments: readonly Comment[],
  code: string,
): { readonly breaches: Breach[]; readonly edits: Edit[] } {
  const breaches: Breach[] = [];
  const edits: Edit[] = [];
  const declared = new Set<string>(globals);
  const used: { name: string; start: number }[] = [];
  const breach = (start: number, what: string, hint: string): void => {
    breaches.push({ start, what, hint });
  };
  const declare = (pattern: unknown): void => {
    for (const name of namesIn(pattern)) declared.add(name);
  };
  const visit = (node: Node, parent: Node | undefined, key: string): void => {
    switch (node.type) {
      case "Identifier":
        if (String(node["name"]).startsWith("$cleave"))
          breach(node.start, String(node["name"]), "names that start with $cleave belong to cleave");
        if (isReference(parent, key)) used.push({ name: String(node["name"]), start: node.start });
        return;
      case "VariableDeclarator":
        declare(node["id"]);
        break;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        declare(node["id"]);
        if (Array.isArray(node["params"])) for (const each of node["params"]) declare(each);
        if (node["async"] === true) breach(node.start, "an async function", later);
        break;
      case "ClassDeclaration":
      case "ClassExpression":
        declare(node["id"]);
        break;
      case "ImportSpecifier":
      case "ImportDefaultSpecifier":
      case "ImportNamespaceSpecifier":
        declare(node["local"]);
        break;
      case "AwaitExpression":
        breach(node.start, "await", later);
        break;
      case "ForOfStatement":
        if (node["await"] === true) breach(node.start, "for await", later);
        break;
      case "MemberExpression":
        if (isMathRandom(node)) breach(node.start, "Math.random", "a recipe has no randomness");
        break;
      case "TryStatement":
        guardTry(node, edits);
        break;
      case "CatchClause":
        declare(node["param"]);
        guardCatch(node, code, edits);
        break;
      case "Literal":
      case "TemplateElement":
        neutralise(node, code, edits);
        break;
      default:
    }
    for (const [name, child] of childrenOf(node)) visit(child, node, name);
  };
  if (isNode(program)) visit(program, undefined, "");
  blankComments(comments, code, edits);
  for (const { name, start } of used) {
    const hint = hints[name];
    if (hint !== undefined && Object.hasOwn(hints, name) && !declared.has(name)) breach(start, name, hint);
  }
  breaches.sort((a, b) => a.start - b.start);
  return { breaches, edits };
}

function isMathRandom(node: Node): boolean {
  const { object, property, computed } = node;
  if (!isNode(object) || !isNode(property) || object.type !== "Identifier" || object["name"] !== "Math")
    return false;
  return (computed === true ? property["value"] : property["name"]) === "random";
}

/** Give a try without a catch one that reports and throws again. */
function guardTry(node: Node, edits: Edit[]): void {
  const { handler, finalizer, block } = node;
  if (isNode(handler) || !isNode(finalizer) || !isNode(block)) return;
  edits.push({
    start: block.end,
    end: block.end,
    text: "catch($cleaveError){$cleave.caught($cleaveError);throw $cleaveError}",
  });
}

/** Let a catch report what it catches. */
function guardCatch(node: Node, code: string, edits: Edit[]): void {
  const { param, body } = node;
  if (!isNode(body)) return;
  const inside = body.start + 1;
  if (!isNode(param)) {
    edits.push({
      start: node.start + "catch".length,
      end: node.start + "catch".length,
      text: "($cleaveError)",
    });
    edits.push({ start: inside, end: inside, text: "$cleave.caught($cleaveError);" });
  } else if (param.type === "Identifier")
    edits.push({ start: inside, end: inside, text: `$cleave.caught(${String(param["name"])});` });
  else {
    const pattern = code.slice(param.start, param.end);
    edits.push({ start: param.start, end: param.end, text: "$cleaveError" });
    edits.push({
      start: inside,
      end: inside,
      text: `$cleave.caught($cleaveError);let ${pattern}=$cleaveError;`,
    });
  }
}

/** Write what SES takes for an import expression, a call of eval or an HTML comment with an escape, which means the same. */
function neutralise(node: Node, code: string, edits: Edit[]): void {
  const { value, regex } = node;
  if (node.type === "Literal" && typeof value !== "string" && (typeof regex !== "object" || regex === null))
    return;
  for (const match of code.slice(node.start, node.end).matchAll(refused)) {
    const start = node.start + match.index;
    const escaped = `\\x${match[0].charCodeAt(0).toString(16)}`;
    edits.push({ start, end: start + 1, text: escaped });
  }
}

/** Blank comments with such texts. */
function blankComments(comments: readonly Comment[], code: string, edits: Edit[]): void {
  for (const { start, end } of comments)
    if (code.slice(start, end).search(refused) >= 0) edits.push({ start, end, text: " " });
}
