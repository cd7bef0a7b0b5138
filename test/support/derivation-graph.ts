/** Random derivation graphs, said once as a Nix expression and once to cleave. */
import fc from "fast-check";
import { decodeText, encodeText, type Json } from "../../src/base/index.ts";
import {
  type Addressing,
  type DerivationSpec,
  formatHash,
  formatNamedHash,
  type Graph,
  type HashAlgorithm,
  hashAlgorithms,
  hashBytes,
  type InputOutputs,
  type MadeDerivation,
  makeDerivation,
  makeTextPath,
  type StorePath,
  upstreamPlaceholder,
} from "../../src/nix/index.ts";

/** One derivation of a graph. Its inputs are numbers, to be taken modulo its own index. */
type Node = {
  readonly name: string;
  readonly outputs: readonly string[] | undefined;
  readonly addressing: "input-addressed" | "fixed" | "floating" | "impure";
  readonly algorithm: HashAlgorithm;
  readonly recursive: boolean;
  readonly format: "base16" | "nix32" | "base64" | "sri";
  readonly platform: string;
  readonly builder: string;
  readonly args: readonly string[];
  readonly env: readonly (readonly [string, string])[];
  readonly structured: Readonly<Record<string, Json>> | undefined;
  readonly inputs: readonly (readonly [node: number, output: number])[];
  readonly files: readonly string[];
};

/** Generate graphs of 1 to `size` derivations; with `bytes`, their texts are not all UTF-8. */
export function graphs(size: number, bytes: boolean): fc.Arbitrary<Node[]> {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.string({ minLength: 1, maxLength: 12 }) },
    { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
    fc.constantFrom(
      "\n",
      "\r\n",
      "\t",
      '"',
      "\\",
      "${x}",
      "$",
      "''",
      "\\n",
      "\u001f",
      "é\u2028",
      "𝄞",
      "\b\f",
    ),
    ...(bytes ? [fc.constantFrom("\udc80", "\udcff\udcfe", "\udced\udca0\udc80", "a\udcc3")] : []),
  );
  const text = fc
    .array(piece, { maxLength: 5 })
    .map((pieces) => decodeText(encodeText(pieces.join("").replaceAll("\0", ""))));
  const name = fc
    .string({ unit: fc.constantFrom(..."abcXYZ0189+-._?="), minLength: 1, maxLength: 20 })
    .map((each) => `n${each}`)
    .filter((each) => !each.endsWith(".drv"));
  const outputName = fc.constantFrom("out", "dev", "lib", "bin", "a+b", "x=1", "_", "Z", "9");
  const json = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom(null, true, false, 0, -1, 42, 9007199254740991, -9007199254740991),
      fc.string({ unit: "binary", maxLength: 6 }).map((each) => each.replace(/[\0\b\f]/g, "")),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(
        fc.string({ maxLength: 4 }).map((key) => key.replaceAll("\0", "")),
        tie("value"),
        {
          maxKeys: 3,
          noNullPrototype: true,
        },
      ),
    ),
  })).value;
  return fc.array(
    fc
      .record<Node>({
        name: fc.oneof(name, fc.constant("n".repeat(190))),
        outputs: fc.option(fc.uniqueArray(outputName, { minLength: 1, maxLength: 4 }), { nil: undefined }),
        addressing: fc.oneof(
          { weight: 6, arbitrary: fc.constant("input-addressed" as const) },
          { weight: 2, arbitrary: fc.constant("fixed" as const) },
          fc.constantFrom("floating" as const, "impure" as const),
        ),
        algorithm: fc.constantFrom(...hashAlgorithms),
        recursive: fc.boolean(),
        format: fc.constantFrom("base16", "nix32", "base64", "sri"),
        platform: fc.constantFrom("x86_64-linux", "builtin", "aarch64-linux", "odd\nsystem é"),
        builder: text.map((each) => `/bin/${each}`),
        args: fc.array(text, { maxLength: 4 }),
        env: fc.uniqueArray(
          fc.tuple(
            fc.oneof(
              fc.constantFrom("PATH", "1", "10", "9"),
              text.map((each) => `v${each}`),
            ),
            text,
          ),
          {
            maxLength: 6,
            selector: ([variable]) => variable,
          },
        ),
        structured: fc.option(
          fc.dictionary(
            fc.string({ maxLength: 5 }).map((key) => `s${key.replaceAll("\0", "")}`),
            json,
            {
              maxKeys: 4,
              noNullPrototype: true,
            },
          ),
          { nil: undefined, freq: 3 },
        ),
        inputs: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 4 }),
        files: fc.array(text, { maxLength: 2 }),
      })
      .map((node) => (node.structured === undefined ? node : { ...node, builder: "/bin/sh" })),
    { minLength: 1, maxLength: size, size: "max" },
  );
}

/** Say a graph in Nix: a list of `[ drvPath, path of each output ]`. */
export function toNix(nodes: readonly Node[]): Buffer {
  const lines = nodes.map((node, index) => {
    const { args, builder, platform, structured } = node;
    const inputs = inputsOf(nodes, index).map(([input, output]) => `d${input}.${literal(output)}.outPath`);
    const files = node.files.map((file) => `(builtins.toFile "file" ${literal(file)})`);
    const attributes = [
      `name = ${literal(node.name)};`,
      `system = ${literal(platform)};`,
      `builder = ${literal(builder)};`,
      `args = [ ${args.map(literal).join(" ")} ];`,
      `inputs = [ ${[...inputs, ...files].join(" ")} ];`,
    ];
    const outputs = outputsOf(node);
    if (node.outputs !== undefined) attributes.push(`outputs = [ ${outputs.map(literal).join(" ")} ];`);
    for (const [name, value] of addressingAttributes(node))
      attributes.push(`${name} = ${value === true ? "true" : literal(value)};`);
    if (structured === undefined)
      attributes.push(...node.env.map(([name, value]) => `${literal(name)} = ${literal(value)};`));
    else
      attributes.push(
        "__structuredAttrs = true;",
        ...Object.entries(structured).map(([name, value]) => `${literal(name)} = ${nixValue(value)};`),
      );
    return `  d${index} = derivation { ${attributes.join(" ")} };`;
  });
  const results = nodes.map(
    (node, index) =>
      `[ d${index}.drvPath ${outputsOf(node)
        .map((output) => `d${index}.${literal(output)}.outPath`)
        .join(" ")} ]`,
  );
  return encodeText(`let\n${lines.join("\n")}\nin [ ${results.join(" ")} ]\n`);
}

