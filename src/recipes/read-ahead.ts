/**
 * Reads recipes in a second thread before the evaluation comes to them.
 *
 * It is only quicker: what it has not got when a file is wanted, or does not get, is read then.
 */
import { availableParallelism } from "node:os";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { startThread } from "../base/thread.ts";
import type { Content } from "./files.ts";
import type { Ahead } from "./translate.ts";

/** What the thread works on, and where it sends what it has. */
export type Request = {
  readonly files: readonly string[];
  readonly port: MessagePort;
  /** Shared: not 0 from when something was sent. */
  readonly hasSent: Int32Array;
};

/** A file, and what it is translated to. */
export type FileAhead = { readonly file: string; readonly content: Content; readonly translation: Ahead };

/** Fewer files are done before the thread has started. */
const fewest = 100;

/** How long the first of them is waited for, in milliseconds: to load what translates it takes this thread as long. */
const patience = 50;

export class ReadAhead {
  readonly #port: MessagePort;
  readonly #hasSent = new Int32Array(new SharedArrayBuffer(4));
  #isWaiting: boolean;
  readonly #files = new Map<string, FileAhead>();
  readonly #translations = new WeakMap<Uint8Array, Ahead>();

  private constructor(files: readonly string[], isWaiting: boolean) {
    this.#isWaiting = isWaiting;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const request: Request = { files, port: port2, hasSent: this.#hasSent };
    const worker = startThread("recipes/read-ahead-worker.ts", {
      workerData: request,
      transferList: [port2],
    });
    // Where it fails, everything is read here.
    worker.on("error", () => {});
    worker.unref();
    port1.unref();
  }

  /**
   * Start on some files, in the order in which they will be wanted; not where that would not be quicker. `isWaiting` says that this
   * thread has not loaded what translates them.
   */
  static start(files: readonly string[], isWaiting: boolean): ReadAhead | undefined {
    return files.length < fewest || availableParallelism() < 2 ? undefined : new ReadAhead(files, isWaiting);
  }

  /** Take a file, if it was read by now. */
  take(file: string): Content | undefined {
    if (this.#isWaiting) Atomics.wait(this.#hasSent, 0, 0, patience);
    this.#isWaiting = false;
    let found = this.#files.get(file);
    while (found === undefined) {
      const sent: { message: readonly FileAhead[] } | undefined = receiveMessageOnPort(this.#port);
      if (sent === undefined) return undefined;
      for (const each of sent.message) this.#files.set(each.file, each);
      found = this.#files.get(file);
    }
    this.#files.delete(file);
    this.#translations.set(found.content.content, found.translation);
    return found.content;
  }

  /** Get the translation of what was taken. */
  translationOf(content: Uint8Array): Ahead | undefined {
    return this.#translations.get(content);
  }
}
