/**
 * fetch: what comes from outside, checked by hash: URLs, mirrors, archives.
 * Imports base and nix. What it reads of the machine's configuration goes through `Machine`.
 */
export { type Builtin, type BuiltinJob, builtins } from "./builtin.ts";
export {
  type Fetched,
  type Fetcher,
  type FetcherOptions,
  type FetchRequest,
  makeFetcher,
} from "./fetch-url.ts";
export { type Machine, thisMachine } from "./machine.ts";
export { type Unpacked, type UnpackRequest, unpack, unpackChannel } from "./unpack.ts";
