/** prune: bashbug, which sends mail to bash's authors, names the compiler, and would keep that with bash. */
import { definePhase } from "cleave/phase";

export default definePhase((phase) => {
  phase.remove(`${phase.output()}/bin/bashbug`, ...phase.glob(`${phase.output()}/share/man/man1/bashbug.*`));
});
