/** install: the archive, its headers, and what pkg-config says of it. */
import { definePhase } from "cleave/phase";

export default definePhase((phase) => {
  const out = phase.output();
  const dev = phase.output("dev");
  phase.copy("libonig.a", `${out}/lib/libonig.a`);
  for (const header of ["oniguruma.h", "oniggnu.h"]) phase.copy(`src/${header}`, `${dev}/include/${header}`);
  phase.copy("oniguruma.pc.in", `${dev}/lib/pkgconfig/oniguruma.pc`);
  phase.substitute(`${dev}/lib/pkgconfig/oniguruma.pc`, {
    "@prefix@": out,
    "@exec_prefix@": out,
    "@libdir@": `${out}/lib`,
    "@includedir@": `${dev}/include`,
    "@datarootdir@": `${out}/share`,
    "@datadir@": `${out}/share`,
    "@PACKAGE_VERSION@": phase.package.version,
  });
});
