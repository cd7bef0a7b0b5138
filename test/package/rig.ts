/** Packages for tests of lowering: made of a few facts, with tools that only exist as derivations. */
import { type Module, uses } from "../../src/modules/index.ts";
import {
  base,
  evaluatePackage,
  type Package,
  type PackageContext,
  type PackageInterface,
  type Platforms,
  parsePlatform,
  rawDerivation,
  StoreFile,
} from "../../src/package/index.ts";

const platform = parsePlatform("x86_64-linux");
export const platforms: Platforms = { build: platform, host: platform, target: platform };

/** A file with a name and a text. */
export const fileOf = (name: string, text = name): StoreFile => new StoreFile(name, Buffer.from(text));

/** A tool: a derivation that is never built. */
function toolOf(attribute: string): Package {
  const module = uses(rawDerivation).package(attribute, ({ define }) =>
    define({ name: attribute, version: "1", builder: "/none" }),
  );
  return evaluatePackage(
    module,
    contextOf(attribute, () => fail(attribute)),
  );
}

function fail(attribute: string): never {
  throw new Error(`${attribute} needs nothing`);
}

const tools = new Map<string, PackageInterface>();
const resolveTool = (attribute: string): PackageInterface => {
  let found = tools.get(attribute);
  if (found === undefined) {
    found = toolOf(attribute).interface;
    tools.set(attribute, found);
  }
  return found;
};

export function contextOf(
  attribute: string,
  resolve: PackageContext["resolve"] = (name) => resolveTool(name),
): PackageContext {
  return { attribute, platforms, resolve };
}

export type PhaseFacts = {
  readonly script?: string;
  readonly data?: unknown;
  readonly tools?: Readonly<Record<string, string>>;
  readonly after?: readonly string[];
  readonly branch?: boolean;
};

export type PackageFacts = {
  readonly name?: string;
  readonly version?: string;
  readonly outputs?: readonly string[];
  readonly description?: string;
  readonly platforms?: Platforms;
  readonly phases: Readonly<Record<string, PhaseFacts>>;
};

/** Evaluate a package. */
export function packageOf(facts: PackageFacts, more: readonly Module[] = []): Package {
  const { name = "sample", version = "1.0", outputs = ["out"], phases } = facts;
  const module = uses(base).package(name, ({ define }) =>
    define({
      name,
      version,
      outputs,
      runner: { tool: "qjs", program: "bin/qjs", script: fileOf("runner.js") },
      interpreters: { quickjs: { tool: "qjs", program: "bin/qjs" } },
      meta: { description: facts.description ?? "" },
      phases: Object.fromEntries(
        Object.entries(phases).map(([phase, { script, data, tools: used, after, branch }]) => [
          phase,
          {
            script: fileOf(`${phase}.js`, script ?? phase),
            data: data ?? {},
            tools: used ?? {},
            after: after ?? [],
            branch: branch ?? false,
          },
        ]),
      ),
    }),
  );
  return evaluatePackage(module, { ...contextOf(name), platforms: facts.platforms ?? platforms }, more);
}

/** The phases of a usual package, with a check beside. */
export const usual: Readonly<Record<string, PhaseFacts>> = {
  unpack: {},
  configure: { after: ["unpack"] },
  build: { after: ["configure"], tools: { make: "make" } },
  check: { after: ["build"], branch: true, tools: { dejagnu: "dejagnu" } },
  install: { after: ["build"] },
  fixup: { after: ["install"] },
};
