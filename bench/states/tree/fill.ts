import { definePhase } from "cleave/phase";

export default definePhase((phase) => {
  const line = "a line of a file that is neither large nor small\n";
  for (let folder = 0; folder < 200; folder += 1) {
    phase.makeFolder(`${folder}`);
    for (let file = 0; file < 100; file += 1)
      phase.write(`${folder}/${file}`, line.repeat(1 + ((folder * file) % 500)));
  }
  phase.log("filled");
});
