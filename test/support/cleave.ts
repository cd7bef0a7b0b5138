import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const repository: string = fileURLToPath(new URL("../..", import.meta.url));

export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
};

/** Run the real `cleave`, in an environment of its own. */
export async function cleave(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { code, stdout, stderr } = await cleaveBytes(args, options);
  return { code, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** Run the real `cleave`; gives its outputs as bytes. */
export function cleaveBytes(
  args: readonly string[],
  { cwd = "/", env = {}, input }: RunOptions = {},
): Promise<{ readonly code: number; readonly stdout: Buffer; readonly stderr: Buffer }> {
  return new Promise((resolve, reject) => {
    const child = spawn(`${repository}cleave`, [...args], {
      cwd,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: "/nonexistent",
        NODE_COMPILE_CACHE: "/dev/shm/cleave-test-compile-cache",
        ...env,
      },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk) => stdout.push(chunk));
    child.stderr.on("data", (chunk) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }),
    );
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