/** Make a graph with cleave; gives each derivation with the paths, or placeholders, of its outputs. */
export function makeNodes(
  nodes: readonly Node[],
  graph: Graph,
): { readonly made: MadeDerivation; readonly outputs: readonly string[] }[] {
  const results: { made: MadeDerivation; outputs: string[] }[] = [];
  const refer = (made: MadeDerivation, output: string): string => {
    const found = made.derivation.outputs.get(output);
    return found !== undefined && "path" in found ? found.path : upstreamPlaceholder(made.path, output);
  };
  for (const [index, node] of nodes.entries()) {
    const inputDrvs = new Map<StorePath, InputOutputs>();
    const references: string[] = [];
    for (const [input, output] of inputsOf(nodes, index)) {
      const made = results[input]?.made;
      if (made === undefined) throw new Error("an input comes after what needs it");
      references.push(refer(made, output));
      inputDrvs.set(made.path, { outputs: [...(inputDrvs.get(made.path)?.outputs ?? []), output] });
    }
    const files = node.files.map((file) => makeTextPath("file", hashBytes("sha256", encodeText(file))));
    const made = makeDerivation(
      { ...variables(node, [...references, ...files]), inputDrvs, inputSrcs: files },
      graph,
    );
    results.push({ made, outputs: outputsOf(node).map((output) => refer(made, output)) });
  }
  return results;
}

function variables(node: Node, inputs: readonly string[]): DerivationSpec {
  const { name, platform, builder, args, structured } = node;
  const outputs = outputsOf(node);
  const extra = addressingAttributes(node).filter(([, value]) => value !== true) as [string, string][];
  const common = { name, platform, builder, args, outputs, addressing: addressingOf(node) };
  if (structured !== undefined)
    return {
      ...common,
      structuredAttrs: {
        ...structured,
        ...Object.fromEntries(extra),
        ...(node.outputs === undefined ? {} : { outputs }),
        name,
        builder,
        system: platform,
        inputs,
      },
    };
  return {
    ...common,
    env: [
      ...node.env,
      ...extra,
      ...(node.outputs === undefined ? [] : [["outputs", outputs.join(" ")] as const]),
      ["name", name],
      ["builder", builder],
      ["system", platform],
      ["inputs", inputs.join(" ")],
    ],
  };
}

function outputsOf({ addressing, outputs }: Node): readonly string[] {
  return addressing === "fixed" || outputs === undefined ? ["out"] : outputs;
}

function inputsOf(nodes: readonly Node[], index: number): [node: number, output: string][] {
  const seen = new Set<string>();
  return (nodes[index]?.inputs ?? []).flatMap(([pick, choice]) => {
    const node = nodes[pick % Math.max(1, index)];
    if (index === 0 || node === undefined) return [];
    const outputs = outputsOf(node);
    const output = outputs[choice % outputs.length] ?? "out";
    const key = `${pick % index} ${output}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [[pick % index, output]];
  });
}

function digestOf({ name, algorithm }: Node) {
  // Some share their content, so that their modulos are the same.
  return hashBytes(algorithm, name.slice(0, 2));
}

function addressingOf(node: Node): Addressing {
  const { addressing, algorithm } = node;
  const method = node.recursive ? "recursive" : "flat";
  switch (addressing) {
    case "input-addressed":
      return { type: addressing };
    case "fixed":
      return { type: addressing, method, hash: digestOf(node) };
    case "floating":
    case "impure":
      return { type: addressing, method, algorithm };
  }
}

/** Give the attributes that choose the addressing; `true` for those that do not reach the builder. */
function addressingAttributes(node: Node): [string, string | true][] {
  const { addressing, algorithm, format } = node;
  const mode = node.recursive ? "recursive" : "flat";
  switch (addressing) {
    case "input-addressed":
      return [];
    case "fixed":
      return [
        [
          "outputHash",
          node.files.length > 1
            ? formatNamedHash(digestOf(node), format)
            : formatHash(digestOf(node), format),
        ],
        ["outputHashAlgo", algorithm],
        ["outputHashMode", mode],
      ];
    case "floating":
      return [
        ["__contentAddressed", true],
        ["outputHashAlgo", algorithm],
        ["outputHashMode", mode],
      ];
    case "impure":
      return [
        ["__impure", true],
        ["outputHashAlgo", algorithm],
        ["outputHashMode", mode],
      ];
  }
}

function nixValue(value: Json | undefined): string {
  if (typeof value === "string") return literal(value);
  if (Array.isArray(value)) return `[ ${value.map(nixValue).join(" ")} ]`;
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([name, each]) => `${literal(name)} = ${nixValue(each)};`)
      .join(" ")} }`;
  return typeof value === "number" && value < 0 ? `(${value})` : String(value);
}

function literal(text: string): string {
  const escapes: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", $: "\\$" };
  return `"${text.replace(/["\\\n\r\t$]/g, (char) => escapes[char] ?? `\\${char}`)}"`;
}
