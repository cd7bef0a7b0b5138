/**
 * base: the error class, byte strings and their order, events.
 * Imports no other room.
 */
export { codes, type ErrorCode } from "./codes.ts";
export { CleaveError, describeError, describeLocation, type Location } from "./error.ts";
export type { Emit, Event } from "./event.ts";
export { fileError } from "./file-error.ts";
export { type Json, writeJson } from "./json.ts";
export { nearest } from "./nearest.ts";
export { isCheckout, ownModule, projectFile } from "./project.ts";
export { quote } from "./quote.ts";
export { compareText, decodeText, encodeText } from "./text.ts";
