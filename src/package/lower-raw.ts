/** Makes the derivation of a package without phases. */
import { makeDerivation } from "../nix/index.ts";
import { graph } from "./graph.ts";
import { Inputs, resolveData } from "./inputs.ts";
import type { PackageContext } from "./interface.ts";
import { knownPaths } from "./known-paths.ts";
import type { Lowered } from "./lower.ts";
import type { RawConfig } from "./package.ts";
import { nixSystem } from "./platform.ts";

/** Make the derivation: builder, arguments and environment as they are, inputs what these name. */
export function makeRaw(config: RawConfig, { attribute, platforms }: PackageContext): Lowered {
  const inputs = new Inputs();
  const known = knownPaths(inputs, {
    packages: [...Object.values(config.inputs.tools), ...Object.values(config.inputs.libraries)],
    objects: Object.values(config.files),
  });
  const text = (value: unknown, at: string) =>
    String(resolveData(value, { at, of: attribute }, inputs, known));
  const builder = text(config.builder, "builder");
  const args = config.args.map((each, index) => text(each, `args[${index}]`));
  const env = Object.entries(config.env).map(([name, value]) => [name, text(value, `env.${name}`)] as const);
  const canonical = makeDerivation(
    {
      name: `${config.name}-${config.version}`,
      platform: nixSystem(platforms.build),
      builder,
      args,
      env,
      outputs: config.outputs,
      inputDrvs: inputs.inputDrvs,
      inputSrcs: inputs.inputSrcs,
    },
    graph,
  );
  return { canonical, groups: [{ made: canonical, phases: [] }], branches: [], inputs };
}
