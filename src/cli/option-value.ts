import { CleaveError } from "../base/index.ts";

/** Read the value of an option; a coded error of the reader becomes `cli-usage`, in its words. */
export function readValue<T>(option: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof CleaveError)) throw error;
    throw new CleaveError({
      code: "cli-usage",
      message: `--${option}: ${error.message}`,
      hint: error.hint,
    });
  }
}
