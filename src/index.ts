/**
 * cleave: what recipes and tools import.
 *
 * Its declarations, and those of `cleave/modules`, need no types of Node: they take types of base from the files that
 * declare them, because byte strings, which `base/index.ts` exports too, are Node's buffers.
 */
export type { ErrorCode } from "./base/codes.ts";
export { CleaveError, type Location } from "./base/error.ts";
