import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import {
  type Descent,
  endDescent,
  enterFolder,
  leaveFolder,
  type NarEvent,
  pathIn,
  startDescent,
  systemPath,
  toRaw,
} from "../nix/index.ts";
import { storeTime } from "./canonical.ts";

/** Makes the tree that the events of a NAR tell, in canonical form. */
export type StoreTreeWriter = {
  /** Take the next event of a parser. Throws what the system says. */
  readonly write: (event: NarEvent) => void;
  /** Close what is open; to be called in any case, whole or not. Takes nothing away. */
  readonly close: () => void;
};

/** Whether the umask takes something from the modes that a store has. */
const needsMode = (Number.parseInt(/^Umask:\s*([0-7]+)/m.exec(status())?.[1] ?? "777", 8) & 0o555) !== 0;

/**
 * Make a tree at a path, a byte string, where nothing is yet, as `canonical.ts` says; its attributes are those of
 * new files: none, unless the folder that it lies in gives some on.
 */
export function storeTreeWriter(path: string): StoreTreeWriter {
  const root = systemPath(toRaw(path));
  let descent: Descent | undefined;
  /** The raw names of the open folders below the root, and of the entry that is made. */
  const names: string[] = [];
  let name = "";
  let file: { readonly fd: number; readonly mode: number; remaining: number } | undefined;
  const here = () => (descent === undefined ? root : pathIn(descent, name));

  const endFile = ({ fd, mode }: { readonly fd: number; readonly mode: number }) => {
    file = undefined;
    try {
      if (needsMode) fchmodSync(fd, mode);
      futimesSync(fd, storeTime, storeTime);
    } finally {
      closeSync(fd);
    }
  };

  return {
    write: (event) => {
      switch (event.type) {
        case "directory":
          mkdirSync(here(), 0o700);
          if (descent === undefined) descent = startDescent(toRaw(path));
          else {
            enterFolder(descent, name);
            names.push(name);
          }
          return;
        case "entry":
          name = event.name.toString("latin1");
          return;
        case "end": {
          let folder = root;
          const last = names.pop();
          if (descent !== undefined && last !== undefined) {
            leaveFolder(descent);
            folder = pathIn(descent, last);
          }
          chmodSync(folder, 0o555);
          utimesSync(folder, storeTime, storeTime);
          return;
        }
        case "regular": {
          const mode = event.executable ? 0o555 : 0o444;
          // "wx" takes nothing that exists, nor a symlink to nowhere.
          file = { fd: openSync(here(), "wx", mode), mode, remaining: event.size };
          if (event.size === 0) endFile(file);
          return;
        }
        case "contents": {
          if (file === undefined) throw new Error("contents came without their file");
          for (let at = 0; at < event.bytes.length; )
            at += writeSync(file.fd, event.bytes, at, event.bytes.length - at);
          file.remaining -= event.bytes.length;
          if (file.remaining === 0) endFile(file);
          return;
        }
        case "symlink":
          symlinkSync(event.target, here());
          lutimesSync(here(), storeTime, storeTime);
          return;
      }
    },
    close: () => {
      if (file !== undefined) closeSync(file.fd);
      file = undefined;
      if (descent !== undefined) endDescent(descent);
      descent = undefined;
    },
  };
}

function status(): string {
  try {
    return readFileSync("/proc/self/status", "latin1");
  } catch {
    return "";
  }
}
