/** What archives hold, whatever their format. Names and targets are byte strings, as the archive has them. */
export type Entry = {
  readonly name: string;
  /** Permission bits; the others are not of interest. */
  readonly mode: number;
  /** In seconds since 1970. */
  readonly time: number;
} & (
  | { readonly type: "file"; readonly body: AsyncIterable<Uint8Array> }
  | { readonly type: "folder" }
  | { readonly type: "symlink" | "hardlink"; readonly target: string }
);

/** How much an archive may unpack to. */
export type Limits = {
  /** Bytes of all files together. */
  readonly bytes: number;
  /** Files, folders and links. */
  readonly entries: number;
  /** Characters of all names and targets together, which are kept until all is unpacked. */
  readonly names: number;
};

/** 64 GiB, 5 million entries, and a hundred characters for each of these. */
export const defaultLimits: Limits = { bytes: 64 * 2 ** 30, entries: 5_000_000, names: 500_000_000 };
