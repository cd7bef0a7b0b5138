/** What is left of a folder in a walk, in pieces that can be walked apart from each other. Plain data. */
import { describePath } from "./descent.ts";
import { type Folder, kindFolder, type Walk } from "./walk.ts";

export type WalkPart = {
  /** The path of the folder for messages, and raw for system calls, with its steps (`descent.ts`). */
  readonly root: string;
  readonly path: string;
  readonly steps: number;
  /** The entries that are left. */
  readonly names: readonly string[];
  readonly kinds: readonly number[];
  /** Where in them each piece begins. */
  readonly starts: readonly number[];
};

/** How many entries that are no folders make a piece; a folder is one by itself. */
const entriesOfPiece = 32;

/**
 * Take the rest of a folder out of a walk, the outermost open folder where enough is left to share; the walk
 * goes on as if it were done. It must not leave the folder before the part is done.
 */
export function takePart(walk: Walk, least: number): { part: WalkPart; depth: number } | undefined {
  const index = walk.folders.findIndex(({ kinds, names, next }) => {
    const folders = kinds.slice(next).filter((kind) => kind === kindFolder).length;
    return folders + (names.length - next - folders) / entriesOfPiece >= least;
  });
  const folder = walk.folders[index];
  const { descent } = walk;
  if (folder === undefined || descent === undefined) return undefined;
  const { path, steps } = descent.above[index] ?? descent;
  const names = folder.names.slice(folder.next);
  const kinds = folder.kinds.slice(folder.next);
  folder.next = folder.names.length;
  const starts: number[] = [];
  kinds.forEach((kind, at) => {
    const start = starts.at(-1);
    if (
      start === undefined ||
      kind === kindFolder ||
      kinds[at - 1] === kindFolder ||
      at - start >= entriesOfPiece
    )
      starts.push(at);
  });
  const root = describePath(
    walk.root,
    walk.folders.slice(0, index + 1).map(({ name }) => name),
  );
  return { part: { root, path, steps, names, kinds, starts }, depth: index + 1 };
}

export function piecesOf({ starts }: WalkPart): number {
  return starts.length;
}

/** Begin to walk one piece: its entries, without the beginning and the end of the folder. */
export function pieceOf({ root, path, steps, names, kinds, starts }: WalkPart, piece: number): Walk {
  const from = starts[piece] ?? names.length;
  const to = starts[piece + 1] ?? names.length;
  const folder: Folder = { name: "", names: names.slice(from, to), kinds: kinds.slice(from, to), next: 0 };
  return {
    root,
    stage: "part",
    folders: [folder],
    descent: { path, steps, above: [], opened: [undefined] },
    file: undefined,
    nodes: 1,
  };
}
