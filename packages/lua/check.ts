/** check: what was built says its version and runs a script of ours. */
import { definePhase } from "cleave/phase";

/** What the phase reads. */
export type CheckData = {
  /** A script in Lua. */
  readonly test: string;
};

export default definePhase<CheckData>(async (phase) => {
  const lua = `${phase.workDirectory}/src/lua`;
  const luac = `${phase.workDirectory}/src/luac`;
  const compiled = `${phase.temporaryDirectory}/check.luac`;
  await phase.exec([lua, "-v"]);
  await phase.exec([lua, phase.data.test, phase.output()]);
  await phase.exec([luac, "-o", compiled, phase.data.test]);
  await phase.exec([lua, compiled, phase.output()]);
});
