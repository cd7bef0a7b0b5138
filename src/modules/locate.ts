/** Find definitions in the sources: the module's own position until its file can be read. */
import type { Location } from "../base/index.ts";
import type { Definition } from "./definition.ts";
import type { Place } from "./place.ts";

/** Find where a definition of the option at `place` stands. */
export function locate(definition: Definition, _place: Place | undefined): Location | undefined {
  const location = definition.source.module.origin.location;
  return location.file === undefined ? undefined : location;
}
