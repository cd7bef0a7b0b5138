/** The options that packages and derivations without phases share. */
import { defineModule, mkDefault, mkOption, types } from "../modules/index.ts";
import type { PackageContext, PackageInterface, Platform } from "./interface.ts";

/** Attributes of the package set by the name under which phases find them; `null` takes one away again. */
const attributes = (description: string) =>
  mkOption({ type: types.attrsOf(types.removable(types.string)), default: {}, description });

const folders = (description: string) => mkOption({ type: types.listOf(types.string), description });

const resolved = (description: string) =>
  mkOption({
    type: types.lazyAttrsOf(types.rawOf<PackageInterface>()),
    readOnly: true,
    internal: true,
    description,
  });

const platform = (description: string) =>
  mkOption({ type: types.rawOf<Platform>(), readOnly: true, description });

export const common = defineModule(
  "common",
  {
    args: { context: types.rawOf<PackageContext>() },
    options: {
      name: mkOption({
        type: types.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9+._?=-]*$/),
        description: "The name of the package, without its version.",
      }),
      version: mkOption({
        type: types.stringMatching(/^[a-zA-Z0-9+._?=-]+$/),
        description: "The version of the package.",
      }),
      outputs: mkOption({
        type: types.nonEmptyListOf(types.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]*$/)),
        default: ["out"],
        description: "The outputs. The first is what the package as a whole stands for.",
      }),
      tools: attributes(
        "What runs while the package is built: attributes of the package set, for the build platform.",
      ),
      libraries: attributes(
        "What the package is built against: attributes of the package set, for the host platform.",
      ),
      platforms: {
        build: platform("The platform that the package is built on."),
        host: platform("The platform that the package runs on."),
        target: platform("The platform that the package makes code for, if it makes any."),
      },
      inputs: {
        tools: resolved("The tools, as packages."),
        libraries: resolved("The libraries and what these require in turn, as packages."),
      },
      exports: {
        programs: folders("Folders with programs: output/folder, such as out/bin."),
        include: folders("Folders with headers: output/folder."),
        lib: folders("Folders with libraries: output/folder."),
        link: mkOption({
          type: types.listOf(types.string),
          default: [],
          description: "Names of libraries that whoever uses this package links to, in order, without -l.",
        }),
        requires: mkOption({
          type: types.listOf(types.string),
          default: [],
          description: "Attributes of packages that whoever links to this one needs as well.",
        }),
        data: mkOption({
          type: types.json,
          default: null,
          description: "Anything else that dependants may read.",
        }),
      },
      meta: {
        description: mkOption({
          type: types.string,
          default: "",
          description: "What it is, in a few words.",
        }),
        homepage: mkOption({ type: types.nullOr(types.string), default: null, description: "Its site." }),
        license: mkOption({
          type: types.listOf(types.string),
          default: [],
          description: "Its licences, as SPDX names them.",
        }),
        mainProgram: mkOption({
          type: types.nullOr(types.string),
          default: null,
          description: "The program that cleave run starts; the package's own name where it says nothing.",
        }),
      },
    },
  },
  ({ config, args, define }) => {
    const first = (...names: readonly string[]) =>
      names.find((each) => config.outputs.includes(each)) ?? config.outputs[0] ?? "out";
    return define({
      platforms: {
        build: () => args.context.platforms.build,
        host: () => args.context.platforms.host,
        target: () => args.context.platforms.target,
      },
      inputs: {
        tools: () => resolveAll(config.tools, "tools", args.context),
        libraries: () => {
          const own = Object.entries(resolveAll(config.libraries, "libraries", args.context));
          const libraries = Object.fromEntries(own.map(([name, each]) => [name, each()]));
          const all = withRequired(libraries, Object.values(libraries), args.context);
          return Object.fromEntries(Object.entries(all).map(([name, each]) => [name, () => each]));
        },
      },
      exports: {
        programs: mkDefault(() => [`${first("bin", "out")}/bin`]),
        include: mkDefault(() => [`${first("dev", "out")}/include`]),
        lib: mkDefault(() => [`${first("lib", "out")}/lib`]),
      },
    });
  },
);

function resolveAll(
  names: Readonly<Record<string, string | null>>,
  role: "tools" | "libraries",
  { resolve }: PackageContext,
): Record<string, () => PackageInterface> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, attribute]) =>
      attribute === null ? [] : [[name, () => resolve(attribute, role)]],
    ),
  );
}

/** Add what some of the libraries require in turn, each by its attribute, unless that names another one already. */
export function withRequired(
  libraries: Readonly<Record<string, PackageInterface>>,
  some: readonly PackageInterface[],
  { resolve }: PackageContext,
): Record<string, PackageInterface> {
  const all = { ...libraries };
  const known = new Set(Object.values(libraries).map(({ attribute }) => attribute));
  const queue = some.flatMap(({ exports }) => exports.requires);
  for (const attribute of queue) {
    if (known.has(attribute) || Object.hasOwn(all, attribute)) continue;
    known.add(attribute);
    const found = resolve(attribute, "libraries");
    all[attribute] = found;
    queue.push(...found.exports.requires);
  }
  return all;
}
