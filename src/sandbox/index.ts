/**
 * sandbox: isolates one process, by system calls, bubblewrap or util-linux' unshare. It knows no derivations.
 * Imports base.
 */
export type { EngineFacts } from "./engine.ts";
export { openSandboxes } from "./open.ts";
export type { Sandboxed, Sandboxes } from "./sandboxes.ts";
export type { SandboxInput, SandboxSpec } from "./spec.ts";
export { storeView } from "./store-view.ts";
export { type Found, makeView } from "./view.ts";
