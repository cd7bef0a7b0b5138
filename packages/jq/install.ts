/** install: the program with its manual, the library, its headers. */
import { definePhase } from "cleave/phase";

export default definePhase((phase) => {
  phase.copy("jq", `${phase.output()}/bin/jq`);
  phase.copy("jq.1.prebuilt", `${phase.output()}/share/man/man1/jq.1`);
  phase.copy("libjq.a", `${phase.output("lib")}/lib/libjq.a`);
  for (const header of ["jq.h", "jv.h"])
    phase.copy(`src/${header}`, `${phase.output("dev")}/include/${header}`);
});
