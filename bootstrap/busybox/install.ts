/** install: busybox, and a link to it for every applet. */
import { definePhase } from "cleave/phase";

export default definePhase(async (phase) => {
  const folder = `${phase.output()}/bin`;
  phase.copy("busybox", `${folder}/busybox`);
  const { stdout } = await phase.exec([`${folder}/busybox`, "--list"], { stdout: "capture" });
  for (const applet of stdout.trim().split("\n"))
    if (applet !== "busybox") phase.symlink("busybox", `${folder}/${applet}`);
});
