/** configure: put the headers in place that make's configure script would make. */
import { definePhase } from "cleave/phase";

/** What the phase reads. */
export type ConfigureData = {
  /** The file config.h. */
  readonly config: string;
};

export default definePhase<ConfigureData>((phase) => {
  phase.write("src/config.h", phase.read(phase.data.config));
  for (const name of ["fnmatch", "glob"]) phase.copy(`lib/${name}.in.h`, `lib/${name}.h`);
});
