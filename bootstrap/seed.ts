/**
 * The seed: the Zig compiler, one static program that is a C compiler (clang), a linker (lld) and `ar`, and the sources that it
 * comes with, among them musl's. Both are npm packages, pinned by their integrity hashes. Nothing else that is prebuilt is ever
 * run by a build; and once `bootstrap.cc` is there, only that needs the compiler, and nothing the sources.
 */
import { fetchTarball } from "cleave/package";

/** The version of both. */
export const zigVersion = "0.16.0";

function fetchZig(name: string, npmName: string, hash: string) {
  return fetchTarball({
    name: `${name}-${zigVersion}`,
    urls: [`mirror://npm/@zigc/${npmName}/-/${npmName}-${zigVersion}.tgz`],
    hash,
  });
}

/** The program, `bin/zig`, for x86_64-linux. */
export const zig = fetchZig(
  "zig",
  "linux-x64",
  "sha512-zVSGKmIZb5w+ot3eDdoF7GzvICN1e6mwGIAgavDiQR0stXnJu9UgOMppcIKqP5fG5ecsH6jsIf9rThd3ZI/dlQ==",
);

/** What it reads: headers and sources for every platform that it compiles for. */
export const zigLibrary = fetchZig(
  "zig-lib",
  "lib",
  "sha512-btxgqPJy93rwlcypaMHLLGjvtj/t1km+KUKjlCCxKV+UpayeI1v6ybXt4/jFI3ufDKoLe9GLKTpsX8bavMEygA==",
);

/** The environment that `zig cc` wants: its sources, and caches, which are lost after the build. */
export const zigEnvironment = {
  ZIG_LIB_DIR: zigLibrary.path,
  ZIG_GLOBAL_CACHE_DIR: "/build/zig-global-cache",
  ZIG_LOCAL_CACHE_DIR: "/build/zig-local-cache",
  TMPDIR: "/build",
};
