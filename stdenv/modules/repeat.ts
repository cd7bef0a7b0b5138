/** Standard phases once more, under another name. */
import type { StoreFile } from "cleave/package";
import type { MakeData } from "../phases/make.ts";
import type { Given } from "./standard.ts";

type WithPhases = {
  readonly phases: Readonly<
    Record<string, { readonly script: StoreFile; readonly data: unknown; readonly branch: boolean } | null>
  >;
};

/**
 * Repeat a phase that runs make: what it runs and reads stays, but for the data that `changes` gives. When it takes place is
 * for the recipe to say. Throws where the package has no phase of that name.
 */
export function repeatMake(name: string, config: WithPhases, changes: Partial<Given<MakeData>>) {
  const original = () => {
    const phase = config.phases[name];
    if (phase === undefined || phase === null)
      throw new Error(
        `there is no phase ${name} to repeat; there are: ${Object.keys(config.phases).join(", ")}`,
      );
    return phase;
  };
  return {
    script: () => original().script,
    branch: () => original().branch,
    data: () => ({ ...(original().data as MakeData), ...changes }),
  };
}
