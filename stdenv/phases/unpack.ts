/** unpack: the source becomes the work tree, in which its owner may change everything. */
import { definePhase, type Phase } from "cleave/phase";

/** What the phase reads. */
export type UnpackData = {
  /** An archive, a folder, or one file; nothing where there is `null`. */
  readonly source: string | null;
  /**
   * The folder of the source that becomes the work tree: `.` for all of it. Where it is `null`, that is the only folder at the
   * top if there is nothing beside it, and all of it otherwise.
   */
  readonly sourceRoot: string | null;
};

/** What archives begin with: bytes as characters, and where they stand; and how tar is told of the compression, if it knows it. */
const kinds: readonly { name: string; at: number; bytes: string; flag?: string }[] = [
  { name: "gzip", at: 0, bytes: "\x1f\x8b", flag: "-z" },
  { name: "bzip2", at: 0, bytes: "BZh", flag: "-j" },
  { name: "xz", at: 0, bytes: "\xfd7zXZ\0", flag: "-J" },
  { name: "zstd", at: 0, bytes: "\x28\xb5\x2f\xfd" },
  { name: "lzip", at: 0, bytes: "LZIP" },
  { name: "zip", at: 0, bytes: "PK\x03\x04" },
  { name: "tar", at: 257, bytes: "ustar" },
];

export default definePhase<UnpackData>(async (phase) => {
  const { source, sourceRoot } = phase.data;
  if (source === null) return;
  const found = phase.status(source);
  if (found === null) return phase.fail(`the source ${source} does not exist`);
  const folder = `${phase.temporaryDirectory}/source`;
  if (found.type === "folder") phase.copyTree(source, folder);
  else {
    phase.makeFolder(folder);
    await unpackFile(phase, source, folder);
  }
  makeWritable(phase, folder);
  const root = findRoot(phase, folder, sourceRoot);
  for (const name of phase.list(root)) phase.move(`${root}/${name}`, `${phase.workDirectory}/${name}`);
  phase.remove(folder);
});

async function unpackFile(phase: Phase<UnpackData>, source: string, folder: string): Promise<void> {
  const start = phase.readStart(source, 512);
  const kind = kinds.find(({ at, bytes }) => start.startsWith(bytes, at));
  const tar = (file: string, ...flags: readonly string[]) =>
    phase.exec(["tar", "-x", "-o", ...flags, "-f", file], { cwd: folder });
  if (kind === undefined) phase.copy(source, `${folder}/${phase.storeName(source)}`);
  else if (kind.name === "zip") await phase.exec(["unzip", "-q", source], { cwd: folder });
  else if (kind.name === "zstd" || kind.name === "lzip") {
    const file = `${phase.temporaryDirectory}/source.tar`;
    await phase.exec([kind.name, "-d", "-c"], { stdin: { file: source }, stdout: { file } });
    await tar(file);
    phase.remove(file);
  } else await tar(source, ...(kind.flag === undefined ? [] : [kind.flag]));
}

/** Give all files one of the two modes that a store knows, and their owner the right to write. */
function makeWritable(phase: Phase<UnpackData>, folder: string): void {
  phase.setMode(folder, 0o755);
  // Folders come before what is in them, so that those that could not be entered can be.
  for (const { path, status } of phase.walk(folder))
    if (status.type === "folder") phase.setMode(path, 0o755);
    else if (status.type === "file") phase.setMode(path, status.mode & 0o100 ? 0o755 : 0o644);
}

function findRoot(phase: Phase<UnpackData>, folder: string, sourceRoot: string | null): string {
  const names = phase.list(folder);
  if (sourceRoot === null) {
    const [only] = names;
    const single =
      names.length === 1 && only !== undefined && phase.status(`${folder}/${only}`)?.type === "folder";
    return single ? `${folder}/${only}` : folder;
  }
  const root = sourceRoot === "." ? folder : `${folder}/${sourceRoot}`;
  if (phase.status(root)?.type !== "folder")
    phase.fail(
      `the source has no folder ${sourceRoot}; at its top are: ${names.join(", ")}`,
      "mend sourceRoot, or leave it out",
    );
  return root;
}
