/** Where things are in the sandbox, and when the phase clock starts. */

export const storeFolder = "/nix/store";
export const buildFolder = "/build";
export const workDirectory = `${buildFolder}/work`;
export const temporaryDirectory = `${buildFolder}/tmp`;
/** Holds `phase.json`, and `result.json` once the phase has written it. */
export const phaseDirectory = `${buildFolder}/phase`;
export const attributesFile = `${buildFolder}/.attrs.json`;
/** Where the builder says that the tree of a state is already there. */
export const liveFile = `${buildFolder}/.cleave-live.json`;

/** 1980-01-02T00:00:00Z, in seconds. */
export const clockBase = 315_619_200;

/** Give the last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
