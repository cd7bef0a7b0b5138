/**
 * cleave: what recipes and tools import.
 */
export { CleaveError, type ErrorCode, type Location } from "./base/index.ts";
