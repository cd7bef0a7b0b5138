import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileError } from "../base/index.ts";

/** Do work in a new folder of the system's place for temporary files, gone afterwards. Throws `file-failed`. */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "cleave-")).catch((error: unknown) => {
    throw fileError(error, "make a temporary folder", tmpdir());
  });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
