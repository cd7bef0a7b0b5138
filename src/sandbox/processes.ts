import { readdirSync, readFileSync } from "node:fs";

/** List the living children of a process of this pid namespace; zombies are not among them. */
export function childrenOf(pid: number): number[] {
  return (
    listed(pid) ??
    readdirSync("/proc")
      .map(Number)
      .filter((each) => parentOf(each) === pid)
  );
}

/** The kernel's own list, where it has one (CONFIG_PROC_CHILDREN). */
function listed(pid: number): number[] | undefined {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
    return children.filter((child) => parentOf(child) === pid);
  } catch {
    return undefined;
  }
}

/** The parent of a process that lives. */
function parentOf(pid: number): number | undefined {
  if (!Number.isInteger(pid)) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name stands in parentheses and can hold any character.
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
