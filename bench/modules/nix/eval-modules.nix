# one = false: one evalModules per package.  one = true: a single evalModules, options.packages = attrsOf submodule.
# values = true: every option value of every package, the derivation as [ drvPath outPath ], instead of output paths.
{ libPath, n, one ? false, values ? false }:
let
  lib = import libPath;
  depsOf = import ./deps.nix;

  each = builtins.genList
    (i: (lib.evalModules {
      modules = [
        ./base-module.nix
        ./defaults-module.nix
        (import ./package-module.nix {
          inherit i;
          depDrvs = _: map (d: (builtins.elemAt each d).drv) (depsOf i);
        })
        ./override-module.nix
      ];
    }).config) n;

  whole = (lib.evalModules {
    modules = [
      ({ lib, ... }: {
        options.packages = lib.mkOption {
          type = lib.types.attrsOf (lib.types.submodule [ ./base-module.nix ./defaults-module.nix ]);
          default = { };
        };
      })
      ({ config, ... }: {
        packages = builtins.listToAttrs (builtins.genList
          (i: {
            name = "pkg${toString i}";
            value = import ./package-module.nix {
              inherit i;
              depDrvs = _: map (d: config.packages."pkg${toString d}".drv) (depsOf i);
            };
          }) n);
      })
      ({ lib, ... }: {
        packages = builtins.listToAttrs (builtins.genList
          (i: { name = "pkg${toString i}"; value = ./override-module.nix; }) n);
      })
    ];
  }).config.packages;

  configs = if one then builtins.genList (i: whole."pkg${toString i}") n else each;
  show = config: removeAttrs config [ "_module" ] // { drv = [ config.drv.drvPath config.drv.outPath ]; };
in if values then builtins.toJSON (map show configs) else map (config: config.drv.outPath) configs
