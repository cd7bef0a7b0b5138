import { closeSync, mkdirSync, openSync, symlinkSync, writeSync } from "node:fs";
import {
  type Descent,
  endDescent,
  enterFolder,
  leaveFolder,
  pathIn,
  startDescent,
  systemPath,
  toRaw,
} from "./descent.ts";
import type { NarEvent } from "./format.ts";

/** Makes the tree that the events of a NAR tell. */
export type TreeWriter = {
  /** Take the next event of a parser. Throws what the system says. */
  readonly write: (event: NarEvent) => void;
  /** Give the raw names (`descent.ts`) on the way to what is written now. */
  readonly way: () => readonly string[];
  /** Close what is open; to be called in any case, whole or not. Takes nothing away. */
  readonly close: () => void;
};

/** What files, folders and symlinks are like. */
export type TreeForm = {
  /** The modes that they are made with, less the umask. */
  readonly fileMode: number;
  readonly executableMode: number;
  readonly folderMode: number;
  /** Told of each that is whole: of a file by its number while it is open, with its mode, of others by their path. */
  readonly endFile?: (fd: number, mode: number) => void;
  readonly endFolder?: (path: string | Buffer) => void;
  readonly endSymlink?: (path: string | Buffer) => void;
};

/** Files 0666, or 0777 if they are executable, and folders 0777, less the umask. */
const plainForm: TreeForm = { fileMode: 0o666, executableMode: 0o777, folderMode: 0o777 };

/**
 * Make a tree at a path, a byte string, where nothing is yet.
 *
 * Nothing is written outside: a parser gives names that are one step down and never twice in a folder, so that
 * every step goes into a folder that was made here, and files are made only where nothing is.
 */
export function treeWriter(path: string, form: TreeForm = plainForm): TreeWriter {
  const { fileMode, executableMode, folderMode, endFile, endFolder, endSymlink } = form;
  const root = systemPath(toRaw(path));
  let descent: Descent | undefined;
  /** The raw names of the open folders below the root, and of the entry that is made. */
  const names: string[] = [];
  let name = "";
  let file: { readonly fd: number; readonly mode: number; remaining: number } | undefined;
  const here = () => (descent === undefined ? root : pathIn(descent, name));

  function closeFile(): void {
    if (file === undefined) return;
    const { fd } = file;
    file = undefined;
    closeSync(fd);
  }

  function finishFile({ fd, mode }: { readonly fd: number; readonly mode: number }): void {
    endFile?.(fd, mode);
    closeFile();
  }

  return {
    write: (event) => {
      switch (event.type) {
        case "directory":
          mkdirSync(here(), folderMode);
          if (descent === undefined) descent = startDescent(toRaw(path));
          else {
            enterFolder(descent, name);
            names.push(name);
          }
          name = "";
          return;
        case "entry":
          name = event.name.toString("latin1");
          return;
        case "end": {
          name = names.pop() ?? "";
          const isRoot = descent === undefined || name === "";
          if (descent !== undefined && !isRoot) leaveFolder(descent);
          endFolder?.(isRoot ? root : here());
          return;
        }
        case "regular": {
          const mode = event.executable ? executableMode : fileMode;
          // "wx" takes nothing that exists, nor a symlink to nowhere.
          file = { fd: openSync(here(), "wx", mode), mode, remaining: event.size };
          if (event.size === 0) finishFile(file);
          return;
        }
        case "contents": {
          if (file === undefined) throw new Error("contents came without their file");
          for (let at = 0; at < event.bytes.length; )
            at += writeSync(file.fd, event.bytes, at, event.bytes.length - at);
          file.remaining -= event.bytes.length;
          if (file.remaining === 0) finishFile(file);
          return;
        }
        case "symlink": {
          const link = here();
          symlinkSync(event.target, link);
          endSymlink?.(link);
          return;
        }
      }
    },
    way: () => [...names, name],
    close: () => {
      closeFile();
      if (descent !== undefined) endDescent(descent);
      descent = undefined;
    },
  };
}
