/** What a derivation asks of the machine that builds it. */
import { CleaveError } from "../base/index.ts";
import { attributesOf } from "./attributes.ts";
import type { BuildNode } from "./build-graph.ts";
import { isBuiltin } from "./run-builtin.ts";

/** What this machine builds, its own platform first. */
const platforms: Readonly<Record<string, readonly string[]>> = {
  x64: ["x86_64-linux", "i686-linux"],
  arm64: ["aarch64-linux"],
};

/** What `requiredSystemFeatures` may ask for: words that only say that a build is large, or a test of NixOS. */
const features: readonly string[] = ["benchmark", "big-parallel", "nixos-test"];

/** Check that a derivation can be built here. Throws `build-platform` and `build-bad-attribute`. */
export function checkRequirements({ path, derivation }: BuildNode): void {
  const { platform } = derivation;
  const own = platforms[process.arch] ?? [];
  if (!own.includes(platform) && !isBuiltin(derivation))
    throw new CleaveError({
      code: "build-platform",
      message: `${path} is to be built on ${platform}, and this machine is ${own[0] ?? process.arch}`,
      hint: "build it on such a machine",
    });
  const { list, flag } = attributesOf(derivation);
  const lacking = (list("requiredSystemFeatures") ?? []).filter((each) => !features.includes(each));
  if (lacking.length > 0)
    throw new CleaveError({
      code: "build-platform",
      message: `${path} requires the features ${lacking.join(", ")}, and this builder has ${features.join(", ")}`,
      hint: "build it on a machine that has them",
    });
  if (flag("__noChroot"))
    throw new CleaveError({
      code: "build-bad-attribute",
      message: `${path} is to be built outside of a sandbox (__noChroot), and every build here is in one`,
      hint: "make what it needs of the machine an input",
    });
}
