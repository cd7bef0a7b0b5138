import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Served = {
  /** Where it is, ending in `/`. */
  readonly url: string;
  /** The requests so far, each as `path` or `path range`. */
  readonly requests: string[];
} & AsyncDisposable;

/** How one request is answered. */
export type Step = (request: IncomingMessage, response: ServerResponse) => void;

/** Serve on loopback: the steps in turn, the last one for all that follow. */
export async function serve(...steps: readonly Step[]): Promise<Served> {
  const requests: string[] = [];
  return await listen(requests, (request, response) => {
    const step = steps[Math.min(requests.length, steps.length - 1)];
    requests.push([request.url, request.headers.range].filter((part) => part !== undefined).join(" "));
    step?.(request, response);
  });
}

async function listen(requests: string[], listener: RequestListener): Promise<Served> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answer with the whole body. */
export function whole(body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Step {
  return (_, response) => {
    response.writeHead(200, { "content-length": `${body.length}`, ...headers }).end(body);
  };
}

/**
 * Promise the whole body, send the first `count` bytes, and break the connection: at once, so that the client
 * may have seen fewer of them, or when `seen` settles.
 */
export function broken(
  body: Uint8Array,
  count: number,
  headers: Readonly<Record<string, string>> = {},
  seen: Promise<unknown> = Promise.resolve(),
): Step {
  return (_, response) => {
    response.writeHead(200, { "content-length": `${body.length}`, ...headers });
    response.write(body.subarray(0, count), () => void seen.then(() => response.socket?.destroy()));
  };
}

/** Answer a range with the rest of the body, if `If-Range` names the version, else with all of it. */
export function ranged(body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Step {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? Number.NaN);
    const wanted = request.headers["if-range"];
    if (Number.isNaN(from) || (wanted !== undefined && !Object.values(headers).includes(`${wanted}`))) {
      whole(body, headers)(request, response);
      return;
    }
    response
      .writeHead(206, {
        "content-length": `${body.length - from}`,
        "content-range": `bytes ${from}-${body.length - 1}/${body.length}`,
        ...headers,
      })
      .end(body.subarray(from));
  };
}

/** Answer with a status and no file. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Step {
  return (_, response) => {
    response.writeHead(code, headers).end("no file\n");
  };
}

/** Redirect. */
export function redirect(location: string): Step {
  return status(302, { location });
}
