/** root: the default of package.path, in the output rather than in /usr/local. */
import { definePhase } from "cleave/phase";

export default definePhase((phase) =>
  phase.substitute("src/luaconf.h", { '"/usr/local/"': `"${phase.output()}/"` }),
);
