# Module 2 of 3: package number i; depDrvs: the derivations of its dependencies.
{ i, depDrvs }:
{ ... }: {
  pname = "pkg${toString i}";
  version = "1.${toString i}";
  description = "package number ${toString i}";
  src = "/src/pkg${toString i}.tar.gz";
  buildInputs = map (d: "${d}") (depDrvs { });
  configureFlags = [ "--with-number=${toString i}" ];
  features.lto = i - 2 * (i / 2) == 0;
  env.NUMBER = toString i;
  phases.install.script = "install -D pkg${toString i} $out/bin/pkg${toString i}";
}
