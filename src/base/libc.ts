/**
 * Functions of libc, which Node has no other way to. Not part of the room's index: few commands call one.
 *
 * Called through `node:ffi`, which the pinned Node has without an option; loading it takes a millisecond.
 */
import type { FunctionDefinitions } from "node:ffi";
import { getSystemErrorMap } from "node:util";

/** Name functions of libc, and have them, with `errno` and `node:ffi` itself, loaded when they are first asked for. */
export function libcWith<const F extends FunctionDefinitions>(definitions: F) {
  let loaded: ReturnType<typeof load<F>> | undefined;
  return () => {
    loaded ??= load(definitions);
    return loaded;
  };
}

function load<const F extends FunctionDefinitions>(definitions: F) {
  // Node warns, once, that the module is experimental. The version is pinned, so that tells a user nothing.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    const ffi = process.getBuiltinModule("node:ffi");
    const { functions } = ffi.dlopen(null, definitions);
    const own = ffi.dlopen(null, { __errno_location: { arguments: [], return: "pointer" } });
    const place = own.functions.__errno_location();
    return { ...functions, ffi, errno: () => ffi.getInt32(place, 0) };
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Name an errno: `ENOENT`. */
export function errnoName(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;
}

/** Say what an errno means, as Node words it. */
export function describeErrno(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? `errno ${errno}`;
}
