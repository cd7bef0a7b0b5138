import { definePhase } from "cleave/phase";

export default definePhase((phase) => {
  phase.log(`${phase.list(".").length}`);
});
