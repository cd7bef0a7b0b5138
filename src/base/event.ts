/**
 * What the rooms have to say while they work.
 *
 * Rooms return data and hand events to an {@link Emit}; only a reporter of `src/cli/` turns them into text.
 * The union is closed, so that a reporter that forgets a kind does not compile.
 */
export type Event =
  /** Something is wrong that does not stop the work. */
  | { readonly type: "warning"; readonly message: string; readonly hint?: string }
  /** Something that was done or found, a line for who watches. */
  | { readonly type: "note"; readonly message: string }

  /** So many more derivations are to be built. */
  | { readonly type: "builds"; readonly total: number }
  /** A build waits, because another process has a lock on one of its outputs. */
  | { readonly type: "build-waiting"; readonly derivation: string }
  | { readonly type: "build-started"; readonly derivation: string }
  /** The builder has written a line. */
  | { readonly type: "build-log"; readonly derivation: string; readonly line: string }
  /** The builder begins a phase. */
  | { readonly type: "build-phase"; readonly derivation: string; readonly phase: string }
  /**
   * A build is over; `valid` where another process had built it meanwhile, `stopped` where it was ended because of an
   * interrupt or because another one failed.
   */
  | {
      readonly type: "build-ended";
      readonly derivation: string;
      readonly outcome: "built" | "valid" | "failed" | "stopped";
      readonly seconds: number;
    }
  /** `done` of `total` bytes are through, `total` being absent where it is not known. */
  | {
      readonly type: "progress";
      readonly what: string;
      readonly done: number;
      readonly total?: number | undefined;
    };

/** Takes an event. It must not throw and must not keep the caller waiting. */
export type Emit = (event: Event) => void;
