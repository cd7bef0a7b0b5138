/** Runs a builder that is part of cleave. It sees what it would in a sandbox: inputs, and the outputs to make. */
import { join } from "node:path";
import { CleaveError, type Emit, encodeText, quote } from "../base/index.ts";
import type { Fetcher } from "../fetch/index.ts";
import { baseName, isStorePath } from "../nix/index.ts";
import { makeView } from "../sandbox/index.ts";
import type { BuildContext } from "./build-derivation.ts";
import { isFixed, replacePlaceholders } from "./environment.ts";
import { type BuilderRun, inputsIn } from "./run-builder.ts";
import { afterSeconds } from "./timer.ts";

/** Say whether a derivation is built by a builder that is part of cleave. */
export function isBuiltin({ builder }: { readonly builder: string }): boolean {
  return builder.startsWith("builtin:");
}

/** Run a builtin builder. Throws `build-failed` with the reason as cause, `build-timeout`, `build-unsupported`. */
export async function runBuiltin(
  { node, inputs, folder, log }: BuilderRun,
  { store, fetcher, options: { timeout }, emit, signal }: BuildContext,
): Promise<void> {
  const { path, derivation, outputs } = node;
  const { builtins } = await import("./builtins/index.ts");
  const builtin = builtins.get(derivation.builder);
  if (builtin === undefined)
    throw new CleaveError({
      code: "build-unsupported",
      message: `${path} is built by ${quote(derivation.builder)}, which there is not`,
      hint: `there are ${[...builtins.keys()].join(", ")}`,
    });
  const replace = replacePlaceholders(outputs);
  const made: ReadonlySet<string> = new Set(outputs.values());
  const view = makeView({
    inputs: inputsIn(store, inputs),
    store: folder.store,
    build: folder.build,
  });
  const ownPath = (file: string): string => {
    const [, first = "", rest = ""] = /^(\/nix\/store\/[^/]+)(.*)$/s.exec(file) ?? [];
    if (isStorePath(first))
      return (inputs.has(first) ? store.realPath(first) : join(folder.store, baseName(first))) + rest;
    throw new Error(`${file} is not in the store`);
  };
  const limit = new AbortController();
  const callOff = timeout === undefined ? undefined : afterSeconds(timeout, () => limit.abort());
  const say: Emit = (event) => {
    if (event.type === "warning" || event.type === "note") log.write(encodeText(`${event.message}\n`));
    else emit(event);
  };
  try {
    await builtin({
      env: new Map([...derivation.env].map(([name, value]) => [name, replace(value)])),
      view,
      ownPath,
      realPath: (file) => {
        if (made.has(file)) return ownPath(file);
        const found = view(file);
        if (found.found) return found.host;
        throw new CleaveError({
          code: "builtin-variable",
          message: `the path ${quote(file)} is not there for the builder of ${path}: ${found.reason}${found.at === file ? "" : ` at ${quote(found.at)}`}`,
          hint: "it sees what a builder in a sandbox sees; make the store path an input of the derivation",
        });
      },
      fetcher: isFixed(derivation) ? await fetcher() : refusing(path),
      emit: say,
      signal: AbortSignal.any([signal, limit.signal]),
    });
  } catch (cause) {
    signal.throwIfAborted();
    if (limit.signal.aborted)
      throw new CleaveError({
        code: "build-timeout",
        message: `the builder of ${path} has run for ${timeout} s, and was ended`,
        hint: "raise --timeout, or mend the build",
      });
    if (!(cause instanceof CleaveError)) throw cause;
    throw new CleaveError({
      code: "build-failed",
      message: `the builder ${derivation.builder} of ${path} failed`,
      hint: cause.hint,
      cause,
    });
  } finally {
    callOff?.();
  }
}

function refusing(path: string): Fetcher {
  return {
    fetchUrl: async () => {
      throw new CleaveError({
        code: "build-bad-attribute",
        message: `${path} fetches something, and its output is not fixed`,
        hint: "give it an outputHash: only what is checked by its hash may come from outside",
      });
    },
  };
}
