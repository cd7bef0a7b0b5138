/** install: `make install`, into the outputs. */
import { definePhase } from "cleave/phase";
import { type MakeData, runMake } from "./make.ts";

/** What the phase reads. */
export type InstallData = MakeData;

export default definePhase<InstallData>((phase) => runMake(phase));
