/** A package whose first phase makes 20,000 files, which its second is handed, and for its branch they are restored. */
import { uses } from "cleave/modules";
import { base } from "cleave/package";
import { script } from "cleave/recipe";
import { quickjs } from "cleave/stdenv";

export default uses(base, quickjs).package("tree", ({ define }) =>
  define({
    name: "tree",
    version: "1",
    phases: {
      fill: { script: () => script("fill.ts") },
      take: { script: () => script("take.ts"), after: ["fill"] },
      look: { script: () => script("look.ts"), after: ["fill"], branch: true },
    },
  }),
);
