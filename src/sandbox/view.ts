/**
 * Finds on the host what a path in the sandbox will be, before the sandbox is there.
 *
 * Symlinks are followed as the process will see them: an absolute one starts at the sandbox's root.
 */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { decodeText, encodeText } from "../base/index.ts";
import { inputName, type SandboxSpec } from "./spec.ts";

export type Found =
  | { readonly found: true; readonly host: string; readonly status: Stats }
  /** `at` is the first part of the path that is not there. */
  | { readonly found: false; readonly at: string; readonly reason: string };

/** As many symlinks as Linux follows (MAXSYMLINKS). */
const mostLinks = 40;

/** What of a sandbox has to be known. */
type Visible = Pick<SandboxSpec, "inputs" | "store" | "build" | "shell">;

/** Make the function that finds what is at a path inside, with all symlinks followed. */
export function makeView(spec: Visible): (inside: string) => Found {
  const inputs = new Map(spec.inputs.map((input) => [inputName(input), input.host]));
  return (inside) => {
    let todo = parts(inside);
    let done: string[] = [];
    let status: Stats | undefined;
    for (let links = 0; todo.length > 0; ) {
      const name = todo[0] ?? "";
      todo = todo.slice(1);
      if (name === "..") {
        done = done.slice(0, -1);
        continue;
      }
      const here = [...done, name];
      const at = `/${here.join("/")}`;
      const host = hostPath(spec, inputs, here);
      if (host === undefined) {
        if (isAbove(here) && todo.length > 0) {
          done = here;
          continue;
        }
        return { found: false, at, reason: "the sandbox has no such path" };
      }
      try {
        status = lstatSync(encodeText(host));
        if (status.isSymbolicLink()) {
          links += 1;
          if (links > mostLinks) return { found: false, at, reason: "too many symlinks" };
          const target = decodeText(readlinkSync(encodeText(host), { encoding: "buffer" }));
          todo = [...parts(target), ...todo];
          if (target.startsWith("/")) done = [];
          continue;
        }
      } catch (error) {
        return { found: false, at, reason: error instanceof Error ? error.message : String(error) };
      }
      if (todo.length > 0 && !status.isDirectory()) return { found: false, at, reason: "it is not a folder" };
      done = here;
    }
    const host = hostPath(spec, inputs, done);
    if (host === undefined)
      return { found: false, at: `/${done.join("/")}`, reason: "the sandbox has no such path" };
    return { found: true, host, status: lstatSync(encodeText(host)) };
  };
}

function parts(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function isAbove(here: readonly string[]): boolean {
  return here.length === 1 && (here[0] === "nix" || here[0] === "bin");
}

function hostPath(
  spec: Visible,
  inputs: ReadonlyMap<string, string>,
  inside: readonly string[],
): string | undefined {
  const [first, second, third, ...rest] = inside;
  if (first === "build") return [spec.build, ...inside.slice(1)].join("/");
  if (first === "bin" && second === "sh" && third === undefined) return spec.shell;
  if (first !== "nix" || second !== "store") return undefined;
  if (third === undefined) return spec.store;
  return [inputs.get(third) ?? `${spec.store}/${third}`, ...rest].join("/");
}
