/** build: `make`. */
import { definePhase } from "cleave/phase";
import { type MakeData, runMake } from "./make.ts";

/** What the phase reads. */
export type BuildData = MakeData;

export default definePhase<BuildData>(runMake);
