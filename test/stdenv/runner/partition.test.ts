/** Partition law, on phases that leave what they should not: joined and cut anywhere, outputs have the same bytes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { engines } from "../../sandbox/engines.ts";
import { needsTools } from "../../support/bootstrapped.ts";
import { needsBusybox } from "../../support/sandbox.ts";
import { openRunnerRig, readOutput, type TestPhase } from "./rig.ts";

const options = needsTools.skip === false ? needsBusybox : needsTools;

/** Lists all that a phase can see of what others have left, into the file that its argument names. */
const look = `
look() {
  { echo "== tree"; find . | sort | while read -r each; do [ -d "$each" ] && stat -c '%n %F %a %Y %h' "$each" || stat -c '%n %F %a %Y %X %h %s' "$each"; done
    echo "== outputs"; for each in "$out" "$dev"; do
      [ -e "$each" ] && find "$each" | sort | while read -r each; do stat -c '%n %F %a %Y %h %s' "$each"; done; done
    echo "== links"; find . -links +1 -type f -exec stat -c '%i %n' {} + | sort | awk '{ if ($1 != last) { n += 1; last = $1 } print n, $2 }' | sort -k2
    echo "== elsewhere"; for each in / /tmp /dev/shm /etc /build; do echo "$each:"; ls -A "$each" | grep -v nix; stat -c '%a' "$each"; done
    stat -c '%n %Y' /tmp /dev/shm /build
    echo "== processes"; ps -o comm | grep -c sleep; env
    echo "== store"; ls /nix/store | grep -v -e '^[ds]*-leaky-1.0-state$' -e '[.]sh$' -e quickjs -e runner -e tools
  } >/build/tmp/seen 2>&1 || true
  sed 's/ 1[789][0-9]\\{8\\}/ now/g' /build/tmp/seen >"$1"
}
`;

const leaks = `
echo leaked >/tmp/leak; mkdir /tmp/closed; echo x >/tmp/closed/x; chmod 0 /tmp/closed; chmod 700 /tmp
echo leaked >/dev/shm/leak; mkfifo /dev/shm/pipe
for each in / /etc /dev /bin /nix /var; do echo leaked >$each/leak; done 2>/dev/null || true
echo leaked >/build/leak; ln -s /build/leak /build/link; mkdir /build/phase/more; echo 1 >/build/tmp/x; chmod 711 /build
mkdir /nix/store/leaked; echo x >/nix/store/leaked/x; chmod 0 /nix/store/leaked
export LEAK=1
sleep 1000 &
(setsid sleep 1000 &) &
(sleep 2; echo late >late) &
`;

const phases: readonly TestPhase[] = [
  {
    name: "unpack",
    result: { type: "object", properties: { made: { type: "array" } }, required: ["made"] },
    script: `${look}
mkdir -p src/deep/er "$out" "$dev/include" empty
echo one >src/one; echo two >src/two; cp src/one src/run; chmod 755 src/run
touch -d @315619200 src/old; touch -d @315619260 src/tomorrow; touch -d @1000 src/older; touch -d '2001-01-01 00:00:00' src/two
ln src/one src/again; ln src/one src/deep/er/third; ln -s one src/link; ln -s /nowhere/$(basename $out) src/gone; ln src/link src/link2
mkfifo src/pipe
touch "$(printf 'src/not\\377utf8')" "src/with blank" "$(printf 'src/new\\nline')"
chmod 0444 src/two; chmod 0000 src/old; mkdir closed; echo in >closed/file; chmod 0500 closed; mkdir shut; echo in >shut/file; chmod 0000 shut
echo "$out" >"$dev/include/path.h"; ln "$dev/include/path.h" "$out/path.h"; mkdir "$out/$(basename $dev)"; mkfifo "$out/pipe"
chmod 1777 empty; echo >umask; umask 077; echo >private
printf '{"made":[1,2.5,-0,"\\\\ud800",{"b":1,"a":2}],"2":1,"1":2}' >\${phase%phase.json}result.json
${leaks}
`,
  },
  {
    name: "configure",
    script: `${look}
look seen.configure
cat src/* >all 2>/dev/null || true
chmod 700 shut; echo more >shut/file; chmod 000 shut
chmod 644 src/one; echo changed >>src/deep/er/third
touch -d @315619260 src/one; mv "$(printf 'src/not\\377utf8')" "$(printf 'src/\\376')"
${leaks}`,
  },
  {
    name: "build",
    reads: ["unpack"],
    script: `${look}
look seen.build
sed 's/"cores":[0-9]*//' "$phase" >seen.phase
printf '#!%s/bin/sh\\n' "$out" >prog; mv src/deep src/moved; chmod 700 closed; rm -r closed; chmod 4755 prog 2>/dev/null || true
${leaks}`,
  },
  {
    name: "install",
    reads: ["unpack"],
    script: `${look}
look seen.install
mkdir -p "$out/seen" "$out/bin"; cp seen.* prog "$out/seen"; cp "$phase" "$out/seen/phase.install"
sed -i 's/"cores":3/"cores":0/' "$out/seen/phase.install"
chmod 700 shut; chmod 400 src/old; tar -c src shut empty -f "$out/tree.tar"; cp -a src "$out/src"
cp prog "$out/bin/prog"; chmod 755 "$out/bin/prog"; chmod 777 "$out"; ln -s "$dev/include" "$out/include"; chmod 0555 "$dev/include"
${leaks}`,
  },
];

/** What differs in the text: lines of one that the other has not. */
function differences(a: string, b: string): string[] {
  const lines = new Set(b.split("\n"));
  return a.split("\n").filter((line) => !lines.has(line));
}

for (const { engine, skip } of engines)
  test(`Partition law: leaky phases, all partitions, copied and handed on (${engine})`, {
    skip: options.skip || skip,
  }, async () => {
    await using rig = await openRunnerRig(engine);
    const outputs = ["out", "dev"];
    const joined = await rig.build(phases, [], { outputs });
    const seen = (of: typeof joined) =>
      ["configure", "build", "install", "phase"]
        .map((name) => readOutput(of.last, `seen/seen.${name}`))
        .join("\n");
    assert.doesNotMatch(seen(joined), /leak$/m);
    for (const cuts of [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]])
      for (const live of [false, true]) {
        const cut = await rig.build(phases, cuts, { outputs, live });
        assert.deepEqual(differences(seen(cut), seen(joined)), [], `cut after ${cuts}, live ${live}`);
        assert.deepEqual(cut.hashes, joined.hashes, `cut after ${cuts}, live ${live}`);
      }
  });
