/** check: the new make builds itself once more, and carries out a makefile of what makes are used for. */
import { definePhase } from "cleave/phase";

/** What the phase reads. */
export type CheckData = { readonly shell: string; readonly flags: readonly string[] };

const makefile = `.SECONDEXPANSION:
names := b a c b
all: sorted.txt pattern.o $$(wildcard *.in); @echo all: $(words $^)
sorted.txt: ; echo $(sort $(names)) > $@
%.o: %.src | folder ; cp $< $@
folder: ; mkdir $@
define twice
$(1)$(1)
endef
$(if $(findstring abab,$(call twice,ab)),,$(error call))
$(foreach name,$(sort $(names)),$(eval value_$(name) := $(words $(filter $(name),$(names)))))
fail: ; @exit 3
show: ; @echo $(value_a) $(value_b) $(patsubst %.c,%.o,x.c y.c) $(shell echo shell) $(MAKELEVEL)
`;

export default definePhase<CheckData>(async (phase) => {
  const { shell, flags } = phase.data;
  const env = { PATH: phase.path(), TMPDIR: phase.temporaryDirectory };
  const make = `${phase.workDirectory}/make`;
  phase.copy("make", `${phase.temporaryDirectory}/make`);
  await phase.exec(
    [
      `${phase.temporaryDirectory}/make`,
      "-B",
      `-j${phase.cores}`,
      "-f",
      "Basic.mk",
      `SHELL=${shell}`,
      ...flags,
    ],
    { env, stdout: "discard" },
  );
  if (!equal(phase.readBytes("make"), phase.readBytes(`${phase.temporaryDirectory}/make`)))
    phase.fail("make built by itself is not the same");

  const folder = `${phase.temporaryDirectory}/project`;
  phase.write(`${folder}/Makefile`, makefile);
  phase.write(`${folder}/pattern.src`, "pattern\n");
  phase.write(`${folder}/one.in`, "");
  const run = async (target: string, codes: readonly number[] = [0]) =>
    (
      await phase.exec([make, "-j4", "-s", `SHELL=${shell}`, target], {
        cwd: folder,
        env,
        check: codes,
        stdout: "capture",
      })
    ).stdout.trim();
  const said = [await run("all"), await run("show"), await run("fail", [2]), await run("sorted.txt")];
  const wanted = ["all: 3", "1 2 x.o y.o shell 0", "", ""];
  if (said.join("\n") !== wanted.join("\n"))
    phase.fail(`make said ${JSON.stringify(said)}, and not ${JSON.stringify(wanted)}`);
  if (phase.read(`${folder}/sorted.txt`) !== "a b c\n") phase.fail("sorted.txt is not sorted");
  phase.log("make builds itself, and a small project");
});

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
