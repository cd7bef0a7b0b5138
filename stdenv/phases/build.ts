/**
 * build: `make`. What commands beside each other have to say is kept apart, each until it ends; in other phases, where one command
 * may be a whole suite of tests, it is shown as it comes.
 */
import { definePhase } from "cleave/phase";
import { type MakeData, runMake } from "./make.ts";

/** What the phase reads. */
export type BuildData = MakeData;

export default definePhase<BuildData>((phase) => runMake(phase, ["-Oline"]));
