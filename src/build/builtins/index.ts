/** The builders that are part of cleave, as Nix has them: functions of this process, outside of any sandbox. */
import { builtins as fetching } from "../../fetch/index.ts";
import { buildenv } from "./buildenv.ts";
import type { Job } from "./job.ts";

/** Builders by what a derivation calls them. */
export const builtins: ReadonlyMap<string, (job: Job) => Promise<void>> = new Map<
  string,
  (job: Job) => Promise<void>
>([...fetching, ["builtin:buildenv", buildenv]]);
