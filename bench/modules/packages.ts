/** The modules of `nix/*.nix`, one to one. */
import {
  defineModule,
  evalModules,
  mkAfter,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  mkOption,
  mkOptionDefault,
  types,
  uses,
} from "cleave/modules";
import { type Derived, derive, type Inputs } from "./derive.ts";

/** The values of one package. */
export type Package = Inputs & { readonly pname: string; readonly version: string; readonly drv: Derived };

const str = (value: string) => mkOption({ type: types.string, default: value, description: "text" });
const strs = (value: readonly string[]) =>
  mkOption({ type: types.listOf(types.string), default: value, description: "list" });
const bool = (value: boolean) => mkOption({ type: types.bool, default: value, description: "switch" });
const maybe = (description: string) =>
  mkOption({ type: types.nullOr(types.string), default: null, description });

const phase = defineModule(
  "phase",
  {
    options: {
      name: mkOption({ type: types.string, description: "phase name" }),
      enable: bool(true),
      after: strs([]),
      env: mkOption({ type: types.attrsOf(types.string), default: {}, description: "environment" }),
      script: mkOption({ type: types.lines, default: "", description: "what it runs" }),
    },
  },
  ({ name, define }) => define({ name: mkOptionDefault(name) }),
);

/** The base module of one "package": 25 options and the derivation that comes of them. */
const base = defineModule(
  "base",
  {
    options: {
      pname: mkOption({ type: types.string, description: "name" }),
      version: mkOption({ type: types.string, description: "version" }),
      name: mkOption({ type: types.string, description: "text" }),
      system: str("x86_64-linux"),
      builder: str("/bin/sh"),
      args: strs(["-c", 'eval "$script"']),
      description: str(""),
      homepage: maybe("url"),
      licenses: strs([]),
      platforms: strs(["x86_64-linux", "aarch64-linux"]),
      broken: bool(false),
      src: str(""),
      srcHash: maybe("hash"),
      patches: strs([]),
      nativeBuildInputs: strs([]),
      buildInputs: strs([]),
      propagatedBuildInputs: strs([]),
      configureFlags: strs([]),
      makeFlags: strs([]),
      cflags: mkOption({ type: types.separatedString(" "), default: "", description: "flags" }),
      env: mkOption({ type: types.attrsOf(types.string), default: {}, description: "environment" }),
      features: mkOption({ type: types.attrsOf(types.bool), default: {}, description: "switches" }),
      enableParallelBuilding: bool(true),
      doCheck: bool(false),
      phases: mkOption({ type: types.attrsOf(types.submodule(phase)), default: {}, description: "phases" }),
      drv: mkOption({ type: types.rawOf<Derived>(), readOnly: true, description: "the derivation" }),
    },
  },
  ({ config, define }) =>
    define({
      name: mkOptionDefault(() => `${config.pname}-${config.version}`),
      drv: () => derive(config as Inputs),
    }),
);

/** Module 1 of 3: the "stdenv": mkDefault values for all seven phases, the flags and the environment. */
const defaults = uses(base).module("defaults", {}, ({ config, define }) =>
  define(
    mkMerge([
      {
        licenses: mkDefault(["mit"]),
        makeFlags: ["PREFIX=$out"],
        cflags: "-O2",
        env: { LANG: mkDefault("C"), TZ: "UTC", SOURCE_DATE_EPOCH: mkDefault("1") },
        features: { static: mkDefault(false), lto: mkDefault(false) },
        phases: {
          unpack: { script: mkDefault("tar xf $src") },
          patch: { after: ["unpack"], script: mkDefault("for p in $patches; do patch -p1 < $p; done") },
          configure: {
            after: ["patch"],
            script: mkDefault("./configure --prefix=$out $configureFlags"),
          },
          build: { after: ["configure"], script: mkDefault("make $makeFlags"), env: { V: mkDefault("0") } },
          check: {
            after: ["build"],
            enable: mkDefault(() => config.doCheck),
            script: mkDefault("make check"),
          },
          install: { after: ["build"], script: mkDefault("make install") },
          fixup: { after: ["install"], script: mkDefault("strip $out/bin/*") },
        },
      },
      mkIf(() => config.features["lto"] === true, { cflags: "-flto" }),
    ]),
  ),
);

/** Module 2 of 3: package number `i`; `dependencies` gives the derivations that it depends on. */
const numbered = (i: number, dependencies: () => readonly Derived[]) =>
  uses(base).package(`package ${i}`, ({ define }) =>
    define({
      pname: `pkg${i}`,
      version: `1.${i}`,
      description: `package number ${i}`,
      src: `/src/pkg${i}.tar.gz`,
      buildInputs: () => dependencies().map(({ outPath }) => outPath),
      configureFlags: [`--with-number=${i}`],
      features: { lto: i % 2 === 0 },
      env: { NUMBER: `${i}` },
      phases: { install: { script: `install -D pkg${i} $out/bin/pkg${i}` } },
    }),
  );

/** Module 3 of 3: the user's overrides. */
const overrides = uses(base).module("overrides", {}, ({ define }) =>
  define({
    env: { TZ: mkForce("Europe/Berlin") },
    makeFlags: mkAfter(["V=1"]),
    cflags: "-g",
    phases: mkMerge([
      { check: { enable: mkForce(true) } },
      { fixup: { script: mkForce("true") }, build: { env: { V: "1" } } },
    ]),
  }),
);

/** The packages that number `i` depends on: up to three earlier ones. */
function dependenciesOf(i: number): number[] {
  const raw = [i - 1 - ((7 * i) % 10), Math.floor(i / 2), Math.floor(i / 3)];
  return [...new Set(raw)].filter((each) => each >= 0 && each < i);
}

/** Evaluate packages 0 to `n - 1`, each by itself. */
export function packagesEach(n: number): Package[] {
  const packages: Package[] = [];
  for (let i = 0; i < n; i += 1) packages.push(nextPackage(packages));
  return packages;
}

/** Evaluate one package more. */
export function nextPackage(packages: readonly Package[]): Package {
  const i = packages.length;
  const dependencies = () => dependenciesOf(i).flatMap((each) => packages[each]?.drv ?? []);
  return evalModules({ modules: [base, defaults, numbered(i, dependencies), overrides] }).config as Package;
}

/** Evaluate packages 0 to `n - 1` in one evaluation, each a submodule. */
export function packagesOfOne(n: number): Package[] {
  const all = defineModule("all", {
    options: {
      packages: mkOption({
        type: types.attrsOf(types.submodule([base, defaults])),
        default: {},
        description: "packages",
      }),
    },
  });
  const numbers = Array.from({ length: n }, (_, i) => i);
  const each = uses(all).module("each", {}, ({ config, define }) => {
    const dependencies = (i: number) =>
      dependenciesOf(i).flatMap((each) => config.packages[`pkg${each}`]?.drv ?? []);
    return define({
      packages: Object.fromEntries(numbers.map((i) => [`pkg${i}`, numbered(i, () => dependencies(i))])),
    });
  });
  const overridden = uses(all).module("overridden", {}, ({ define }) =>
    define({ packages: Object.fromEntries(numbers.map((i) => [`pkg${i}`, overrides])) }),
  );
  const { packages } = evalModules({ modules: [all, each, overridden] }).config;
  return numbers.map((i) => packages[`pkg${i}`] as Package);
}
