import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { repository } from "./cleave.ts";

/** Serve the packages of this checkout's `node_modules`, as an npm registry on loopback. */
export async function serveRegistry(): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const [, name = "", tarball] =
      /^\/((?:@[^/]+\/)?[^/]+)(\/-\/.*)?$/.exec(decodeURIComponent(request.url ?? "")) ?? [];
    const folder = join(repository, "node_modules", name);
    let manifest: { version: string };
    try {
      manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    } catch {
      response.writeHead(404, { "content-type": "application/json" }).end("{}");
      return;
    }
    const { version } = manifest;
    if (tarball === undefined) {
      const dist = { tarball: `http://${request.headers.host}/${name}/-/${version}.tgz` };
      const packument = {
        name,
        "dist-tags": { latest: version },
        versions: { [version]: { ...manifest, dist } },
      };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(packument));
      return;
    }
    response.writeHead(200, { "content-type": "application/octet-stream" });
    const tar = spawn("tar", ["--create", "--exclude=./node_modules", "--transform=s,^[.],package,", "."], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    tar.stdout.pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
