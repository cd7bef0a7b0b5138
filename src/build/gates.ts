/** Gates: builds whose success others wait for before their outputs become valid. */
import { CleaveError } from "../base/index.ts";
import type { BuildNode } from "./build-graph.ts";

export type Gates = {
  /** Say that a build has succeeded. */
  readonly open: (node: BuildNode) => void;
  /** Say that a build has failed, and so what needs it will never run. */
  readonly fail: (node: BuildNode) => void;
  /** Settles when all gates of a build are open. Throws `build-gate` where one failed, and the reason of the signal. */
  readonly passed: (node: BuildNode, signal: AbortSignal) => Promise<void>;
};

/** Watch the gates of some builds. */
export function makeGates(builds: readonly BuildNode[]): Gates {
  const doors = new Map<BuildNode, PromiseWithResolvers<boolean>>();
  for (const { gates } of builds) for (const gate of gates) doors.set(gate, Promise.withResolvers());
  return {
    open: (node) => doors.get(node)?.resolve(true),
    fail: (node) => {
      if (doors.size === 0) return;
      const doomed = new Set([node]);
      // None comes before what it needs.
      for (const each of builds) if ([...each.needs].some((need) => doomed.has(need))) doomed.add(each);
      for (const each of doomed) doors.get(each)?.resolve(false);
    },
    passed: async ({ path, gates }, signal) => {
      if (gates.size === 0) return;
      const aborted = Promise.withResolvers<never>();
      const abort = () => aborted.reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      try {
        for (const gate of gates) {
          const open = await Promise.race([doors.get(gate)?.promise, aborted.promise]);
          if (open === false) throw closed(path, gate);
        }
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
  };
}

function closed(path: string, { path: gate }: BuildNode): CleaveError {
  return new CleaveError({
    code: "build-gate",
    message: `the outputs of ${path} were made, and are not published because ${gate} failed`,
    hint: "mend what failed; cleave build --no-check publishes without it",
  });
}
