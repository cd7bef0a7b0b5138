import { definePhase } from "cleave/phase";

export default definePhase((phase) => {
  phase.write(phase.output(), `${phase.list(".").length}\n`);
});
