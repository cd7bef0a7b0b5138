/** install: the program. */
import { definePhase } from "cleave/phase";

export default definePhase((phase) => {
  phase.copy("make", `${phase.output()}/bin/make`);
});
