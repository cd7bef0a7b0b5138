/**
 * How a collector hears of roots that are added while it works:
 *
 *     request = store path "\n"          any number of them, on one connection
 *     answer  = "1"                      for each: it is a root now
 *
 * The collector answers only when it deletes nothing that the root needs, so that whoever has the answer can look
 * whether the path is valid and rely on it.
 */
import { chmodSync, closeSync, constants, mkdirSync, openSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { basename, dirname } from "node:path";
import { isForeignStorePath, type StorePath } from "../nix/index.ts";
import type { Layout } from "./layout.ts";

/** The longest path that a socket's address holds is 107 bytes. */
const longestAddress = 100;

/**
 * A way to tell collectors of roots. The connection stays open until the collector or we end: one of Nix 2.8 may die where
 * another leaves before it has taken note of it.
 */
export type CollectorClient = {
  /** Tell the collector that runs of roots, and wait. Says whether it has taken them all; `false` if there is none (any more). */
  readonly send: (paths: readonly StorePath[]) => Promise<boolean>;
  readonly close: () => void;
};

export function collectorClient({ collectorSocket }: Layout): CollectorClient {
  let socket: Socket | undefined;

  function open(): Socket {
    const address = addressOf(collectorSocket);
    const opened = connect(address.path);
    opened.on("error", () => {});
    opened.on("close", () => {
      address.close();
      if (socket === opened) socket = undefined;
    });
    return opened;
  }

  return {
    send: (paths) =>
      new Promise((resolve) => {
        try {
          socket ??= open();
        } catch {
          resolve(false);
          return;
        }
        const collector = socket;
        let answers = 0;
        const hear = (chunk: Buffer) => {
          answers += chunk.length;
          if (answers >= paths.length) settle(true);
        };
        const leave = () => settle(false);
        const settle = (taken: boolean) => {
          collector.off("data", hear).off("close", leave).unref();
          resolve(taken);
        };
        collector.ref().on("data", hear).on("close", leave);
        collector.write(paths.map((path) => `${path}\n`).join(""));
      }),
    close: () => socket?.end(),
  };
}

/** Take roots for as long as a collection goes on; `add` is called with each before it is answered. */
export async function receiveRoots(
  { collectorSocket }: Layout,
  add: (path: StorePath) => void,
): Promise<AsyncDisposable> {
  mkdirSync(dirname(collectorSocket), { recursive: true });
  // Of an earlier collection: the lock says that there is no other one now.
  rmSync(collectorSocket, { force: true });
  const address = addressOf(collectorSocket);
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    let rest = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (isForeignStorePath(line)) add(line);
      socket.write("1".repeat(lines.length));
    });
    socket.on("error", () => {});
    socket.on("close", () => clients.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.path, resolve);
  });
  chmodSync(collectorSocket, 0o666);
  return {
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
      address.close();
    },
  };
}

type Address = { readonly path: string; readonly close: () => void };

/** Name a socket in few bytes, through its open folder where its path is too long. */
function addressOf(socket: string): Address {
  if (Buffer.byteLength(socket) <= longestAddress) return { path: socket, close: () => {} };
  const folder = openSync(dirname(socket), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${folder}/${basename(socket)}`, close: () => closeSync(folder) };
}
