/** What `config.drv` of `nix/base-module.nix` is: a derivation of the option values. */
import { makeDerivation, makeGraph, type StorePath } from "cleave/nix";

export type Derived = { readonly drvPath: StorePath; readonly outPath: string };

type Phase = {
  readonly name: string;
  readonly enable: boolean;
  readonly after: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly script: string;
};
type Texts = readonly string[];

export type Inputs = {
  readonly name: string;
  readonly system: string;
  readonly builder: string;
  readonly args: Texts;
  readonly description: string;
  readonly homepage: string | null;
  readonly licenses: Texts;
  readonly platforms: Texts;
  readonly broken: boolean;
  readonly src: string;
  readonly srcHash: string | null;
  readonly patches: Texts;
  readonly nativeBuildInputs: Texts;
  readonly buildInputs: Texts;
  readonly propagatedBuildInputs: Texts;
  readonly configureFlags: Texts;
  readonly makeFlags: Texts;
  readonly cflags: string;
  readonly env: Readonly<Record<string, string>>;
  readonly features: Readonly<Record<string, boolean>>;
  readonly enableParallelBuilding: boolean;
  readonly doCheck: boolean;
  readonly phases: Readonly<Record<string, Phase>>;
};

const order = ["unpack", "patch", "configure", "build", "check", "install", "fixup"];
const graph = makeGraph();
/** The derivation of each output path, which Nix keeps in the context of the text. */
const derivationOf = new Map<string, StorePath>();

export function derive(config: Inputs): Derived {
  const { description, homepage, licenses, platforms, broken, srcHash } = config;
  // Nix writes the names of JSON in the order of their bytes.
  const meta = { broken, description, homepage, licenses, platforms, srcHash };
  const inputs = config.buildInputs.flatMap((path) => derivationOf.get(path) ?? []);
  const { path: drvPath, derivation } = makeDerivation(
    {
      name: config.name,
      platform: config.system,
      builder: config.builder,
      args: config.args,
      inputDrvs: new Map(inputs.map((path) => [path, { outputs: ["out"] }])),
      env: Object.entries({
        ...config.env,
        name: config.name,
        system: config.system,
        builder: config.builder,
        src: config.src,
        patches: config.patches.join(" "),
        nativeBuildInputs: config.nativeBuildInputs.join(" "),
        buildInputs: config.buildInputs.join(" "),
        propagatedBuildInputs: config.propagatedBuildInputs.join(" "),
        configureFlags: config.configureFlags.join(" "),
        makeFlags: config.makeFlags.join(" "),
        cflags: config.cflags,
        enableParallelBuilding: config.enableParallelBuilding ? "1" : "",
        doCheck: config.doCheck ? "1" : "",
        features: Object.entries(config.features)
          .map(([name, on]) => `${name}=${on ? "1" : "0"}`)
          .join(" "),
        script: order.map((name) => scriptOf(config.phases[name])).join(""),
        meta_json: JSON.stringify(meta),
      }),
    },
    graph,
  );
  const outPath = derivation.env.get("out") ?? "";
  derivationOf.set(outPath, drvPath);
  return { drvPath, outPath };
}

function scriptOf(phase: Phase | undefined): string {
  if (phase?.enable !== true) return "";
  const exports = Object.entries(phase.env).map(([name, value]) => `export ${name}=${value}\n`);
  return `# ${phase.name} after ${phase.after.join(" ")}\n${exports.join("")}${phase.script}`;
}
