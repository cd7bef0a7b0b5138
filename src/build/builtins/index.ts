/** The builders that are part of cleave, as Nix has them: functions of this process, outside of any sandbox. */
import { type Builtin, builtins as fetching } from "../../fetch/index.ts";
import { buildenv } from "./buildenv.ts";

/** Builders by what a derivation calls them. */
export const builtins: ReadonlyMap<string, Builtin> = new Map([...fetching, ["builtin:buildenv", buildenv]]);
